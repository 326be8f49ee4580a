import type { Selection } from '../documents/crc'
import type { Headline } from '../documents/headline'
import type { ScoredByBrief } from '../documents/scored-by'
import { type Restoring, sweptRangeModel, weightsKey } from '../model/model'
import type { Recipe } from '../model/recipe'
import { formatScore } from './format'
import { headlineSentence, stateLabel } from './headline'
import type { RecipeCheck } from './recipe-check'
import { strongestRival } from './rival-words'
import { scoredByName, scoreWords } from './score-words'

/** A sweep, and what it says of the range that it selects. */
interface Found extends Restoring {
  scoredBy: ScoredByBrief
  selection: Selection | null
  headline: Headline | null
}

/**
 * What a sweep by a task says of a recipe, for its badge: of the range that it selects what its headline says, of others that they
 * keep too little. Its scores are of whole answers already, so there is nothing to check.
 *
 * @param precision of the recipe in the sweep; null where it was not scored there
 * @returns null where it says neither, and for a sweep of the character task
 */
export function taskFinding(sweep: Found, recipe: Recipe, precision: number | null): RecipeCheck | null {
  const { scoredBy, selection, headline } = sweep
  if (scoredBy.kind === 'crc' || selection === null || headline === null) return null
  const by = `by the task “${scoredByName(scoredBy)}”`
  const { selected, minimumValidity } = selection
  const isSelected =
    selected !== null &&
    weightsKey(sweptRangeModel(selected, sweep)) === weightsKey({ kind: 'recipe', recipe })
  if (isSelected) {
    const label = stateLabel(headline.state, strongestRival(selection))
    return { state: headline.state, label, words: `${by}: ${headlineSentence(headline)}` }
  }
  if (precision === null || precision >= minimumValidity) return null
  const { validity } = scoreWords(scoredBy)
  const words = `${by} below the limit: ${validity} ${formatScore(precision)}, of ${formatScore(minimumValidity)}`
  return { state: 'below', label: 'below the limit', words }
}
