import { tQuantile } from '../model/t-quantile'
import { multimap } from '../model/multimap'

/** Minimum degrees of freedom. Below it, Student's t gives almost no information. */
const MIN_FREEDOM = 3

/**
 * Returns a function that computes half the width of a 95 % interval. The interval is for a mean over the prompts of
 * each category and then over categories. It uses Student's t with the degrees of freedom of Welch (1947) and
 * Satterthwaite (1946). A sweep calls the returned function for thousands of models.
 * @param categories category of each prompt
 * @returns a function whose argument gives one model's value for each prompt, or undefined for no value. Its result is
 * null if the spread is unknown because a category has only one value, or if there are too few values overall
 */
export function halfWidths(
  categories: readonly string[]
): (valueOf: (prompt: number) => number | undefined) => number | null {
  const promptsOf = multimap(categories.map((category, prompt) => [category, prompt]))
  return (valueOf) => {
    let [variance, weightedSquares, groups] = [0, 0, 0]
    for (const prompts of promptsOf.values()) {
      const values = prompts.map(valueOf).filter((value) => value !== undefined)
      if (values.length === 0) continue
      if (values.length === 1) return null
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
      const meanVariance = squares / (values.length - 1) / values.length
      variance += meanVariance
      weightedSquares += meanVariance ** 2 / (values.length - 1)
      groups += 1
    }
    if (groups === 0) return null
    if (variance === 0) return 0
    const freedom = variance ** 2 / weightedSquares
    return freedom < MIN_FREEDOM ? null : (tQuantile(freedom) * Math.sqrt(variance)) / groups
  }
}
