import type { RunKey, RunAnnotations } from '../../../contract/documents/history'
import { WorkbenchError } from '../../../contract/model/problem'
import { RUN_ANNOTATIONS } from '../documents/stored-documents'

/** Returns a key that is unique among the runs of a pair. */
export const runKey = ({ kind, id }: RunKey): string => `${kind} ${id}`

export interface StoredAnnotations {
  /** Annotations by {@link runKey}. */
  annotations: ReadonlyMap<string, RunAnnotations>
  /** Error if the stored annotations could not be read. They are then not replaced. Null without an error. */
  unread: string | null
}

export async function readAnnotations(folder: string): Promise<StoredAnnotations> {
  try {
    const stored = await RUN_ANNOTATIONS.read(folder)
    const runs = stored === null ? [] : stored.runs
    return {
      annotations: new Map(runs.map(({ kind, id, ...annotations }) => [runKey({ kind, id }), annotations])),
      unread: null
    }
  } catch (error) {
    if (error instanceof WorkbenchError) return { annotations: new Map(), unread: error.message }
    throw error
  }
}
