import type { Score } from '../../../contract/documents/crc'
import type { SweepProgress } from '../../../contract/documents/sweep-events'
import { weightsKey } from '../../../contract/model/model'
import type { Recipe } from '../../../contract/model/recipe'
import type { OpenProject } from '../../app/open-project.svelte'
import { StreamJob } from '../../app/stream-job.svelte'
import { doneShare } from '../../app/window-job'

type ScoringEvent = { type: 'progress'; progress: SweepProgress } | { type: 'scored'; score: Score }

/** Scores a recipe on the prompts of the shown sweep, and adds the score to that sweep. */
export class RecipeScoring {
  private progress = $state.raw<SweepProgress | null>(null)
  readonly job: StreamJob<ScoringEvent>

  /** @param ranges the view of the sweep, which reloads it with the new score */
  constructor(
    private readonly project: OpenProject,
    private readonly ranges: {
      readonly sweep: { readonly id: string } | null
      refresh(chosen: string): Promise<void>
    }
  ) {
    this.job = new StreamJob<ScoringEvent>(project, {
      kind: 'recipe score',
      holdsEngine: 'A recipe is being scored',
      describeProgress: () => ({
        name: 'Score',
        share: this.progress === null ? 0 : doneShare(this.progress.rowsDone, this.progress.rowsTotal),
        secondsLeft: this.progress?.secondsLeft ?? null
      })
    })
  }

  /** Scores a recipe. @returns the score; null if scoring was cancelled or failed, see `job.failure` */
  async score(recipe: Recipe): Promise<Score | null> {
    const { here, client } = this.project
    const sweepId = this.ranges.sweep?.id
    if (sweepId === undefined || this.job.busy) return null
    this.progress = null
    let scored: Score | null = null
    await this.job.run(
      (signal) => client.sweeps.scoreRecipe({ ...here, sweepId, recipe }, { signal }),
      async (event) => {
        if (event.type === 'progress') this.progress = event.progress
        else {
          scored = event.score
          await this.ranges.refresh(weightsKey({ kind: 'recipe', recipe }))
        }
      }
    )
    return scored
  }

  close(): void {
    this.job.cancel()
    this.job.failure = null
  }
}
