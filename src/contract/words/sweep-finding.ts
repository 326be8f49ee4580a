import type { Selection } from '../documents/crc'
import type { Headline, HeadlineState } from '../documents/headline'
import type { ScoredByBrief } from '../documents/scored-by'
import { type Restoring, sweptRangeModel, weightsKey } from '../model/model'
import type { Recipe } from '../model/recipe'
import { formatScore } from './format'
import { headlineSentence, stateLabel } from './headline'
import type { RecipeCheck } from './recipe-check'
import { strongestBaseline } from './baseline-words'
import { scoredByName, scoreWords } from './score-words'

/** A sweep, and what it says of the range that it selects. */
interface Found {
  scoredBy: ScoredByBrief
  selection: Selection | null
  /** Null where that is not known, or not asked. */
  headline: Headline | null
}

/** What speaks against a range that a sweep selects, or against what its prompts can tell, whatever whole answers are. */
const IN_DOUBT: readonly HeadlineState[] = ['unstable', 'guess', 'not-worth-it', 'unfit-prompts']

/** Whether a recipe is the range that a sweep selects. */
export function selects(sweep: Restoring & Pick<Found, 'selection'>, recipe: Recipe): boolean {
  const selected = sweep.selection?.selected ?? null
  if (selected === null) return false
  return weightsKey(sweptRangeModel(selected, sweep)) === weightsKey({ kind: 'recipe', recipe })
}

/**
 * What a sweep says of a recipe, for its badge: of the range that it selects what its headline says, by a task also of others that they
 * keep too little, for its scores are of whole answers already. By the character task `recipeCheck` says what whole answers are: here is
 * only what the headline holds against the range beside that.
 *
 * @param isSelected whether the recipe is the range that the sweep selects
 * @param precision of the recipe in a sweep by a task; null where it was not scored there
 * @returns null where it says neither
 */
export function sweepFinding(
  { scoredBy, selection, headline }: Found,
  isSelected: boolean,
  precision: number | null
): RecipeCheck | null {
  if (selection === null) return null
  const isTask = scoredBy.kind === 'task'
  const by = isTask ? `by the task “${scoredByName(scoredBy)}”` : 'by the character task'
  if (isSelected) {
    if (headline === null || (!isTask && !IN_DOUBT.includes(headline.state))) return null
    const label = stateLabel(headline.state, strongestBaseline(selection))
    return { state: headline.state, label, words: `${by}: ${headlineSentence(headline)}` }
  }
  const { minimumValidity } = selection
  if (!isTask || precision === null || precision >= minimumValidity) return null
  const { validity } = scoreWords(scoredBy)
  const words = `${by} below the limit: ${validity} ${formatScore(precision)}, of ${formatScore(minimumValidity)}`
  return { state: 'below', label: 'below the limit', words }
}
