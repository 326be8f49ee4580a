import type { CheckpointFolder } from '../sweep/checkpoint-folder'
import type { SweepHistory } from '../sweep/crc-sweep'
import { SweepCheckpoint } from '../sweep/sweep-checkpoint'

/** Stores the sweeps of an unfinished search, so that a repeated search computes only the missing scores. */
export class SearchCheckpoints {
  private readonly sweeps: SweepCheckpoint[] = []

  /** @param fresh whether to compute everything and ignore stored sweeps */
  constructor(
    private readonly folder: CheckpointFolder,
    private readonly fresh: boolean
  ) {}

  /** Folder of the stored sweeps, or null if nothing is stored. */
  get path(): string | null {
    return this.sweeps.some(({ stored: kept }) => kept !== null) ? this.folder.path : null
  }

  /** Creates the stored history of the next generation's sweep. */
  next(): SweepHistory {
    const checkpoint = new SweepCheckpoint(this.folder)
    this.sweeps.push(checkpoint)
    return {
      checkpoint,
      places: [this.folder.path],
      lastSweep: () => Promise.resolve(null),
      fresh: this.fresh
    }
  }

  clear(): Promise<void> {
    return this.folder.clear()
  }
}
