import { defaultSweepOf } from '../../../contract/documents/default-sweep'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import { scoreIn } from '../../../contract/documents/swept-model'
import type { Recipe } from '../../../contract/model/recipe'
import { weightsKey } from '../../../contract/model/model'
import type { EvaluationFinding, Verdict } from '../../../contract/documents/verdict'
import { verdictOf } from '../../../contract/words/verdict'
import { recipeCheck, type RecipeCheck } from '../../../contract/words/recipe-check'
import { selects, sweepFinding } from '../../../contract/words/sweep-finding'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import { type ReadSweep, readSweepAndCheck } from '../board/read-sweep'

/** The shown sweep and its data, which {@link SweepForCheck} uses if the sweep is by the character task. */
interface ShownSweepState {
  readonly sweep: ShownSweep | null
  readonly selection: ReadSweep['selection']
  readonly check: { readonly document: ReadSweep['check'] }
  readonly awaitsNewest: boolean
  readonly evaluated: { readonly current: EvaluationFinding | null; readonly isReading: boolean }
  readonly rho: number
}

/**
 * Finds the sweep whose full-answer check is shown beside recipes in lists. It is the shown sweep, or the newest sweep
 * by the character task if the shown sweep is by another task.
 */
export class SweepForCheck {
  private other = $state.raw<ReadSweep | null>(null)
  private readonly reading = new Latest<string>(() => this.project.left)
  /** True if {@link read} is another sweep than the shown one. */
  readonly isOther = $derived.by(() => this.view.sweep?.scoredBy.kind === 'task')
  private readonly shownRead = $derived.by<ReadSweep | null>(() => {
    const { sweep, selection, check } = this.view
    return sweep === null ? null : { sweep, selection, check: check.document }
  })
  /** The sweep with its check; null if there is no sweep by the character task. */
  readonly read = $derived.by<ReadSweep | null>(() => (this.isOther ? this.other : this.shownRead))
  readonly evidence = $derived.by(() => ({
    check: this.read?.check ?? null,
    rho: this.view.rho,
    selection: this.read?.selection ?? null
  }))

  constructor(
    private readonly project: OpenProject,
    private readonly view: ShownSweepState
  ) {
    project.onChange(({ document, sweeps, saved }, before) => {
      const isSame =
        document.settings.rho === before.document.settings.rho &&
        sweeps.map(({ id }) => id).join() === before.sweeps.map(({ id }) => id).join() &&
        saved.answerChecks === before.saved.answerChecks
      if (!isSame && this.isOther) void this.reload()
    })
  }

  /** Reads the newest sweep by the character task from disk, if it is needed. */
  async reload(): Promise<void> {
    const sweepId = this.isOther
      ? defaultSweepOf(this.project.state.sweeps.filter(({ scoredBy }) => scoredBy.kind === 'crc'))?.id
      : undefined
    if (sweepId === undefined) {
      this.reading.drop()
      this.other = null
      return
    }
    const read = await this.project.attempt(() =>
      this.reading.ask(sweepId, (signal) =>
        readSweepAndCheck(this.project, { sweepId, rhoNow: () => this.view.rho }, signal)
      )
    )
    if (read !== null) this.other = read.answer
  }

  /**
   * Returns the badges of a recipe in lists: one by the shown sweep if it is by a task, and one by the character task.
   */
  badgesOf(recipe: Recipe): RecipeCheck[] {
    if (this.isUnread) return [{ state: 'reading', label: 'reading…', words: 'The sweep is being read' }]
    const finding = this.findingBy(this.read, recipe)
    const byTask = this.isOther ? this.findingBy(this.shownRead, recipe) : null
    const checked = this.checkOf(recipe)
    if (byTask === null) return [finding ?? checked]
    if (finding === null && checked.state === 'unchecked') return [byTask]
    const byCharacters = finding ?? { ...checked, words: `on the character task: ${checked.words}` }
    return [
      { ...byTask, label: `task: ${byTask.label}` },
      { ...byCharacters, label: `characters: ${byCharacters.label}` }
    ]
  }

  /** True while no sweep is shown because the pair's default sweep is still being read. */
  private get isUnread(): boolean {
    return this.view.sweep === null && this.view.awaitsNewest
  }

  /** Returns the badge of a recipe that a sweep selects, by the sweep's verdict; null for other recipes. */
  private findingBy(read: ReadSweep | null, recipe: Recipe): RecipeCheck | null {
    if (read === null) return null
    const { sweep } = read
    return sweepFinding(
      { ...sweep, selection: read.selection },
      this.verdictOn(read, recipe),
      scoreIn(sweep, { kind: 'recipe', recipe })?.validity ?? null
    )
  }

  /**
   * Returns the verdict of a sweep if it selects the recipe, else null. The shown sweep's verdict uses its evaluation.
   */
  private verdictOn({ sweep, selection, check }: ReadSweep, recipe: Recipe): Verdict | null {
    if (selection === null || !selects({ ...sweep, selection }, recipe)) return null
    const isShown = sweep.id === this.view.sweep?.id
    const { current: evaluation, isReading } = isShown ? this.view.evaluated : { current: null, isReading: false }
    return verdictOf({ ...sweep, selection, check, evaluation, isReading })
  }

  /** Returns the result of a recipe in the sweep of the character task and its check. */
  checkOf(recipe: Recipe): RecipeCheck {
    return recipeCheck(this.evidence, recipe, this.validityOf(recipe))
  }

  /**
   * Returns a recipe's first-token validity, from the sweep or from a recipe kept from it or its search; null if
   * neither scored it.
   */
  private validityOf(recipe: Recipe): number | null {
    const sweep = this.read?.sweep
    if (sweep === undefined) return null
    const score = scoreIn(sweep, { kind: 'recipe', recipe })
    if (score !== null) return score.validity
    const key = weightsKey({ kind: 'recipe', recipe })
    const keptRecipe = this.project.state.document.recipes.find(
      (entry) => entry.sweepId === sweep.id && weightsKey({ kind: 'recipe', recipe: entry.recipe }) === key
    )
    return keptRecipe?.validity ?? null
  }
}
