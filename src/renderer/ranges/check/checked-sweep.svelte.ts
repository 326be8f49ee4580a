import { answeringSweep } from '../../../contract/documents/answering-sweep'
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

/** What is shown, of which {@link CheckedSweep} takes what is of the character task. */
interface Shown {
  readonly sweep: ShownSweep | null
  readonly selection: ReadSweep['selection']
  readonly check: { readonly document: ReadSweep['check'] }
  readonly rho: number
}

/**
 * The sweep by whose check recipes are marked wherever they can be chosen: the shown one; while that is scored by a task, the newest of
 * the character task.
 */
export class CheckedSweep {
  private other = $state.raw<ReadSweep | null>(null)
  private readonly reading: Latest<string>
  /** Whether it is another sweep than the shown one. */
  readonly isOther = $derived.by(() => this.shown.sweep?.scoredBy.kind === 'task')
  private readonly shownRead = $derived.by<ReadSweep | null>(() => {
    const { sweep, selection, check } = this.shown
    return sweep === null ? null : { sweep, selection, check: check.document }
  })
  /** Null where there is no sweep of the character task. */
  readonly read = $derived.by<ReadSweep | null>(() => (this.isOther ? this.other : this.shownRead))
  /** What it says of recipes. */
  readonly evidence = $derived.by(() => ({
    check: this.read?.check ?? null,
    rho: this.shown.rho,
    selection: this.read?.selection ?? null
  }))

  constructor(
    private readonly project: OpenProject,
    private readonly shown: Shown
  ) {
    this.reading = new Latest(project.left)
    project.onChange(({ document, sweeps, saved }, before) => {
      const isSame =
        document.settings.rho === before.document.settings.rho &&
        sweeps.map(({ id }) => id).join() === before.sweeps.map(({ id }) => id).join() &&
        saved.answerChecks === before.saved.answerChecks
      if (!isSame && this.isOther) void this.look()
    })
  }

  /** Reads the other sweep where one is needed, as it is now on disk. */
  async look(): Promise<void> {
    const sweepId = this.isOther
      ? answeringSweep(this.project.state.sweeps.filter(({ scoredBy }) => scoredBy.kind === 'crc'))?.id
      : undefined
    if (sweepId === undefined) {
      this.reading.drop()
      this.other = null
      return
    }
    const read = await this.project.attempt(() =>
      this.reading.ask(sweepId, (signal) =>
        readSweep(this.project, { sweepId, rhoNow: () => this.shown.rho }, signal)
      )
    )
    if (read !== null) this.other = read.answer
  }

  /** What is said of a recipe where it can be chosen: first by the shown sweep, where that is scored by a task, then by the character task. */
  marksOf(recipe: Recipe): RecipeCheck[] {
    const found = this.foundBy(this.read, recipe)
    const checked = this.of(recipe)
    const byTask = this.isOther ? this.foundBy(this.shownRead, recipe) : null
    const byCharacters = found === null ? [] : [found]
    if (byTask === null) return [...byCharacters, checked]
    const told = { ...checked, words: `on the character task: ${checked.words}` }
    const others = checked.state === 'unchecked' ? byCharacters : [...byCharacters, told]
    if (others.length === 0) return [byTask]
    return [
      { ...byTask, label: `task: ${byTask.label}` },
      ...others.map((other) => ({ ...other, label: `characters: ${other.label}` }))
    ]
  }

  /** What a sweep holds against the range that it selects, and one by a task against others. */
  private foundBy(read: ReadSweep | null, recipe: Recipe): RecipeCheck | null {
    if (read === null || read.selection === null) return null
    const { sweep, selection, check } = read
    const found = { ...sweep, selection, headline: headline({ ...sweep, selection, check }) }
    return sweepFinding(
      found,
      selects(found, recipe),
      scoreIn(sweep, { kind: 'recipe', recipe })?.validity ?? null
    )
  }

  /** What the sweep of the character task and its check say of a recipe. */
  of(recipe: Recipe): RecipeCheck {
    return recipeCheck(this.evidence, recipe, this.validityOf(recipe))
  }

  /** By first tokens, in the sweep or when it was kept from it or a search of it; null where neither scored it. */
  private validityOf(recipe: Recipe): number | null {
    const sweep = this.read?.sweep
    if (sweep === undefined) return null
    const score = scoreIn(sweep, { kind: 'recipe', recipe })
    if (score !== null) return score.validity
    const wanted = weightsKey({ kind: 'recipe', recipe })
    const kept = this.project.state.document.recipes.find(
      (one) => one.sweepId === sweep.id && weightsKey({ kind: 'recipe', recipe: one.recipe }) === wanted
    )
    return kept?.validity ?? null
  }
}
