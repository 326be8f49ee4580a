import { tQuantile } from '../model/t-quantile'

/** With fewer degrees of freedom than this, Student's t says next to nothing. */
const LEAST_FREEDOM = 3

/**
 * Half the width of the 95 % interval of a mean over the prompts of each category and then over categories: Student's t, with the
 * degrees of freedom of Welch (1947) and Satterthwaite (1946).
 *
 * @param values one of each prompt
 * @returns null where a category has one prompt, whose spread is not known, and for too few prompts in all
 */
export function halfWidth(values: readonly { category: string; value: number }[]): number | null {
  const groups = new Map<string, number[]>()
  for (const { category, value } of values) {
    const group = groups.get(category)
    if (group === undefined) groups.set(category, [value])
    else group.push(value)
  }
  let variance = 0
  let lost = 0
  for (const group of groups.values()) {
    if (group.length < 2) return null
    const mean = group.reduce((sum, value) => sum + value, 0) / group.length
    const squares = group.reduce((sum, value) => sum + (value - mean) ** 2, 0)
    const ofMean = squares / (group.length - 1) / group.length
    variance += ofMean
    lost += ofMean ** 2 / (group.length - 1)
  }
  if (groups.size === 0) return null
  if (variance === 0) return 0
  const freedom = variance ** 2 / lost
  return freedom < LEAST_FREEDOM ? null : (tQuantile(freedom) * Math.sqrt(variance)) / groups.size
}
