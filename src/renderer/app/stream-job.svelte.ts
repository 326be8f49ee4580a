import type { JobKind } from '../../contract/model/job-kinds'
import { complaintOf, type Complaint } from '../ui/complaint'
import type { OpenProject } from './open-project.svelte'
import { Subscription } from './subscription.svelte'
import type { JobProgress, WindowJob } from './window-job'

/** Describes work that ends with its window. */
interface StreamJobDescription {
  readonly kind: JobKind | null
  readonly holdsEngine: string
  describeProgress(): JobProgress
}

/** Work in main that runs only while this window reads its stream of events. */
export class StreamJob<Event> implements WindowJob {
  readonly cancelling = false
  failure = $state.raw<Complaint | null>(null)
  private readonly stream = new Subscription(() => this.project)
  readonly busy = $derived.by(() => this.stream.isActive)
  readonly progress = $derived.by<JobProgress | null>(() => (this.busy ? this.description.describeProgress() : null))

  constructor(
    private readonly project: OpenProject,
    private readonly description: StreamJobDescription
  ) {
    project.jobs.add(this)
  }

  get pauseNotice(): string | null {
    return this.project.pauseNoticeOf(this)
  }

  get kind(): JobKind | null {
    return this.description.kind
  }

  get holdsEngine(): string {
    return this.description.holdsEngine
  }

  get otherWindowNotice(): string | null {
    return this.kind === null ? null : `${this.holdsEngine} elsewhere.`
  }

  /** Runs the work and handles its events. A failure is stored in `failure`. */
  async run(
    ask: (signal: AbortSignal) => Promise<AsyncIterable<Event>>,
    handle: (event: Event) => Promise<void> | void
  ): Promise<void> {
    this.failure = null
    await this.stream.follow(ask, handle, (error) => (this.failure = complaintOf(error)))
  }

  cancel(): void {
    this.stream.stop()
  }
}
