import { spanKey } from '../model/strengths'
import type { RestorationRange } from '../model/recipe'

/** A symmetric matrix with a number for each pair of layers. Null on the diagonal and for unknown values. */
export type LayerPairs = readonly (readonly (number | null)[])[]

/** Returns the extra diversity that the two ends of a range add together, with all layers between them restored. */
export function rangePairs({
  layerCount,
  post,
  ranges
}: {
  layerCount: number
  post: { diversity: number } | null
  ranges: readonly (RestorationRange & { diversity: number })[]
}): LayerPairs {
  const scored = new Map(ranges.map((range) => [spanKey(range), range.diversity]))
  const diversityOf = (start: number, end: number): number | undefined =>
    start > end ? post?.diversity : scored.get(spanKey({ start, end }))
  const interaction = (a: number, b: number): number | null => {
    const [both, last, first, neither] = [
      diversityOf(a, b),
      diversityOf(a + 1, b),
      diversityOf(a, b - 1),
      diversityOf(a + 1, b - 1)
    ]
    return both === undefined || last === undefined || first === undefined || neither === undefined
      ? null
      : both - last - first + neither
  }
  const layers = Array.from({ length: layerCount }, (_, layer) => layer)
  return layers.map((row) =>
    layers.map((column) => (row === column ? null : interaction(Math.min(row, column), Math.max(row, column))))
  )
}

/** Lists the pairs of layers with the largest absolute values. */
export const strongestPairs = (pairs: LayerPairs, count: number): { layers: [number, number]; value: number }[] =>
  pairs
    .flatMap((row, first) =>
      row.flatMap((value, second) =>
        value === null || second <= first ? [] : [{ layers: [first, second] satisfies [number, number], value }]
      )
    )
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, count)
