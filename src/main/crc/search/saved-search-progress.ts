import type { ProgressFolder } from '../sweep/progress-folder'
import type { SweepHistory } from '../sweep/crc-sweep'
import { SavedSweepProgress } from '../sweep/saved-sweep-progress'

/** Stores the sweeps of an unfinished search, so that a repeated search computes only the missing scores. */
export class SavedSearchProgress {
  private readonly sweeps: SavedSweepProgress[] = []

  /** @param fresh true to ignore stored sweeps and compute everything */
  constructor(
    private readonly folder: ProgressFolder,
    private readonly fresh: boolean
  ) {}

  /** Folder of the stored sweeps; null if no sweep is stored. */
  get path(): string | null {
    return this.sweeps.some(({ stored }) => stored !== null) ? this.folder.path : null
  }

  /** Creates the stored history of the next generation's sweep. */
  next(): SweepHistory {
    const savedProgress = new SavedSweepProgress(this.folder)
    this.sweeps.push(savedProgress)
    return {
      savedProgress,
      outputPaths: [this.folder.path],
      lastSweep: () => Promise.resolve(null),
      fresh: this.fresh
    }
  }

  clear(): Promise<void> {
    return this.folder.clear()
  }
}
