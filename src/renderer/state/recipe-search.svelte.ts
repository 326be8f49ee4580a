import type { SearchDocument, SearchProgress, SearchSettings } from '../../contract/search'
import { complaintOf, type Complaint } from '../connection'
import type { Workbench } from './workbench.svelte'

/** The search for recipes beyond the ranges of the shown sweep: its stored result, and the one that runs. */
export class RecipeSearch {
  document = $state.raw<SearchDocument | null>(null)
  progress = $state.raw<SearchProgress | null>(null)
  starting = $state(false)
  cancelling = $state(false)
  failure = $state.raw<Complaint | null>(null)
  readonly busy = $derived(this.starting || this.progress !== null)

  private watching: AbortController | null = null
  private shown: string | null = null

  constructor(private readonly workbench: Workbench) {}

  reset(): void {
    this.watching?.abort()
    this.watching = null
    this.shown = null
    this.document = null
    this.progress = null
    this.failure = null
    this.starting = false
    this.cancelling = false
  }

  /** Fetches the stored search from a sweep. */
  async show(path: string, sweepId: string): Promise<void> {
    this.shown = sweepId
    const document = await this.workbench.attempt(() => this.workbench.client.searches.get({ path, sweepId }))
    if (this.shown === sweepId) this.document = document
  }

  async start(sweepId: string, rho: number, settings: SearchSettings): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined || this.busy) return
    this.failure = null
    this.starting = true
    try {
      await this.workbench.client.searches.start({ path, sweepId, rho, settings })
      await this.watch(path)
    } catch (error) {
      this.failure = complaintOf(error)
    }
    this.starting = false
  }

  async cancel(): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined || this.progress === null) return
    this.cancelling = true
    await this.workbench.attempt(() => this.workbench.client.searches.cancel({ path }))
  }

  /** Follows the running search, if there is one, to its end. */
  async watch(path: string): Promise<void> {
    this.watching?.abort()
    const watching = new AbortController()
    this.watching = watching
    try {
      const events = await this.workbench.client.searches.watch({ path }, { signal: watching.signal })
      for await (const event of events) {
        if (watching.signal.aborted) return
        if (event.type === 'progress') {
          this.starting = false
          this.progress = event.progress
        } else if (event.type === 'failed') {
          this.failure = event.problem
        } else if (event.type === 'finished' && event.sweepId === this.shown) {
          await this.show(path, event.sweepId)
        }
      }
    } catch (error) {
      // When the line itself is lost, reopening the project after the reconnect watches again.
      if (!watching.signal.aborted && this.workbench.connected) this.failure = complaintOf(error)
    }
    if (this.watching === watching) {
      this.watching = null
      this.progress = null
      this.cancelling = false
    }
  }
}
