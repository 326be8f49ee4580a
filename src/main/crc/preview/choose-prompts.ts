import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { at } from '../../../contract/model/look-up'

/** Draws of prompts that are compared: the best of some hundred stands close to what the best of all would. */
const DRAWS = 300

export interface ChoiceOfPrompts {
  /** Of each category its prompts. */
  categories: readonly (readonly number[])[]
  /** What models that were scored on all prompts have on each, a list for each model and measure. */
  known: readonly (readonly number[])[]
  /** Distinct prefixes of some of the prompts. */
  prefixesOf: (prompts: readonly number[]) => number
  /** The most of them that may be taken. */
  mostPrefixes: number
  seed: number
}

/**
 * Few prompts that stand for all: as many of each category as may be taken, drawn again and again, and of the draws the one on which
 * the means of what is known differ least from those over all prompts, in standard deviations of the prompts.
 *
 * @returns the prompts of each category, the shortest of each where nothing is known of them; null where not even one of each may be taken
 */
export function choosePrompts(choice: ChoiceOfPrompts): number[][] | null {
  const { categories, known, prefixesOf, mostPrefixes, seed } = choice
  const shortest = categories.map((prompts) =>
    [...prompts].sort((a, b) => prefixesOf([a]) - prefixesOf([b]) || a - b)
  )
  const all = categories.flat().length
  // One more of the first categories than of the others where the work allows it.
  const countOf = (total: number, category: number): number =>
    Math.min(
      at(shortest, category, 'category').length,
      Math.floor((total + categories.length - 1 - category) / categories.length)
    )
  const cheapest = (total: number): number[][] =>
    shortest.map((prompts, category) => prompts.slice(0, countOf(total, category)))
  let total = categories.length - 1
  while (total < all && prefixesOf(cheapest(total + 1).flat()) <= mostPrefixes) total++
  if (total < categories.length) return null
  if (known.length === 0) return cheapest(total)
  const random = xoroshiro128plus(seed)
  const draws = Array.from({ length: DRAWS }, () =>
    categories.map((prompts, category) => drawSome(random, prompts, countOf(total, category)))
  )
  const fitting = draws.filter((drawn) => prefixesOf(drawn.flat()) <= mostPrefixes)
  const distances = distancesOf(choice)
  return [cheapest(total), ...fitting].reduce((best, drawn) =>
    distances(drawn) < distances(best) ? drawn : best
  )
}

function drawSome(random: RandomGenerator, prompts: readonly number[], count: number): number[] {
  const left = [...prompts]
  return Array.from({ length: count }, () => left.splice(uniformInt(random, 0, left.length - 1), 1)).flat()
}

function distancesOf({ categories, known }: ChoiceOfPrompts): (drawn: readonly number[][]) => number {
  const targets = known.flatMap((values) =>
    categories.map((prompts, category) => {
      const ofAll = prompts.map((prompt) => at(values, prompt, 'prompt'))
      const mean = meanOf(ofAll)
      return { values, category, mean, spread: Math.sqrt(meanOf(ofAll.map((value) => (value - mean) ** 2))) }
    })
  )
  return (drawn) =>
    targets.reduce((sum, { values, category, mean, spread }) => {
      const some = at(drawn, category, 'category').map((prompt) => at(values, prompt, 'prompt'))
      return spread === 0 ? sum : sum + ((meanOf(some) - mean) / spread) ** 2
    }, 0)
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
