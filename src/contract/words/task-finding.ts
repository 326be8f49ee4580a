import type { Selection } from '../documents/crc'
import type { ShownSweep } from '../documents/shown-sweep'
import { scoreIn } from '../documents/swept-model'
import { sweptRangeModel, weightsKey } from '../model/model'
import type { Recipe } from '../model/recipe'
import { formatScore } from './format'
import { headline, headlineSentence, stateLabel } from './headline'
import type { RecipeCheck } from './recipe-check'
import { strongestRival } from './rival-words'
import { scoredByName, scoreWords } from './score-words'

/**
 * What a sweep by a task says of a recipe, for its badge: of the range that it selects what its headline says, of others that they
 * keep too little. Its scores are of whole answers already, so there is nothing to check.
 *
 * @returns null where it says neither, and for a sweep of the character task
 */
export function taskFinding(sweep: ShownSweep, selection: Selection, recipe: Recipe): RecipeCheck | null {
  const { scoredBy } = sweep
  if (scoredBy.kind === 'crc') return null
  const model = { kind: 'recipe', recipe } as const
  const by = `by the task “${scoredByName(scoredBy)}”`
  const { selected, minimumValidity } = selection
  if (selected !== null && weightsKey(sweptRangeModel(selected, sweep)) === weightsKey(model)) {
    const found = headline({ ...sweep, selection, check: null })
    const label = stateLabel(found.state, strongestRival(selection))
    return { state: found.state, label, words: `${by}: ${headlineSentence(found)}` }
  }
  const score = scoreIn(sweep, model)
  if (score === null || score.validity >= minimumValidity) return null
  const { validity } = scoreWords(scoredBy)
  const words = `${by} below the limit: ${validity} ${formatScore(score.validity)}, of ${formatScore(minimumValidity)}`
  return { state: 'below', label: 'below the limit', words }
}
