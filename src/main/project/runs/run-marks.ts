import type { RunKey, RunMarks } from '../../../contract/documents/history'
import { WorkbenchError } from '../../../contract/model/problem'
import { RUN_MARKS } from '../documents/stored-documents'

/** Tells a run from all others of its pair. */
export const runKey = ({ kind, id }: RunKey): string => `${kind} ${id}`

/** What the user has said of a pair's runs. */
export interface StoredMarks {
  /** By `runKey`. */
  marks: ReadonlyMap<string, RunMarks>
  /** Why they could not be read, and so must not be written over; null when they could. */
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
