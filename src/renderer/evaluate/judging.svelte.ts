import type { JudgeProgress, JudgeSettings } from '../../contract/documents/judge'
import { complaintOf, type Complaint } from '../ui/complaint'
import { type JobProgress, shareOf, type WindowJob } from '../app/window-job'
import type { Workbench } from '../app/workbench.svelte'

/** The marking of an evaluation's answers by an endpoint that the user named. It ends with the window that asked for it. */
export class Judging implements WindowJob {
  readonly holdsEngine = 'Answers are being judged'
  readonly cancelling = false
  /** Null while nothing is judged, and before the first answer is. */
  counts = $state.raw<JudgeProgress | null>(null)
  /** Answers of these that had a verdict before, and are not sent again. */
  knownCount = $state(0)
  secondsLeft = $state<number | null>(null)
  /** Of the last judging that ended well. */
  outcome = $state.raw<{ progress: JudgeProgress; knownCount: number } | null>(null)
  failure = $state.raw<Complaint | null>(null)
  private running = $state.raw<AbortController | null>(null)

  readonly busy = $derived(this.running !== null)
  readonly progress = $derived.by<JobProgress | null>(() => {
    const { done, total } = this.counts ?? { done: 0, total: 1 }
    return this.busy ? { name: 'Judging', share: shareOf(done, total), secondsLeft: this.secondsLeft } : null
  })

  constructor(private readonly workbench: Workbench) {}

  reset(): void {
    this.running?.abort()
    this.running = null
    this.counts = null
    this.outcome = null
    this.failure = null
  }

  /**
   * Sends answers to the endpoint, as the user has confirmed.
   *
   * @param apiKey for this time only; it is kept nowhere
   */
  async start(evaluationId: string, settings: JudgeSettings, apiKey: string): Promise<void> {
    const { project, evaluations } = this.workbench
    if (project === null || evaluations.blocked !== null) return
    const running = new AbortController()
    this.reset()
    this.running = running
    this.secondsLeft = null
    let startedMs: number | null = null
    try {
      const events = await this.workbench.client.evaluations.judge(
        { path: project.path, evaluationId, settings, ...(apiKey === '' ? {} : { apiKey }) },
        { signal: running.signal }
      )
      for await (const { type, progress } of events) {
        if (running.signal.aborted) break
        // Before anything is asked, done are those that are known.
        if (startedMs === null && progress.total > 0) {
          startedMs = performance.now()
          this.knownCount = progress.done
        }
        this.counts = progress
        const asked = progress.done - this.knownCount
        if (startedMs !== null && asked > 0) {
          const seconds = (performance.now() - startedMs) / 1000
          this.secondsLeft = (seconds / asked) * (progress.total - progress.done)
        }
        if (type === 'finished') this.outcome = { progress, knownCount: this.knownCount }
      }
    } catch (error) {
      if (!running.signal.aborted && this.workbench.connected) this.failure = complaintOf(error)
    }
    if (this.running === running) {
      this.running = null
      this.counts = null
    }
    // Verdicts are kept as they come, so also what was stopped or failed has results.
    if (project.path === this.workbench.project?.path) await evaluations.judged(evaluationId)
  }

  /** What was marked by then is kept. */
  cancel(): void {
    this.running?.abort()
    this.running = null
    this.counts = null
  }
}
