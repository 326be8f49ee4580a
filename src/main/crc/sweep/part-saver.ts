import { WorkbenchError } from '../../../contract/model/problem'
import type { SavedSweepProgress } from './saved-sweep-progress'

/** Writes finished parts of a sweep to its saved progress, as long as that is possible. */
export class PartSaver {
  private isFailing = false

  constructor(
    private savedProgress: SavedSweepProgress | null,
    private readonly notice: (message: string) => void
  ) {}

  /** Prepares the file of the sweep. */
  begin(...plan: Parameters<SavedSweepProgress['begin']>): void {
    this.savedProgress?.begin(...plan)
  }

  /** Writes the scores of a part. A full disk is tried again; after other errors the sweep keeps no parts. */
  async add(results: Parameters<SavedSweepProgress['add']>[0]): Promise<void> {
    try {
      await this.savedProgress?.add(results)
      if (this.isFailing) this.notice('The progress of the sweep is saved again.')
      this.isFailing = false
    } catch (error) {
      this.reportFailure(error)
    }
  }

  private reportFailure(error: unknown): void {
    if (!(error instanceof WorkbenchError)) throw error
    const { code, message, hint = '' } = error.problem
    if (code !== 'read-only') {
      this.savedProgress = null
      this.notice(`The sweep goes on, but its progress is no longer saved. ${message}`)
    } else if (!this.isFailing) {
      this.notice(`The sweep goes on and tries again to save its progress. ${message} ${hint}`.trim())
    }
    this.isFailing = code === 'read-only'
  }
}
