import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

const SEED = 1

/** Draws at most `size` items at random, and keeps their order. Lists of equal length give the same positions. */
export function fixedSubset<T>(items: readonly T[], size: number): readonly T[] {
  if (items.length <= size) return items
  const random = xoroshiro128plus(SEED)
  const drawn = new Set<number>()
  while (drawn.size < size) drawn.add(uniformInt(random, 0, items.length - 1))
  return items.filter((_, index) => drawn.has(index))
}
