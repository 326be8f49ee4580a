import type { HistoryRun } from '../../contract/documents/history'
import {
  defaultSearchSettings,
  type SearchDocument,
  type SearchEvent,
  type SearchMethodName,
  type SearchProgress,
  type SearchSettings,
  type UnfinishedSearch
} from '../../contract/documents/search'
import { BackgroundJob, progressOnly } from '../app/background-job.svelte'
import { doneShare } from '../app/window-job'
import { type Complaint, resumable } from '../ui/complaint'
import type { OpenProject } from '../app/open-project.svelte'

/** The search for recipes beyond the ranges of the shown sweep: its stored result and the running job. */
export class RecipeSearch {
  document = $state.raw<SearchDocument | null>(null)
  unfinished = $state.raw<UnfinishedSearch | null>(null)
  method = $state<SearchMethodName>('greedy')
  private changed = $state.raw<Partial<Record<SearchMethodName, SearchSettings>>>({})
  readonly job: BackgroundJob<SearchEvent, SearchProgress>
  readonly progress = $derived.by(() => this.job.live)
  readonly busy = $derived.by(() => this.job.busy)
  /** The failure of the last search. If it can be resumed, the hint names the button. */
  readonly failure = $derived.by<Complaint | null>(() => {
    const { failure } = this.job
    return failure === null || this.unfinished === null ? failure : resumable(failure, 'its results are kept')
  })

  private shownSweepId: string | null = null
  /** Id of the requested search; undefined for the latest. */
  private wanted: string | undefined

  constructor(private readonly project: OpenProject) {
    this.job = new BackgroundJob<SearchEvent, SearchProgress>(project, {
      kind: 'search',
      holdsEngine: 'A search is running',
      describeProgress: ({ generation, sweep: { rowsDone, rowsTotal, secondsLeft } }) => ({
        name: `Search, generation ${generation}`,
        share: doneShare(rowsDone, rowsTotal),
        secondsLeft
      }),
      calls: () => project.client.searches,
      ...progressOnly<SearchEvent, SearchProgress>(),
      ended: async (ending) => {
        if (ending.type === 'finished' && ending.sweepId === this.shownSweepId) await this.show(ending.sweepId)
      },
      idle: () => this.lookForUnfinished()
    })
  }

  /** Returns the settings of the next search from a sweep of so many layers. */
  settingsFor(layerCount: number): SearchSettings {
    return this.changed[this.method] ?? defaultSearchSettings(this.method, layerCount)
  }

  change(settings: SearchSettings): void {
    this.changed = { ...this.changed, [settings.method]: settings }
  }

  /** Loads a stored search from a sweep. @param id identifies the search, by default the latest */
  async show(sweepId: string, id?: string): Promise<void> {
    if (this.shownSweepId !== sweepId) this.document = null
    this.shownSweepId = sweepId
    this.wanted = id
    const { here, client } = this.project
    const wanted = { ...here, sweepId, ...(id === undefined ? {} : { id }) }
    const document = await this.project.attempt(() => client.searches.get(wanted))
    if (this.shownSweepId !== sweepId || this.wanted !== id) return
    this.document = document
    await this.lookForUnfinished()
  }

  /** Shows the search again after a run was added, deleted or restored. */
  async updateRuns(now: readonly HistoryRun[], before: readonly HistoryRun[]): Promise<void> {
    const { shownSweepId, wanted } = this
    const idsOf = (runs: readonly HistoryRun[]): string[] =>
      runs.flatMap(({ sweepId, id }) => (sweepId === shownSweepId ? [id] : [])).sort()
    const ids = idsOf(now)
    if (shownSweepId === null || this.busy || ids.join() === idsOf(before).join()) return
    await this.show(shownSweepId, wanted !== undefined && ids.includes(wanted) ? wanted : undefined)
  }

  /** Shows no search, because there is no sweep. */
  reset(): void {
    this.shownSweepId = null
    this.document = null
    this.unfinished = null
  }

  /** Loads the stopped search from the shown sweep. */
  async lookForUnfinished(): Promise<void> {
    const { here, client } = this.project
    const sweepId = this.shownSweepId
    if (sweepId === null || this.busy) return
    const unfinished = await this.project.attempt(() => client.searches.unfinished({ ...here, sweepId }))
    if (this.shownSweepId === sweepId && !this.busy) this.unfinished = unfinished
  }

  /** @param fresh true to compute the results of an unfinished search again */
  async start(search: UnfinishedSearch, fresh: boolean): Promise<void> {
    if (this.busy) return
    this.unfinished = null
    const { here, client } = this.project
    await this.job.begin(() => client.searches.start({ ...here, ...search, fresh }))
  }
}
