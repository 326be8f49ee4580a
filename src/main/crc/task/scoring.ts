import { countedScores, type CountedPrompt } from '../../../contract/documents/counted-scores'
import type { CategoryScore, PromptScore, Score, TaskMeasures } from '../../../contract/documents/crc'
import { elementAt } from '../../../contract/model/look-up'
import { multimap } from '../../../contract/model/multimap'
import { mean, sum } from '../../base/sums'

/**
 * Scores a prompt (Zhang, Wang, Soh, arXiv 2602.06665). Validity Q is the sum of p(c) over the valid set V. Diversity
 * is H(p / Q) / log |V|, where H is the entropy, and effective choices are exp(H). H is 0 at Q = 0.
 * @param probabilities p(c) of each valid answer c; 0 for an answer that no token can give
 */
export function scorePrompt(probabilities: readonly number[]): PromptScore {
  const total = sum(probabilities)
  let entropy = 0
  if (total > 0) {
    for (const probability of probabilities) {
      const share = probability / total
      if (share > 0) entropy -= share * Math.log(share)
    }
  }
  // A single certain answer gives -0 or a rounding error below 0.
  entropy = Math.max(0, entropy)
  return {
    // Probabilities in single precision may sum to a little more than 1.
    validity: Math.min(1, total),
    diversity: Math.min(1, entropy / Math.log(probabilities.length)),
    effectiveChoices: Math.exp(entropy),
    probabilities: probabilities.map((probability) => Math.min(1, probability))
  }
}

/**
 * Averages scores over the prompts of a category, then over categories. If one task is kept and another regained,
 * each measure is averaged over the prompts of the task that decides it.
 * @param prompts parallel to `scores`
 */
export function averageScores(prompts: readonly CountedPrompt[], scores: readonly PromptScore[]): Score {
  const counted = countedScores(prompts, scores)
  const categories = meansByCategory(prompts, scores)
  const decided = counted === scores ? categories : meansByCategory(prompts, counted)
  const means = meansOf(decided.map((category) => category.means))
  // These measures are undefined for two tasks.
  const taskMeans = counted === scores ? means : { ...means, distinctRight: undefined, coverage: undefined }
  return {
    ...taskMeans,
    categories: Object.fromEntries(
      categories.map(({ category, means: { validity, diversity } }): [string, CategoryScore] => [
        category,
        { validity, diversity }
      ])
    ),
    prompts: [...scores]
  }
}

function meansByCategory(
  prompts: readonly CountedPrompt[],
  scores: readonly Measured[]
): { category: string; means: Measured }[] {
  const byCategory = multimap(scores.map((score, index) => [elementAt(prompts, index, 'prompt').category, score]))
  return [...byCategory].map(([category, list]) => ({ category, means: meansOf(list) }))
}

/** The measures of a prompt, which can be averaged. */
type Measured = Omit<PromptScore, 'probabilities'>

function meansOf(scores: readonly Measured[]): Measured {
  return {
    validity: mean(scores.map((score) => score.validity)),
    diversity: mean(scores.map((score) => score.diversity)),
    effectiveChoices: mean(scores.map((score) => score.effectiveChoices)),
    ...taskMeansOf(scores)
  }
}

/** Averages the measures of a task. Empty for scores of the character task. */
function taskMeansOf(scores: readonly Partial<TaskMeasures>[]): Partial<TaskMeasures> {
  if (scores[0]?.precision === undefined) return {}
  const meanOf = (measure: keyof TaskMeasures): number => mean(scores.map((score) => score[measure] ?? NaN))
  return {
    precision: meanOf('precision'),
    distinctRight: meanOf('distinctRight'),
    coverage: meanOf('coverage'),
    effectiveAnswers: meanOf('effectiveAnswers'),
    continued: meanOf('continued')
  }
}
