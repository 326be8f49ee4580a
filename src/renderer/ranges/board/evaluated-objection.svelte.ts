import type { EvaluationObjection } from '../../../contract/documents/evaluation'
import type { Selection } from '../../../contract/documents/crc'
import type { Restoring } from '../../../contract/model/model'
import type { Recipe, RestorationRange } from '../../../contract/model/recipe'
import { selects } from '../../../contract/words/sweep-finding'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/** What the pair's newest evaluation that holds the selected range has against it, whichever evaluation or step is shown. */
export class EvaluatedObjection {
  private readonly asked: Latest<string>
  private askedFor: string | null = null
  private answer = $state.raw<{ to: string; objection: EvaluationObjection | null } | null>(null)

  /** What is asked, and all that may change the answer: what is selected, and the evaluations with what a judge says of them. */
  private readonly question = $derived.by<string | null>(() => {
    const range = this.shown.shownSelection?.selected ?? null
    const sweepId = this.shown.sweep?.id
    const { evaluations, running } = this.project.state
    if (range === null || sweepId === undefined || evaluations.length === 0) return null
    const known = evaluations.map(({ id, answerCount }) => [id, answerCount])
    return JSON.stringify([sweepId, range, known, running.includes('judging')])
  })
  /** Null where it has nothing against it for sure, and until that is known. */
  readonly current = $derived.by(
    () => (this.answer?.to === this.question ? this.answer?.objection : null) ?? null
  )

  constructor(
    private readonly project: OpenProject,
    private readonly shown: {
      readonly sweep: (Restoring & { readonly id: string }) | null
      readonly shownSelection: Selection | null
    }
  ) {
    this.asked = new Latest(project.left)
  }

  /** Asks again where what is shown, or what was evaluated, has changed. */
  want(): void {
    const { question } = this
    if (question === this.askedFor) return
    this.askedFor = question
    const range = this.shown.shownSelection?.selected ?? null
    const sweepId = this.shown.sweep?.id
    if (question === null || range === null || sweepId === undefined) this.asked.drop()
    else void this.ask(question, { sweepId, range })
  }

  /** What it has against a recipe that is the selected range; of others it is not asked. */
  against(recipe: Recipe): EvaluationObjection | null {
    const { sweep, shownSelection: selection } = this.shown
    return sweep !== null && selects({ ...sweep, selection }, recipe) ? this.current : null
  }

  private async ask(question: string, about: { sweepId: string; range: RestorationRange }): Promise<void> {
    const { here, client } = this.project
    // Why an evaluation cannot be read is said where it is shown.
    const found = await this.asked
      .ask(question, (signal) => client.evaluations.objectionTo({ ...here, ...about }, { signal }))
      .catch(() => null)
    if (found !== null) this.answer = { to: question, objection: found.answer }
  }
}
