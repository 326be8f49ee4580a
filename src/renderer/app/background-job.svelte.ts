import type { FailedJob } from '../../contract/documents/project'
import type { JobKind } from '../../contract/model/job-kinds'
import type { Problem } from '../../contract/model/problem'
import { complaintOf, type Complaint } from '../ui/complaint'
import { throttled } from './frames'
import type { Here, OpenProject } from './open-project.svelte'
import type { JobProgress, WindowJob } from './window-job'

/** Every kind of job ends by one of these events; the others tell how far it is. */
type JobEvent = { type: string } | { type: 'failed'; problem: Problem }

const ENDINGS: ReadonlySet<string> = new Set(['finished', 'failed', 'cancelled'])

interface JobCalls<Event> {
  watch(input: Here, options: { signal: AbortSignal }): Promise<AsyncIterable<Event>>
  cancel(input: Here): Promise<void>
}

/** What a view makes of the events of its kind of job. */
export interface BackgroundJobDescription<Event, Live> {
  readonly kind: JobKind
  readonly holdsEngine: string | null
  tell(live: Live): JobProgress
  /** Main's procedures, asked for at each use: the line to main may have been made anew. */
  calls(): JobCalls<Event>
  /** What is known of the job after an event that does not end it; null as long as nothing is. */
  advance(live: Live | null, event: Event): Live | null
  /** What is shown of it, anew some times in a second while something arrives. */
  draw(live: Live): Live
  /** Hears how the job ended while it is still shown as live. */
  ended(ending: Event, live: Live | null): Promise<void> | void
  /** Hears that no job is followed any more, whether one has ended or the line was lost. */
  idle?(): Promise<void> | void
}

interface ProgressEvent<Progress> {
  type: 'progress'
  progress: Progress
}

/** For a job of which nothing is shown but its progress, and whose events tell that and how it ended. */
export const progressOnly = <Event extends JobEvent, Progress>() => ({
  advance: (known: Progress | null, event: Event | ProgressEvent<Progress>): Progress | null =>
    'progress' in event ? event.progress : known,
  draw: (progress: Progress): Progress => progress
})

/** A job of the open project in main, as this window follows it: it goes on when the window is closed. */
export class BackgroundJob<Event extends JobEvent, Live extends object> implements WindowJob {
  /** How far it is; null while none is known to run. */
  live = $state.raw<Live | null>(null)
  /** Between asking for the job and its first event. */
  starting = $state(false)
  cancelling = $state(false)
  failure = $state.raw<Complaint | null>(null)
  readonly elsewhere = null
  /** It has failed, and what it left is still being read: how far it was says nothing any more. */
  over = $state(false)
  readonly busy = $derived(this.live !== null || this.starting)
  readonly progress = $derived.by(() => (this.live === null || this.over ? null : this.story.tell(this.live)))

  private watching: AbortController | null = null
  /** The failed job that main has reported last: one that was dismissed does not come back. */
  private heardFailure: FailedJob | null = null

  constructor(
    private readonly project: OpenProject,
    private readonly story: BackgroundJobDescription<Event, Live>
  ) {
    project.jobs.add(this)
  }

  get kind(): JobKind {
    return this.story.kind
  }

  get standstill(): string | null {
    return this.project.standstillOf(this)
  }

  get holdsEngine(): string | null {
    return this.story.holdsEngine
  }

  /** Asks main for a job, and follows it to its end. */
  async begin(ask: () => Promise<unknown>): Promise<void> {
    this.failure = null
    this.starting = true
    const { heardFailure } = this
    try {
      await ask()
      // The job may have begun just after main was asked to stop it.
      if (this.cancelling) await this.askToCancel()
      await this.follow(heardFailure)
    } catch (error) {
      const complaint = complaintOf(error)
      if (!(this.cancelling && complaint.code === 'cancelled')) this.failure = complaint
      this.cancelling = false
    }
    this.starting = false
  }

  /** Stops the job, which main may still prepare. */
  async cancel(): Promise<void> {
    if (!this.busy) return
    this.cancelling = true
    await this.askToCancel()
  }

  private async askToCancel(): Promise<void> {
    const asked = await this.project.attempt(async () => {
      await this.story.calls().cancel(this.project.here)
      return true
    })
    // Why it failed has been said; the job goes on, and can be cancelled again.
    if (asked === null) this.cancelling = false
  }

  /** Hears whether such a job runs, follows one that another window has started, and tells of one that failed before it could be followed. */
  hear(running: boolean, failed: FailedJob | null): void {
    if (failed?.id !== this.heardFailure?.id) {
      this.heardFailure = failed
      if (!this.busy) this.failure = failed?.problem ?? null
    }
    if (running && !this.busy && this.watching === null) void this.follow()
  }

  /**
   * Follows the job that runs to its end; ends at once when none runs.
   *
   * @param heardFailure main's last report of a failure before the job began
   */
  async follow(heardFailure = this.heardFailure): Promise<void> {
    const { here, left } = this.project
    this.watching?.abort()
    const watching = new AbortController()
    this.watching = watching
    const signal = AbortSignal.any([watching.signal, left])
    let live: Live | null = null
    let hasEnded = false
    const drawSoon = throttled(() => {
      if (live !== null && !signal.aborted) this.live = this.story.draw(live)
    })
    try {
      for await (const event of await this.story.calls().watch(here, { signal })) {
        if (signal.aborted) return
        // What ended an earlier job is over once another goes on, whoever has started it.
        this.failure = null
        if (ENDINGS.has(event.type)) {
          hasEnded = true
          if ('problem' in event) {
            this.failure = event.problem
            this.over = true
          }
          await this.story.ended(event, live)
          continue
        }
        live = this.story.advance(live, event)
        if (live === null) continue
        this.starting = false
        drawSoon()
      }
    } catch (error) {
      // When the line itself is lost, reopening the project after the reconnect follows it again.
      const complaint = complaintOf(error)
      if (!signal.aborted && this.project.connected && complaint.code !== 'lost') this.failure = complaint
    }
    if (this.watching !== watching || left.aborted) return
    // Another window has seen the end first, and main's report of the failure came before this one had an event.
    if (!hasEnded && this.heardFailure !== heardFailure) this.failure = this.heardFailure?.problem ?? null
    this.watching = null
    live = null
    this.live = null
    this.over = false
    this.cancelling = false
    this.starting = false
    await this.story.idle?.()
  }
}
