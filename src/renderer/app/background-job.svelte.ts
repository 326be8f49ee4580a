import type { FailedJob } from '../../contract/documents/project'
import type { JobKind } from '../../contract/model/job-kinds'
import type { Problem } from '../../contract/model/problem'
import { complaintOf, type Complaint } from '../ui/complaint'
import { throttled } from './frames'
import type { PairAddress, OpenProject } from './open-project.svelte'
import { Subscription } from './subscription.svelte'
import type { JobProgress, WindowJob } from './window-job'

/** An event of a job. The type of the last event is one of {@link ENDINGS}. All other events report progress. */
type JobEvent = { type: string } | { type: 'failed'; problem: Problem }

const ENDINGS: ReadonlySet<string> = new Set(['finished', 'failed', 'cancelled'])

interface JobCalls<Event> {
  watch(input: PairAddress, options: { signal: AbortSignal }): Promise<AsyncIterable<Event>>
  cancel(input: PairAddress): Promise<void>
}

/** Turns the events of a kind of job into the state that a view shows. */
interface BackgroundJobDescription<Event, Live> {
  readonly kind: JobKind
  /** Tells why other work must wait for this job; null if the job leaves the engine free. */
  readonly holdsEngine: string | null
  /** Returns the progress for the top bar; null for a job that has none. */
  describeProgress(live: Live): JobProgress | null
  /** Returns main's procedures. Called at each use, because the connection may be new. */
  calls(): JobCalls<Event>
  /** Returns the state after an event that does not end the job; null until there is a state to show. */
  advance(live: Live | null, event: Event): Live | null
  /** Returns the state to draw. Called a few times a second while events arrive. */
  draw(live: Live): Live
  /** Called with the ending, while the job still counts as live. */
  ended(ending: Event, live: Live | null): Promise<void> | void
  /** Called when no job is followed any more, because it ended or the connection was lost. */
  idle?(): Promise<void> | void
}

interface ProgressEvent<Progress> {
  type: 'progress'
  progress: Progress
}

/** Describes a job that shows only its progress. */
export const progressOnly = <Event extends JobEvent, Progress>() => ({
  advance: (last: Progress | null, event: Event | ProgressEvent<Progress>): Progress | null =>
    'progress' in event ? event.progress : last,
  draw: (progress: Progress): Progress => progress
})

/** Follows a job of the open project in main. The job goes on when the window is closed. */
export class BackgroundJob<Event extends JobEvent, Live extends object> implements WindowJob {
  /** State of the job; null while none runs. */
  live = $state.raw<Live | null>(null)
  /** True between the request for the job and its first event. */
  starting = $state(false)
  cancelling = $state(false)
  failure = $state.raw<Complaint | null>(null)
  /** Every window follows the same job, so no notice about another window is needed. */
  readonly otherWindowNotice = null
  /** True from the failure of a job until its partial results are read. No progress is shown meanwhile. */
  hasFailed = $state(false)
  readonly busy = $derived(this.live !== null || this.starting)
  readonly progress = $derived.by(() =>
    this.live === null || this.hasFailed ? null : this.description.describeProgress(this.live)
  )

  private readonly stream = new Subscription(() => this.project)
  /** Last failed job that main has reported. A dismissed failure does not come back. */
  private lastFailure: FailedJob | null = null

  constructor(
    private readonly project: OpenProject,
    private readonly description: BackgroundJobDescription<Event, Live>
  ) {
    project.jobs.add(this)
  }

  get kind(): JobKind {
    return this.description.kind
  }

  get pauseNotice(): string | null {
    return this.project.pauseNoticeOf(this)
  }

  get holdsEngine(): string | null {
    return this.description.holdsEngine
  }

  /** Starts a job in main and follows it to its end. */
  async begin(sendRequest: () => Promise<unknown>): Promise<void> {
    this.failure = null
    this.starting = true
    const { lastFailure } = this
    try {
      await sendRequest()
      // The job may have begun just after the request to stop it.
      if (this.cancelling) await this.askToCancel()
      await this.follow(lastFailure)
    } catch (error) {
      const complaint = complaintOf(error)
      if (!(this.cancelling && complaint.code === 'cancelled')) this.failure = complaint
      this.cancelling = false
    }
    this.starting = false
  }

  /** Stops the job, even if main still prepares it. */
  async cancel(): Promise<void> {
    if (!this.busy) return
    this.cancelling = true
    await this.askToCancel()
  }

  private async askToCancel(): Promise<void> {
    const isRequested = await this.project.attempt(async () => {
      await this.description.calls().cancel(this.project.here)
      return true
    })
    // The failure was reported. The job goes on and can be cancelled again.
    if (isRequested === null) this.cancelling = false
  }

  /** Follows a job that another window has started, and shows the failure of one that ended before it was followed. */
  onStatus(running: boolean, failed: FailedJob | null): void {
    if (failed?.id !== this.lastFailure?.id) {
      this.lastFailure = failed
      if (!this.busy) this.failure = failed?.problem ?? null
    }
    if (running && !this.busy && !this.stream.isActive) void this.follow()
  }

  /**
   * Follows the running job to its end. Ends at once if none runs.
   *
   * @param lastFailure main's last report of a failure before the job began
   */
  async follow(lastFailure = this.lastFailure): Promise<void> {
    let live: Live | null = null
    let hasEnded = false
    let followed: AbortSignal | null = null
    const drawSoon = throttled(() => {
      if (live !== null && followed?.aborted === false) this.live = this.description.draw(live)
    })
    const isNewest = await this.stream.follow(
      (signal) => {
        followed = signal
        return this.description.calls().watch(this.project.here, { signal })
      },
      async (event) => {
        // The failure of an earlier job disappears when another job runs, whichever window started it.
        this.failure = null
        if (ENDINGS.has(event.type)) {
          hasEnded = true
          if ('problem' in event) {
            this.failure = event.problem
            this.hasFailed = true
          }
          await this.description.ended(event, live)
          return
        }
        live = this.description.advance(live, event)
        if (live === null) return
        this.starting = false
        drawSoon()
      },
      (error) => {
        // After a lost connection, reopening the project follows the job again.
        const complaint = complaintOf(error)
        if (complaint.code !== 'lost') this.failure = complaint
      }
    )
    // A newer job may be followed already.
    if (!isNewest || this.stream.isActive) return
    // The job may have ended before this window received an event. Main's report then has the failure.
    if (!hasEnded && this.lastFailure !== lastFailure) this.failure = this.lastFailure?.problem ?? null
    live = null
    this.live = null
    this.hasFailed = false
    this.cancelling = false
    this.starting = false
    await this.description.idle?.()
  }
}
