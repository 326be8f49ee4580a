import type { SearchDocument, SearchEvent, SearchProgress, SearchSettings } from '../../contract/search'
import { FollowedJob } from './followed-job.svelte'
import type { Workbench } from './workbench.svelte'

/** The search for recipes beyond the ranges of the shown sweep: its stored result, and the one that runs. */
export class RecipeSearch {
  document = $state.raw<SearchDocument | null>(null)
  readonly job: FollowedJob<SearchEvent, SearchProgress>
  readonly progress = $derived.by(() => this.job.live)
  readonly busy = $derived.by(() => this.job.busy)

  private shown: string | null = null

  constructor(private readonly workbench: Workbench) {
    this.job = new FollowedJob<SearchEvent, SearchProgress>(workbench, {
      calls: () => workbench.client.searches,
      advance: (progress, event) => (event.type === 'progress' ? event.progress : progress),
      draw: (progress) => progress,
      ended: async (ending, _progress, path) => {
        if (ending.type === 'finished' && ending.sweepId === this.shown) await this.show(path, ending.sweepId)
      }
    })
  }

  reset(): void {
    this.job.reset()
    this.shown = null
    this.document = null
  }

  /** Fetches the stored search from a sweep. */
  async show(path: string, sweepId: string): Promise<void> {
    this.shown = sweepId
    const document = await this.workbench.attempt(() => this.workbench.client.searches.get({ path, sweepId }))
    if (this.shown === sweepId) this.document = document
  }

  async start(sweepId: string, rho: number, settings: SearchSettings): Promise<void> {
    if (this.busy) return
    await this.job.begin((path) => this.workbench.client.searches.start({ path, sweepId, rho, settings }))
  }
}
