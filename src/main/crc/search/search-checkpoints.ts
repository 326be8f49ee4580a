import type { CheckpointFolder } from '../sweep/checkpoint-folder'
import type { SweepHistory } from '../sweep/crc-sweep'
import { SweepCheckpoint } from '../sweep/sweep-checkpoint'

/**
 * What the sweeps of an unfinished search have computed, one for each generation. Which recipes a generation tries follows
 * from the scores of those before it, so the same search finds its own generations again and computes only what is missing.
 */
export class SearchCheckpoints {
  private readonly sweeps: SweepCheckpoint[] = []

  /** @param fresh whether to compute everything, whatever is there */
  constructor(
    private readonly folder: CheckpointFolder,
    private readonly fresh: boolean
  ) {}

  /** Where something was kept; null when nothing was. */
  get path(): string | null {
    return this.sweeps.some(({ kept }) => kept !== null) ? this.folder.path : null
  }

  /** What is known of the next sweep, and where it is kept. */
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

  /** To be called when the search is saved: forgets it, and whatever other searches left. */
  clear(): Promise<void> {
    return this.folder.clear()
  }
}
