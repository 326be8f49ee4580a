import { tQuantile } from '../model/t-quantile'
import { multimap } from '../model/multimap'

/** Minimum degrees of freedom. With fewer, intervals by Student's t are too wide to be useful. */
const MIN_FREEDOM = 3

/**
 * Prepares 95 % intervals of means over prompts and then categories, by Student's t with the degrees of freedom of
 * Welch (1947) and Satterthwaite (1946).
 *
 * @param categories category of each prompt
 * @returns a function that computes half the width of the interval of one model. Its argument returns the model's value
 *   on a prompt, or undefined for a prompt without a value. It returns null if the values are too few
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
