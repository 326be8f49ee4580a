import { WorkbenchError } from '../../../contract/model/problem'
import type { SweepCheckpoint } from './sweep-checkpoint'

/** Writes finished parts of a sweep to its checkpoint, as long as that is possible. */
export class PartSaver {
  private isFailing = false

  constructor(
    private checkpoint: SweepCheckpoint | null,
    private readonly notice: (message: string) => void
  ) {}

  begin(...plan: Parameters<SweepCheckpoint['begin']>): void {
    this.checkpoint?.begin(...plan)
  }

  /** Writes the scores of a part. A full disk is tried again; after other errors the sweep keeps no parts. */
  async add(results: Parameters<SweepCheckpoint['add']>[0]): Promise<void> {
    try {
      await this.checkpoint?.add(results)
      if (this.isFailing) this.notice('The checkpoint of the sweep is written again.')
      this.isFailing = false
    } catch (error) {
      this.reportFailure(error)
    }
  }

  private reportFailure(error: unknown): void {
    if (!(error instanceof WorkbenchError)) throw error
    const { code, message, hint = '' } = error.problem
    if (code !== 'read-only') {
      this.checkpoint = null
      this.notice(`The sweep goes on without a checkpoint. ${message}`)
    } else if (!this.isFailing) {
      this.notice(`The sweep goes on and tries again to write its checkpoint. ${message} ${hint}`.trim())
    }
    this.isFailing = code === 'read-only'
  }
}
