import type { ChecksumsDocument } from '../../../contract/documents/checksums'
import type { DistancesDocument } from '../../../contract/documents/distances'
import type { CheckpointIdentity } from '../../../contract/documents/pair'
import { WorkbenchError } from '../../../contract/model/problem'
import type { DocumentFolder } from './document-store'
import { CHECKSUMS, checksumKeys, DISTANCES, distanceKeys, readingId } from './stored-documents'

/** The distances of exactly these checkpoints; null when they are not stored, or not readable any more. */
export function readDistances(folder: string, base: string, post: string): Promise<DistancesDocument | null> {
  return readReading(folder, DISTANCES, [base, post], distanceKeys)
}

/** The distances that suit and were stored last; null when there are none that can be read. */
export async function readNewestDistances(
  folder: string,
  suits: (distances: DistancesDocument) => boolean
): Promise<DistancesDocument | null> {
  const { entries } = await DISTANCES.list(folder, (document) => document)
  const [newest] = entries.filter(suits).toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
  return newest ?? null
}

/** The checksums of exactly these files; null when they are not stored, or not readable any more. */
export function readChecksums(
  folder: string,
  checkpoint: CheckpointIdentity
): Promise<ChecksumsDocument | null> {
  return readReading(folder, CHECKSUMS, checksumKeys(checkpoint), checksumKeys)
}

/** One that is broken, a link or of a newer program is as good as none: it is computed again. */
async function readReading<T>(
  folder: string,
  kind: DocumentFolder<T>,
  keys: readonly string[],
  keysOf: (document: T) => readonly string[]
): Promise<T | null> {
  try {
    const document = await kind.readIfAny(folder, readingId(keys))
    return document !== null && keysOf(document).join() === keys.join() ? document : null
  } catch (error) {
    if (error instanceof WorkbenchError) return null
    throw error
  }
}
