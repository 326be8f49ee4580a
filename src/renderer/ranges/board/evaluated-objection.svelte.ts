import type { EvaluationObjection } from '../../../contract/documents/evaluation'
import type { Selection } from '../../../contract/documents/crc'
import type { Restoring } from '../../../contract/model/model'
import type { Recipe, RestorationRange } from '../../../contract/model/recipe'
import { selects } from '../../../contract/words/sweep-finding'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'

/**
 * Loads the objection of the newest evaluation of the pair that includes the selected range. It is independent of the
 * evaluation or step shown.
 */
export class EvaluatedObjection {
  private readonly latest: Latest<string>
  private loadedQuestion: string | null = null
  private answer = $state.raw<{ to: string; objection: EvaluationObjection | null } | null>(null)

  /**
   * Key of the request: the selected range, and the evaluations with their judge's state. Any change of these may
   * change the objection.
   */
  private readonly question = $derived.by<string | null>(() => {
    const range = this.view.shownSelection?.selected ?? null
    const sweepId = this.view.sweep?.id
    const { evaluations, running } = this.project.state
    if (range === null || sweepId === undefined || evaluations.length === 0) return null
    const evaluationState = evaluations.map(({ id, answerCount }) => [id, answerCount])
    return JSON.stringify([sweepId, range, evaluationState, running.includes('judging')])
  })
  /** The objection; null if the evaluation has no certain one, or has not answered yet. */
  readonly current = $derived.by(
    () => (this.answer?.to === this.question ? this.answer?.objection : null) ?? null
  )

  constructor(
    private readonly project: OpenProject,
    private readonly view: {
      readonly sweep: (Restoring & { readonly id: string }) | null
      readonly shownSelection: Selection | null
    }
  ) {
    this.latest = new Latest(project.left)
  }

  /** Loads the objection again if the selection or the evaluations have changed. */
  want(): void {
    const { question } = this
    if (question === this.loadedQuestion) return
    this.loadedQuestion = question
    const range = this.view.shownSelection?.selected ?? null
    const sweepId = this.view.sweep?.id
    if (question === null || range === null || sweepId === undefined) this.latest.drop()
    else void this.ask(question, { sweepId, range })
  }

  /** Returns the objection to a recipe that equals the selected range; null for other recipes. */
  against(recipe: Recipe): EvaluationObjection | null {
    const { sweep, shownSelection: selection } = this.view
    return sweep !== null && selects({ ...sweep, selection }, recipe) ? this.current : null
  }

  private async ask(question: string, about: { sweepId: string; range: RestorationRange }): Promise<void> {
    const { here, client } = this.project
    // The view of the evaluation reports why it cannot be read.
    const answered = await this.latest
      .ask(question, (signal) => client.evaluations.objectionTo({ ...here, ...about }, { signal }))
      .catch(() => null)
    if (answered !== null) this.answer = { to: question, objection: answered.answer }
  }
}
