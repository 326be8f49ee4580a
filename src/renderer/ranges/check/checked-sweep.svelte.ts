import { defaultSweepOf } from '../../../contract/documents/answering-sweep'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import { scoreIn } from '../../../contract/documents/swept-model'
import type { Recipe } from '../../../contract/model/recipe'
import { weightsKey } from '../../../contract/model/model'
import { headline } from '../../../contract/words/headline'
import { recipeCheck, type RecipeCheck } from '../../../contract/words/recipe-check'
import { selects, sweepFinding } from '../../../contract/words/sweep-finding'
import { Latest } from '../../app/latest.svelte'
import type { OpenProject } from '../../app/open-project.svelte'
import { type ReadSweep, readSweep } from '../board/read-sweep'

/** The shown data that {@link CheckedSweep} uses if it is of the character task. */
interface ShownSweepState {
  readonly sweep: ShownSweep | null
  readonly selection: ReadSweep['selection']
  readonly check: { readonly document: ReadSweep['check'] }
  readonly rho: number
}

/**
 * Finds the sweep whose check applies to recipes wherever they can be chosen. That is the shown sweep, or the newest
 * sweep of the character task if the shown one is scored by a task.
 */
export class CheckedSweep {
  private other = $state.raw<ReadSweep | null>(null)
  private readonly reading: Latest<string>
  /** True if the sweep is not the shown one. */
  readonly isOther = $derived.by(() => this.view.sweep?.scoredBy.kind === 'task')
  private readonly shownRead = $derived.by<ReadSweep | null>(() => {
    const { sweep, selection, check } = this.view
    return sweep === null ? null : { sweep, selection, check: check.document }
  })
  /** The sweep; null if there is none of the character task. */
  readonly read = $derived.by<ReadSweep | null>(() => (this.isOther ? this.other : this.shownRead))
  /** Evidence of the sweep about recipes. */
  readonly evidence = $derived.by(() => ({
    check: this.read?.check ?? null,
    rho: this.view.rho,
    selection: this.read?.selection ?? null
  }))

  constructor(
    private readonly project: OpenProject,
    private readonly view: ShownSweepState
  ) {
    this.reading = new Latest(project.left)
    project.onChange(({ document, sweeps, saved }, before) => {
      const isSame =
        document.settings.rho === before.document.settings.rho &&
        sweeps.map(({ id }) => id).join() === before.sweeps.map(({ id }) => id).join() &&
        saved.answerChecks === before.saved.answerChecks
      if (!isSame && this.isOther) void this.reload()
    })
  }

  /** Reads the other sweep from disk if one is needed. */
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
        readSweep(this.project, { sweepId, rhoNow: () => this.view.rho }, signal)
      )
    )
    if (read !== null) this.other = read.answer
  }

  /**
   * Returns the findings about a recipe. If the shown sweep is scored by a task, its finding comes first, followed by
   * those of the character task.
   */
  marksOf(recipe: Recipe): RecipeCheck[] {
    const finding = this.findingOf(this.read, recipe)
    const checked = this.checkOf(recipe)
    const byTask = this.isOther ? this.findingOf(this.shownRead, recipe) : null
    const byCharacters = finding === null ? [] : [finding]
    if (byTask === null) return [...byCharacters, checked]
    const labelled = { ...checked, words: `on the character task: ${checked.words}` }
    const others = checked.state === 'unchecked' ? byCharacters : [...byCharacters, labelled]
    if (others.length === 0) return [byTask]
    return [
      { ...byTask, label: `task: ${byTask.label}` },
      ...others.map((other) => ({ ...other, label: `characters: ${other.label}` }))
    ]
  }

  /** Returns a sweep's objection to the range that it selects. A sweep by a task may object to other recipes too. */
  private findingOf(read: ReadSweep | null, recipe: Recipe): RecipeCheck | null {
    if (read === null || read.selection === null) return null
    const { sweep, selection, check } = read
    const withHeadline = { ...sweep, selection, headline: headline({ ...sweep, selection, check }) }
    return sweepFinding(
      withHeadline,
      selects(withHeadline, recipe),
      scoreIn(sweep, { kind: 'recipe', recipe })?.validity ?? null
    )
  }

  /** Returns the result of the character task's sweep and check for a recipe. */
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
