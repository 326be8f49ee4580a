import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { PreferenceMark } from '../../contract/documents/samples'

/** The letters that stand for the columns while the variants are hidden. */
export const blindLetter = (column: number): string => String.fromCodePoint(65 + column)

/** The digit that decides for a column; null beyond the ninth, where no key does. */
export const blindKey = (column: number): string | null => (column < 9 ? String(column + 1) : null)

/**
 * Which variant stands in which column of a comparison: a permutation of 0..count-1 that depends on the run's seed,
 * the prompt and the answer alone, so that it is the same after a reload (Fisher-Yates).
 */
export function blindOrder(seed: number, prompt: number, index: number, count: number): number[] {
  // Odd multipliers keep neighbouring comparisons apart before the generator mixes them.
  const generator = xoroshiro128plus(
    seed ^ Math.imul(prompt + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)
  )
  const order = Array.from({ length: count }, (_, place) => place)
  for (let place = count - 1; place > 0; place -= 1) {
    const other = uniformInt(generator, 0, place)
    const moved = order[place] ?? 0
    order[place] = order[other] ?? 0
    order[other] = moved
  }
  return order
}

export const markOf = (marks: readonly PreferenceMark[], prompt: number, index: number): string | null =>
  marks.find((mark) => mark.prompt === prompt && mark.index === index)?.variant ?? null
