import type { Selection } from '../../../contract/documents/crc'
import type { EvaluationFinding } from '../../../contract/documents/verdict'
import type { RestorationSource } from '../../../contract/model/model'
import type { RestorationRange } from '../../../contract/model/recipe'
import { complaintOf } from '../../ui/complaint'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/** Reads the finding of the newest evaluation of the selected range, also while another step or evaluation is shown. */
export class EvaluatedRange {
  private readonly request = new Latest<string>(() => this.project.left)
  private askedFor: string | null = null
  private answer = $state.raw<{ to: string; finding: EvaluationFinding | null } | null>(null)

  /** The selected range and its sweep; null if no evaluation of the range can exist. */
  private readonly subject = $derived.by<{ sweepId: string; range: RestorationRange } | null>(() => {
    const range = this.view.numbers.selection?.selected ?? null
    const sweepId = this.view.sweep?.id
    return range === null || sweepId === undefined || this.finished.length === 0 ? null : { sweepId, range }
  })
  /** Ids of the complete evaluations. Incomplete evaluations have no finding about a range. */
  private readonly finished = $derived.by(() =>
    this.project.state.evaluations
      .filter(({ answerCount, answerTotal }) => answerCount >= answerTotal)
      .map(({ id }) => id)
  )
  /** Text that differs whenever the finding may differ, except by a running evaluation; null without a range. */
  private readonly question = $derived.by(() => {
    const isJudged = this.project.state.running.includes('judging')
    return this.subject === null ? null : JSON.stringify([this.subject, this.finished, isJudged])
  })
  /** The finding; null if there is none, and until it is read. */
  readonly current = $derived.by(() => (this.answer?.to === this.question ? this.answer?.finding : null) ?? null)
  /** True while an evaluation may exist that is not read yet. */
  readonly isReading = $derived.by(() => this.question !== null && this.answer?.to !== this.question)

  constructor(
    private readonly project: OpenProject,
    private readonly view: {
      readonly sweep: (RestorationSource & { readonly id: string }) | null
      readonly numbers: { readonly selection: Selection | null }
    }
  ) {}

  /** Reads the finding again if the selected range, the evaluations or the connection have changed. */
  refresh(): void {
    const { subject, question, project } = this
    if (subject === null || question === null || !project.connected) {
      this.askedFor = null
      this.request.drop()
      return
    }
    // The finding may change when an evaluation ends, because its answers are scored at the end.
    const requestKey = `${question} ${project.state.running.includes('evaluation')}`
    if (requestKey === this.askedFor) return
    this.askedFor = requestKey
    void this.ask(question, subject)
  }

  private async ask(question: string, about: { sweepId: string; range: RestorationRange }): Promise<void> {
    const { here, client } = this.project
    // An error is not shown here, because the Evaluate view shows it with the evaluation.
    const read = await this.request
      .ask(question, (signal) => client.evaluations.findingOf({ ...here, ...about }, { signal }))
      .catch((error: unknown) => (complaintOf(error).code === 'lost' ? null : { answer: null }))
    if (read !== null) this.answer = { to: question, finding: read.answer }
  }
}
