import type { ChecksumsDocument } from '../../../contract/documents/checksums'
import type { DistancesDocument } from '../../../contract/documents/distances'
import type { CheckpointIdentity } from '../../../contract/documents/pair'
import type { RunChange } from '../../base/files/serial-queue'
import { readChecksums, readDistances, readNewestDistances } from '../documents/reading-files'
import { CHECKSUMS, DISTANCES } from '../documents/stored-documents'

/** What was found out by reading whole checkpoints. It is kept by the checkpoints, whichever pair of the project they are in. */
export class ProjectReadings {
  constructor(
    private readonly folder: string,
    private readonly change: RunChange
  ) {}

  /** Of exactly these checkpoints, by their fingerprints; null when none are stored. */
  distances(base: string, post: string): Promise<DistancesDocument | null> {
    return readDistances(this.folder, base, post)
  }

  /** The newest that suits; null when none does. */
  newestDistances(suits: (distances: DistancesDocument) => boolean): Promise<DistancesDocument | null> {
    return readNewestDistances(this.folder, suits)
  }

  /** @throws WorkbenchError `read-only` */
  async saveDistances(distances: DistancesDocument): Promise<void> {
    await this.change(() => DISTANCES.write(this.folder, distances))
  }

  /** Of exactly these files; null when none are stored. */
  checksums(checkpoint: CheckpointIdentity): Promise<ChecksumsDocument | null> {
    return readChecksums(this.folder, checkpoint)
  }

  /** @throws WorkbenchError `read-only` */
  async saveChecksums(checksums: ChecksumsDocument): Promise<void> {
    await this.change(() => CHECKSUMS.write(this.folder, checksums))
  }
}
