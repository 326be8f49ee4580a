import { verdictSentence } from '../../contract/words/evaluation-verdict'
import { recipeCheck } from '../../contract/words/recipe-check'
import { recipeDoubt } from '../../contract/words/recipe-doubt'
import { sweepFinding } from '../../contract/words/sweep-finding'
import type { CardScores, Measured } from './card-measurements'

/** What was measured that speaks against the model that is exported, as sentences without their full stops: the card has them at length. */
export const measuredDoubts = ({ recipe, scores, evaluations }: Measured): string[] => [
  ...scores.flatMap((each) => doubtsBy(recipe, each)),
  ...evaluations.flatMap((found) =>
    found.good === false ? [`${recipe.name}, evaluated on ${found.task}: ${verdictSentence(found)}`] : []
  )
]

/** By one sweep, and by its full-answer check; a task's scores are of full answers. */
function doubtsBy(
  recipe: Measured['recipe'],
  { scoredBy, selection, check, found, ...each }: CardScores
): string[] {
  const { validity } = each.recipe
  const bySweep = sweepFinding({ scoredBy, selection }, found?.verdict ?? null, validity)
  const byCheck =
    scoredBy.kind === 'task' || bySweep !== null
      ? null
      : recipeCheck({ check, rho: selection.rho, selection }, recipe, validity)
  return [bySweep, byCheck].flatMap((mark) => {
    if (mark === null) return []
    if (mark.state === 'unchecked') return [`${recipe.name}: ${mark.words.replace(/\.$/, '')}`]
    return recipeDoubt(recipe, mark) ?? []
  })
}
