import { tQuantile } from '../model/t-quantile'
import { multimap } from '../model/multimap'

/** With fewer degrees of freedom than this, Student's t says next to nothing. */
const LEAST_FREEDOM = 3

/**
 * Half the width of the 95 % interval of a mean over the prompts of each category and then over categories: Student's t, with the
 * degrees of freedom of Welch (1947) and Satterthwaite (1946). A sweep asks it of thousands of models.
 *
 * @param categories of each prompt
 * @returns what tells it of the values of one model, by the prompt; undefined: it has none of that prompt. Null where a category
 *   has one value, whose spread is not known, and for too few values in all
 */
export function halfWidths(
  categories: readonly string[]
): (valueOf: (prompt: number) => number | undefined) => number | null {
  const promptsOf = multimap(categories.map((category, prompt) => [category, prompt]))
  return (valueOf) => {
    let [variance, lost, groups] = [0, 0, 0]
    for (const prompts of promptsOf.values()) {
      const values = prompts.map(valueOf).filter((value) => value !== undefined)
      if (values.length === 0) continue
      if (values.length === 1) return null
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
      const ofMean = squares / (values.length - 1) / values.length
      variance += ofMean
      lost += ofMean ** 2 / (values.length - 1)
      groups += 1
    }
    if (groups === 0) return null
    if (variance === 0) return 0
    const freedom = variance ** 2 / lost
    return freedom < LEAST_FREEDOM ? null : (tQuantile(freedom) * Math.sqrt(variance)) / groups
  }
}
