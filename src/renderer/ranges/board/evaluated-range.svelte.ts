import type { Selection } from '../../../contract/documents/crc'
import type { EvaluationFinding } from '../../../contract/documents/verdict'
import type { Restoring } from '../../../contract/model/model'
import type { RestorationRange } from '../../../contract/model/recipe'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/** The newest evaluation of the selected range, whichever evaluation or step is shown. */
export class EvaluatedRange {
  private readonly asked: Latest<string>
  private askedFor: string | null = null
  private answer = $state.raw<{ to: string; finding: EvaluationFinding | null } | null>(null)

  /** All that may change the answer: the selected range, and the evaluations with their judges; null where none can have it. */
  private readonly question = $derived.by<string | null>(() => {
    const range = this.view.shown.selection?.selected ?? null
    const sweepId = this.view.sweep?.id
    const { evaluations, running } = this.project.state
    if (range === null || sweepId === undefined || evaluations.length === 0) return null
    const progress = evaluations.map(({ id, answerCount }) => [id, answerCount])
    return JSON.stringify([sweepId, range, progress, running.includes('judging')])
  })
  /** Null for none, and until it is read. */
  readonly current = $derived.by(
    () => (this.answer?.to === this.question ? this.answer?.finding : null) ?? null
  )
  /** Whether an evaluation may exist that is not read yet: until then nothing is praised. */
  readonly isReading = $derived.by(() => this.question !== null && this.answer?.to !== this.question)

  constructor(
    private readonly project: OpenProject,
    private readonly view: {
      readonly sweep: (Restoring & { readonly id: string }) | null
      readonly shown: { readonly selection: Selection | null }
    }
  ) {
    this.asked = new Latest(project.left)
  }

  /** Asks again where the selected range or the evaluations have changed. */
  want(): void {
    const { question } = this
    if (question === this.askedFor) return
    this.askedFor = question
    const range = this.view.shown.selection?.selected ?? null
    const sweepId = this.view.sweep?.id
    if (question === null || range === null || sweepId === undefined) this.asked.drop()
    else void this.ask(question, { sweepId, range })
  }

  private async ask(question: string, about: { sweepId: string; range: RestorationRange }): Promise<void> {
    const { here, client } = this.project
    // The reason why an evaluation cannot be read is shown with that evaluation.
    const found = await this.asked
      .ask(question, (signal) => client.evaluations.findingOf({ ...here, ...about }, { signal }))
      .catch(() => ({ answer: null }))
    if (found !== null) this.answer = { to: question, finding: found.answer }
  }
}
