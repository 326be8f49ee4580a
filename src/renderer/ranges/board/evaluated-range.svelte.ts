import type { Selection } from '../../../contract/documents/crc'
import type { EvaluationFinding } from '../../../contract/documents/verdict'
import type { Restoring } from '../../../contract/model/model'
import type { RestorationRange } from '../../../contract/model/recipe'
import { complaintOf } from '../../ui/complaint'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/** The newest evaluation of the selected range, whichever evaluation or step is shown. */
export class EvaluatedRange {
  private readonly request: Latest<string>
  private askedFor: string | null = null
  private answer = $state.raw<{ to: string; finding: EvaluationFinding | null } | null>(null)

  /** The selected range and its sweep. Null where no finished evaluation can have asked the range. */
  private readonly subject = $derived.by<{ sweepId: string; range: RestorationRange } | null>(() => {
    const range = this.view.numbers.selection?.selected ?? null
    const sweepId = this.view.sweep?.id
    return range === null || sweepId === undefined || this.finished.length === 0 ? null : { sweepId, range }
  })
  /** Ids of the evaluations with all their answers. The others say nothing about a range. */
  private readonly finished = $derived.by(() =>
    this.project.state.evaluations
      .filter(({ answerCount, answerTotal }) => answerCount >= answerTotal)
      .map(({ id }) => id)
  )
  /** Key of everything that can change the finding, except the progress of a running evaluation. Null for no range. */
  private readonly question = $derived.by(() => {
    const isJudged = this.project.state.running.includes('judging')
    return this.subject === null ? null : JSON.stringify([this.subject, this.finished, isJudged])
  })
  /** Null for none, and until it is read. */
  readonly current = $derived.by(() => (this.answer?.to === this.question ? this.answer?.finding : null) ?? null)
  /** True while an evaluation may exist that is not read yet. */
  readonly isReading = $derived.by(() => this.question !== null && this.answer?.to !== this.question)

  constructor(
    private readonly project: OpenProject,
    private readonly view: {
      readonly sweep: (Restoring & { readonly id: string }) | null
      readonly numbers: { readonly selection: Selection | null }
    }
  ) {
    this.request = new Latest(project.left)
  }

  /** Asks again where the selected range, the evaluations or the connection have changed. */
  refresh(): void {
    const { subject, question, project } = this
    if (subject === null || question === null || !project.connected) {
      this.askedFor = null
      this.request.drop()
      return
    }
    // An evaluation is scored after its last answer, and ends then.
    const requestKey = `${question} ${project.state.running.includes('evaluation')}`
    if (requestKey === this.askedFor) return
    this.askedFor = requestKey
    void this.ask(question, subject)
  }

  private async ask(question: string, about: { sweepId: string; range: RestorationRange }): Promise<void> {
    const { here, client } = this.project
    // The reason why an evaluation cannot be read is shown with that evaluation.
    const read = await this.request
      .ask(question, (signal) => client.evaluations.findingOf({ ...here, ...about }, { signal }))
      .catch((error: unknown) => (complaintOf(error).code === 'lost' ? null : { answer: null }))
    if (read !== null) this.answer = { to: question, finding: read.answer }
  }
}
