import type { JobKind } from '../../contract/model/job-kinds'
import { complaintOf, type Complaint } from '../ui/complaint'
import type { OpenProject } from './open-project.svelte'
import type { JobProgress, WindowJob } from './window-job'

/** Describes work that ends with its window. */
export interface StreamJobDescription {
  readonly kind: JobKind | null
  readonly holdsEngine: string
  tell(): JobProgress
}

/** Work in main that is one stream. It ends with its stream, and so with its window. */
export class StreamJob<Event> implements WindowJob {
  readonly cancelling = false
  failure = $state.raw<Complaint | null>(null)
  private running = $state.raw<AbortController | null>(null)
  readonly busy = $derived(this.running !== null)
  readonly progress = $derived.by<JobProgress | null>(() => (this.busy ? this.story.tell() : null))

  constructor(
    private readonly project: OpenProject,
    private readonly story: StreamJobDescription
  ) {
    project.jobs.add(this)
  }

  get standstill(): string | null {
    return this.project.standstillOf(this)
  }

  get kind(): JobKind | null {
    return this.story.kind
  }

  get holdsEngine(): string {
    return this.story.holdsEngine
  }

  get elsewhere(): string | null {
    return this.kind === null ? null : `${this.holdsEngine} elsewhere.`
  }

  /** Runs the work and handles its events. A failure is stored in `failure`. */
  async run(
    ask: (signal: AbortSignal) => Promise<AsyncIterable<Event>>,
    handle: (event: Event) => Promise<void> | void
  ): Promise<void> {
    this.cancel()
    const running = new AbortController()
    const signal = AbortSignal.any([running.signal, this.project.left])
    this.running = running
    this.failure = null
    try {
      for await (const event of await ask(signal)) {
        if (signal.aborted) break
        await handle(event)
      }
    } catch (error) {
      if (!signal.aborted && this.project.connected) this.failure = complaintOf(error)
    }
    if (this.running === running) this.running = null
  }

  cancel(): void {
    this.running?.abort()
    this.running = null
  }
}
