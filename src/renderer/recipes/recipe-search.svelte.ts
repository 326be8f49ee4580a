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

/** The search for recipes beyond the ranges of the shown sweep: its stored result, and the one that runs. */
export class RecipeSearch {
  document = $state.raw<SearchDocument | null>(null)
  /** One that was stopped before its end; null when there is none. */
  unfinished = $state.raw<UnfinishedSearch | null>(null)
  /** How the next one is to go. */
  method = $state<SearchMethodName>('greedy')
  /** Settings of methods that the user has changed. */
  private changed = $state.raw<Partial<Record<SearchMethodName, SearchSettings>>>({})
  readonly job: BackgroundJob<SearchEvent, SearchProgress>
  readonly progress = $derived.by(() => this.job.live)
  readonly busy = $derived.by(() => this.job.busy)
  /** Why the last one ended; of one that can go on, with the button here that does so. */
  readonly failure = $derived.by<Complaint | null>(() => {
    const { failure } = this.job
    return failure === null || this.unfinished === null
      ? failure
      : resumable(failure, 'what it has computed is kept')
  })

  private shown: string | null = null
  /** The search that was asked for; undefined: the latest. */
  private wanted: string | undefined

  constructor(private readonly project: OpenProject) {
    this.job = new BackgroundJob<SearchEvent, SearchProgress>(project, {
      kind: 'search',
      holdsEngine: 'A search is running',
      tell: ({ generation, sweep: { rowsDone, rowsTotal, secondsLeft } }) => ({
        name: `Search, generation ${generation}`,
        share: doneShare(rowsDone, rowsTotal),
        secondsLeft
      }),
      calls: () => project.client.searches,
      ...progressOnly<SearchEvent, SearchProgress>(),
      ended: async (ending) => {
        if (ending.type === 'finished' && ending.sweepId === this.shown) await this.show(ending.sweepId)
      },
      idle: () => this.lookForUnfinished()
    })
  }

  /** Of the next search from a sweep of so many layers. */
  settingsFor(layerCount: number): SearchSettings {
    return this.changed[this.method] ?? defaultSearchSettings(this.method, layerCount)
  }

  /** Has the next search by this method go otherwise. */
  change(settings: SearchSettings): void {
    this.changed = { ...this.changed, [settings.method]: settings }
  }

  /** Fetches a stored search from a sweep. @param id of one; left out: the latest */
  async show(sweepId: string, id?: string): Promise<void> {
    if (this.shown !== sweepId) this.document = null
    this.shown = sweepId
    this.wanted = id
    const { here, client } = this.project
    const wanted = { ...here, sweepId, ...(id === undefined ? {} : { id }) }
    const document = await this.project.attempt(() => client.searches.get(wanted))
    if (this.shown !== sweepId || this.wanted !== id) return
    this.document = document
    await this.lookForUnfinished()
  }

  /** Hears which runs there are: one may have been added, deleted or brought back. */
  async hear(now: readonly HistoryRun[], before: readonly HistoryRun[]): Promise<void> {
    const { shown, wanted } = this
    const idsOf = (runs: readonly HistoryRun[]): string[] =>
      runs.flatMap(({ sweepId, id }) => (sweepId === shown ? [id] : [])).sort()
    const own = idsOf(now)
    if (shown === null || this.busy || own.join() === idsOf(before).join()) return
    await this.show(shown, wanted !== undefined && own.includes(wanted) ? wanted : undefined)
  }

  /** Shows none: there is no sweep. */
  forget(): void {
    this.shown = null
    this.document = null
    this.unfinished = null
  }

  /** Asks for a search from the shown sweep that was stopped. */
  async lookForUnfinished(): Promise<void> {
    const { here, client } = this.project
    const sweepId = this.shown
    if (sweepId === null || this.busy) return
    const unfinished = await this.project.attempt(() => client.searches.unfinished({ ...here, sweepId }))
    if (this.shown === sweepId && !this.busy) this.unfinished = unfinished
  }

  /** @param fresh computes also what an unfinished one has computed */
  async start(search: UnfinishedSearch, fresh: boolean): Promise<void> {
    if (this.busy) return
    this.unfinished = null
    const { here, client } = this.project
    await this.job.begin(() => client.searches.start({ ...here, ...search, fresh }))
  }
}
