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

/** By one sweep, and by its check of whole answers; a task's scores are of them. */
function doubtsBy(recipe: Measured['recipe'], each: CardScores): string[] {
  const { scoredBy, selection, check, found } = each
  const evidence = { check, rho: selection.rho, selection }
  const { validity } = each.recipe
  const bySweep = sweepFinding(
    { scoredBy, selection, headline: found?.headline ?? null },
    found !== null,
    validity
  )
  const byCheck = scoredBy.kind === 'task' ? null : recipeCheck(evidence, recipe, validity)
  return [bySweep, byCheck].flatMap((mark) => {
    if (mark === null) return []
    if (mark.state === 'unchecked') return [`${recipe.name}: ${mark.words}`]
    return recipeDoubt(recipe, mark, evidence) ?? []
  })
}
