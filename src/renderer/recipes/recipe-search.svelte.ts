import type {
  SearchDocument,
  SearchEvent,
  SearchProgress,
  UnfinishedSearch
} from '../../contract/documents/search'
import { FollowedJob } from '../app/followed-job.svelte'
import { shareOf } from '../app/window-job'
import type { Workbench } from '../app/workbench.svelte'

/** The search for recipes beyond the ranges of the shown sweep: its stored result, and the one that runs. */
export class RecipeSearch {
  document = $state.raw<SearchDocument | null>(null)
  /** One that was stopped before its end; null when there is none. */
  unfinished = $state.raw<UnfinishedSearch | null>(null)
  readonly job: FollowedJob<SearchEvent, SearchProgress>
  readonly progress = $derived.by(() => this.job.live)
  readonly busy = $derived.by(() => this.job.busy)

  private shown: string | null = null

  constructor(private readonly workbench: Workbench) {
    this.job = new FollowedJob<SearchEvent, SearchProgress>(workbench, {
      holdsEngine: 'A search is running',
      tell: ({ generation, sweep: { rowsDone, rowsTotal, secondsLeft } }) => ({
        name: `Search, generation ${generation}`,
        share: shareOf(rowsDone, rowsTotal),
        secondsLeft
      }),
      calls: () => workbench.client.searches,
      advance: (progress, event) => (event.type === 'progress' ? event.progress : progress),
      draw: (progress) => progress,
      ended: async (ending, _progress, path) => {
        if (ending.type === 'finished' && ending.sweepId === this.shown) await this.show(path, ending.sweepId)
      },
      idle: () => this.lookForUnfinished()
    })
  }

  reset(): void {
    this.job.reset()
    this.shown = null
    this.document = null
    this.unfinished = null
  }

  /** Fetches the stored search from a sweep. */
  async show(path: string, sweepId: string): Promise<void> {
    if (this.shown !== sweepId) this.document = null
    this.shown = sweepId
    const document = await this.workbench.attempt(() => this.workbench.client.searches.get({ path, sweepId }))
    if (this.shown !== sweepId) return
    this.document = document
    await this.lookForUnfinished()
  }

  private async lookForUnfinished(): Promise<void> {
    const path = this.workbench.project?.path
    const sweepId = this.shown
    if (path === undefined || sweepId === null || this.busy) return
    const unfinished = await this.workbench.attempt(() =>
      this.workbench.client.searches.unfinished({ path, sweepId })
    )
    if (this.shown === sweepId && !this.busy) this.unfinished = unfinished
  }

  /** @param fresh computes also what an unfinished one has computed */
  async start(search: UnfinishedSearch, fresh: boolean): Promise<void> {
    if (this.busy) return
    this.unfinished = null
    await this.job.begin((path) => this.workbench.client.searches.start({ path, ...search, fresh }))
  }
}
