import type { BytesProgress, DistancesDocument } from '../../contract/distances'
import type { ProjectState } from '../../contract/project'
import type { DistanceMetric } from '../charts/distances'
import { complaintOf, type Complaint } from '../connection'
import type { Workbench } from './workbench.svelte'

/** The Pair view's distances: those the project has, and the comparison that runs now. */
export class Distances {
  progress = $state.raw<BytesProgress | null>(null)
  cancelling = $state(false)
  shown = $state.raw<DistancesDocument | null>(null)
  /** Whose checkpoint is another now than when the shown distances were computed. */
  changed = $state.raw<readonly ('base' | 'post')[]>([])
  failure = $state.raw<Complaint | null>(null)
  metric = $state<DistanceMetric>('relativeNorm')

  private watching: AbortController | null = null

  constructor(private readonly workbench: Workbench) {}

  /** Shows what the project has of its pair, and follows a comparison that runs already. */
  async adopt(state: ProjectState): Promise<void> {
    const { path } = state
    const stored = await this.workbench.attempt(() => this.workbench.client.distances.get({ path }))
    if (stored === null || path !== this.workbench.project?.path) return
    this.shown = stored.distances
    this.changed = stored.changed
    if (this.progress === null) void this.watch()
  }

  reset(): void {
    this.watching?.abort()
    this.watching = null
    this.progress = null
    this.cancelling = false
    this.shown = null
    this.changed = []
    this.failure = null
  }

  async start(): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined || this.progress !== null) return
    this.failure = null
    try {
      await this.workbench.client.distances.start({ path })
      await this.watch()
    } catch (error) {
      this.failure = complaintOf(error)
    }
  }

  async cancel(): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined || this.progress === null) return
    this.cancelling = true
    await this.workbench.attempt(() => this.workbench.client.distances.cancel({ path }))
  }

  /** Follows the comparison to its end; ends at once when none runs. */
  private async watch(): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined) return
    this.watching?.abort()
    const watching = new AbortController()
    this.watching = watching
    try {
      const events = await this.workbench.client.distances.watch({ path }, { signal: watching.signal })
      for await (const event of events) {
        if (watching.signal.aborted) return
        if (event.type === 'progress') this.progress = event.progress
        else if (event.type === 'failed') this.failure = event.problem
        else if (event.type === 'finished') await this.finish(path)
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

  private async finish(path: string): Promise<void> {
    // The pair is looked at again: it may have changed since the project was opened.
    const state = await this.workbench.attempt(() => this.workbench.client.projects.open({ path }))
    this.workbench.accept(state)
    const stored = await this.workbench.attempt(() => this.workbench.client.distances.get({ path }))
    if (stored === null || path !== this.workbench.project?.path) return
    this.shown = stored.distances
    this.changed = stored.changed
  }
}
