import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { elementAt } from '../../../contract/model/look-up'

/** Number of random draws of prompts that are compared. The best of a few hundred is close to the best of all. */
const DRAWS = 300

/** Prompts of a sweep, of which a preview scores all models on a few. */
interface ChoiceOfPrompts {
  /** Indices of the prompts of each category. */
  categories: readonly (readonly number[])[]
  /** Exact scores that a draw should represent, [score of a reference model][prompt]; empty before any is known. */
  known: readonly (readonly number[])[]
  /** Counts the distinct token prefixes of prompts. */
  countRows: (prompts: readonly number[]) => number
  /** Maximum number of such prefixes (rows) of the chosen prompts. */
  maxRows: number
  seed: number
}

/**
 * Chooses a few prompts whose mean scores are close to the mean over all prompts. Without known scores, it chooses the
 * shortest prompts.
 * @returns indices of the chosen prompts of each category; null if the limit does not allow one prompt per category
 */
export function choosePrompts(choice: ChoiceOfPrompts): number[][] | null {
  const { categories, known: knownScores, countRows, maxRows, seed } = choice
  const shortestFirst = categories.map((prompts) =>
    [...prompts].sort((a, b) => countRows([a]) - countRows([b]) || a - b)
  )
  const all = categories.flat().length
  // `total` prompts are divided evenly. The first categories get the remainder.
  const countOf = (total: number, category: number): number =>
    Math.min(
      elementAt(shortestFirst, category, 'category').length,
      Math.floor((total + categories.length - 1 - category) / categories.length)
    )
  const cheapest = (total: number): number[][] =>
    shortestFirst.map((prompts, category) => prompts.slice(0, countOf(total, category)))
  let total = categories.length - 1
  while (total < all && countRows(cheapest(total + 1).flat()) <= maxRows) total++
  if (total < categories.length) return null
  if (knownScores.length === 0) return cheapest(total)
  const random = xoroshiro128plus(seed)
  const draws = Array.from({ length: DRAWS }, () =>
    categories.map((prompts, category) => drawWithoutReplacement(random, prompts, countOf(total, category)))
  )
  const fitting = draws.filter((drawn) => countRows(drawn.flat()) <= maxRows)
  const distanceOf = distancesOf(choice)
  return [cheapest(total), ...fitting].reduce((best, drawn) => (distanceOf(drawn) < distanceOf(best) ? drawn : best))
}

function drawWithoutReplacement(random: RandomGenerator, prompts: readonly number[], count: number): number[] {
  const remaining = [...prompts]
  return Array.from({ length: count }, () => remaining.splice(uniformInt(random, 0, remaining.length - 1), 1)).flat()
}

/**
 * Returns a function that computes the distance of a draw from all prompts. It is the sum of squared differences of
 * their means, in standard deviations.
 */
function distancesOf({ categories, known }: ChoiceOfPrompts): (drawn: readonly number[][]) => number {
  const targets = known.flatMap((values) =>
    categories.map((prompts, category) => {
      const categoryValues = prompts.map((prompt) => elementAt(values, prompt, 'prompt'))
      const mean = meanOf(categoryValues)
      const variance = meanOf(categoryValues.map((value) => (value - mean) ** 2))
      return { values, category, mean, spread: Math.sqrt(variance) }
    })
  )
  return (drawn) =>
    targets.reduce((sum, { values, category, mean, spread }) => {
      const drawnValues = elementAt(drawn, category, 'category').map((prompt) => elementAt(values, prompt, 'prompt'))
      return spread === 0 ? sum : sum + ((meanOf(drawnValues) - mean) / spread) ** 2
    }, 0)
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
