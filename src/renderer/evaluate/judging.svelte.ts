import type { JudgeEvent, JudgeProgress, JudgeSettings } from '../../contract/documents/judge'
import type { OpenProject } from '../app/open-project.svelte'
import { StreamJob } from '../app/stream-job.svelte'
import { doneShare } from '../app/window-job'

/** Judges an evaluation's answers by an endpoint. The job ends with the window that started it. */
export class JudgingJob {
  /** Progress; null while nothing is judged, and before the first verdict. */
  counts = $state.raw<JudgeProgress | null>(null)
  /** Number of these answers that had a verdict before, so that they are not sent again. */
  knownCount = $state(0)
  secondsLeft = $state<number | null>(null)
  outcome = $state.raw<{ progress: JudgeProgress; knownCount: number } | null>(null)
  /** The last settings in this window: an endpoint that never replied is not stored with the evaluation. */
  lastTried = $state.raw<{ evaluationId: string; settings: JudgeSettings } | null>(null)
  readonly job: StreamJob<JudgeEvent>

  /** @param judged called when an evaluation has new scores */
  constructor(
    private readonly project: OpenProject,
    private readonly judged: (evaluationId: string) => Promise<void>
  ) {
    this.job = new StreamJob<JudgeEvent>(project, {
      kind: 'judging',
      holdsEngine: 'Answers are being judged',
      describeProgress: () => {
        const { done, total } = this.counts ?? { done: 0, total: 1 }
        return { name: 'Judging', share: doneShare(done, total), secondsLeft: this.secondsLeft }
      }
    })
  }

  /**
   * Sends answers to the endpoint, as the user has confirmed.
   *
   * @param apiKey for this time only; it is kept nowhere
   */
  async start(evaluationId: string, settings: JudgeSettings, apiKey: string): Promise<void> {
    if (this.project.whyNot('judge') !== null) return
    this.lastTried = { evaluationId, settings }
    this.counts = null
    this.outcome = null
    this.secondsLeft = null
    let startedMs: number | null = null
    const { here, client } = this.project
    await this.job.run(
      (signal) =>
        client.evaluations.judge({ ...here, evaluationId, settings, ...(apiKey === '' ? {} : { apiKey }) }, { signal }),
      ({ type, progress }) => {
        // The first event counts the questions that earlier judgings have answered.
        if (startedMs === null && progress.total > 0) {
          startedMs = performance.now()
          this.knownCount = progress.done
        }
        this.counts = progress
        const newCount = progress.done - this.knownCount
        if (startedMs !== null && newCount > 0) {
          const seconds = (performance.now() - startedMs) / 1000
          this.secondsLeft = (seconds / newCount) * (progress.total - progress.done)
        }
        if (type === 'finished') this.outcome = { progress, knownCount: this.knownCount }
      }
    )
    this.counts = null
    // Each verdict is stored as it arrives, so a stopped or failed judging has results too.
    if (!this.project.left.aborted) await this.judged(evaluationId)
  }
}
