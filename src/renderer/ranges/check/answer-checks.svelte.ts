import type { AnswerCheck, CheckEvent, CheckProgress } from '../../../contract/documents/answer-check'
import type { Recipe } from '../../../contract/model/recipe'
import { BackgroundJob, progressOnly } from '../../app/background-job.svelte'
import { doneShare } from '../../app/window-job'
import type { OpenProject } from '../../app/open-project.svelte'

/** The full-answer check of the shown sweep: the stored one and the running one. */
export class AnswerChecks {
  /** The stored check; null if no range of the shown sweep was checked. */
  document = $state.raw<AnswerCheck | null>(null)
  readonly job: BackgroundJob<CheckEvent, CheckProgress>
  readonly progress = $derived.by(() => this.job.live)
  readonly busy = $derived.by(() => this.job.busy)

  /** @param finished called when a sweep has a new check */
  constructor(
    private readonly project: OpenProject,
    finished: (sweepId: string) => Promise<void>
  ) {
    this.job = new BackgroundJob<CheckEvent, CheckProgress>(project, {
      kind: 'answer check',
      holdsEngine: 'Full answers are being checked',
      describeProgress: ({ rowsDone, rowsTotal, secondsLeft }) => ({
        name: 'Check',
        share: doneShare(rowsDone, rowsTotal),
        secondsLeft
      }),
      calls: () => project.client.checks,
      ...progressOnly<CheckEvent, CheckProgress>(),
      ended: async (ending) => {
        if (ending.type === 'finished') await finished(ending.sweepId)
      }
    })
  }

  /**
   * Starts a check.
   *
   * @param recipes recipes to check; if empty, the best ranges that are not checked yet
   */
  async start(sweepId: string, rho: number, recipes: Recipe[] = []): Promise<void> {
    if (this.busy) return
    const { here, client } = this.project
    await this.job.begin(() => client.checks.start({ ...here, sweepId, rho, recipes }))
  }
}
