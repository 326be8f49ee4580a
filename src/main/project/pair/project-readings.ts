import type { ChecksumsDocument } from '../../../contract/documents/checksums'
import type { DistancesDocument } from '../../../contract/documents/distances'
import type { CheckpointIdentity } from '../../../contract/documents/pair'
import type { RunChange } from '../../base/files/serial-queue'
import { withFallback } from '../../base/files/with-fallback'
import type { DocumentFolder } from '../documents/document-store'
import { CHECKSUMS, checksumKeys, DISTANCES, distanceKeys, readingId } from '../documents/stored-documents'

/** Stored layer distances and checksums, which need a reading of all weights. All pairs of the project share them. */
export class ProjectReadings {
  constructor(
    private readonly folder: string,
    private readonly change: RunChange
  ) {}

  /** Returns the stored distances of two checkpoints, by their fingerprints; null if none can be read. */
  distances(base: string, post: string): Promise<DistancesDocument | null> {
    return this.read(DISTANCES, [base, post], distanceKeys)
  }

  /** Returns the newest stored distances that fulfil a condition; null if none can be read. */
  async newestDistances(isWanted: (distances: DistancesDocument) => boolean): Promise<DistancesDocument | null> {
    const { documents } = await DISTANCES.list(this.folder)
    const sorted = documents.filter(isWanted).toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
    return sorted[0] ?? null
  }

  async saveDistances(distances: DistancesDocument): Promise<void> {
    await this.change(() => DISTANCES.write(this.folder, distances))
  }

  /** Returns the stored checksums of a checkpoint's files; null if none can be read. */
  checksums(checkpoint: CheckpointIdentity): Promise<ChecksumsDocument | null> {
    return this.read(CHECKSUMS, checksumKeys(checkpoint), checksumKeys)
  }

  async saveChecksums(checksums: ChecksumsDocument): Promise<void> {
    await this.change(() => CHECKSUMS.write(this.folder, checksums))
  }

  /**
   * Reads a document. Returns null if it is missing, broken, a symbolic link or written by a newer program, because its
   * values can be computed again.
   */
  private async read<T>(
    kind: DocumentFolder<T>,
    keys: readonly string[],
    keysOf: (document: T) => readonly string[]
  ): Promise<T | null> {
    const document = await withFallback(() => kind.readIfAny(this.folder, readingId(keys)), null)
    // The id has only the first digits of the keys, so it may be the id of another document.
    return document !== null && keysOf(document).join() === keys.join() ? document : null
  }
}
