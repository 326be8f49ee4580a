import type { RunKey, RunMarks } from '../../../contract/documents/history'
import { WorkbenchError } from '../../../contract/model/problem'
import { RUN_MARKS } from '../documents/stored-documents'

/** Returns a key that is unique among the runs of a pair. */
export const runKey = ({ kind, id }: RunKey): string => `${kind} ${id}`

export interface StoredMarks {
  /** Key: see `runKey`. */
  marks: ReadonlyMap<string, RunMarks>
  /** Error of reading them, which forbids replacing them; null without an error. */
  unread: string | null
}

export async function readMarks(folder: string): Promise<StoredMarks> {
  try {
    const stored = await RUN_MARKS.read(folder)
    const runs = stored === null ? [] : stored.runs
    return { marks: new Map(runs.map(({ kind, id, ...pair }) => [runKey({ kind, id }), pair])), unread: null }
  } catch (error) {
    if (error instanceof WorkbenchError) return { marks: new Map(), unread: error.message }
    throw error
  }
}
