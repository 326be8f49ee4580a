import type { ChecksumsEvent } from '../../contract/checksums'
import type { BytesProgress, DistancesEvent } from '../../contract/distances'
import { complaintOf, type Complaint } from '../connection'
import type { Workbench } from './workbench.svelte'

interface ReadingCalls {
  start(input: { path: string }): Promise<void>
  watch(
    input: { path: string },
    options: { signal: AbortSignal }
  ): Promise<AsyncIterable<DistancesEvent | ChecksumsEvent>>
  cancel(input: { path: string }): Promise<void>
}

/** A job in main that reads whole checkpoints, as far as it is. */
export class ReadingJob {
  /** Null while none runs. */
  progress = $state.raw<BytesProgress | null>(null)
  cancelling = $state(false)
  failure = $state.raw<Complaint | null>(null)

  private watching: AbortController | null = null

  /**
   * @param calls main's procedures, asked for at each use: the line to main may have been made anew
   * @param load fetches what the project has of the job's results
   */
  constructor(
    private readonly workbench: Workbench,
    private readonly calls: () => ReadingCalls,
    private readonly load: (path: string) => Promise<void>
  ) {}

  /** Shows what the project has, and follows a job that runs already. */
  async adopt(path: string): Promise<void> {
    await this.load(path)
    if (this.progress === null && path === this.workbench.project?.path) void this.watch()
  }

  reset(): void {
    this.watching?.abort()
    this.watching = null
    this.progress = null
    this.cancelling = false
    this.failure = null
  }

  async start(): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined || this.progress !== null) return
    this.failure = null
    try {
      await this.calls().start({ path })
      await this.watch()
    } catch (error) {
      this.failure = complaintOf(error)
    }
  }

  async cancel(): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined || this.progress === null) return
    this.cancelling = true
    await this.workbench.attempt(() => this.calls().cancel({ path }))
  }

  /** Follows the job to its end; ends at once when none runs. */
  private async watch(): Promise<void> {
    const path = this.workbench.project?.path
    if (path === undefined) return
    this.watching?.abort()
    const watching = new AbortController()
    this.watching = watching
    try {
      for await (const event of await this.calls().watch({ path }, { signal: watching.signal })) {
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
    this.workbench.accept(await this.workbench.attempt(() => this.workbench.client.projects.open({ path })))
    await this.load(path)
  }
}
