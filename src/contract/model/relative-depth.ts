import type { RestorationRange } from './recipe'

/**
 * Returns the range of another model at the same relative depth. Edges start / from and (end + 1) / from move to the
 * nearest edge of the other model, the deeper edge if halfway. If both edges coincide, the range is the layer there.
 * @param from number of layers of the model that contains the range.
 * @param to number of layers of the other model
 */
export function atRelativeDepth({ start, end }: RestorationRange, from: number, to: number): RestorationRange {
  const first = Math.round((start * to) / from)
  const last = Math.round(((end + 1) * to) / from) - 1
  if (first <= last) return { start: first, end: last }
  const middle = Math.floor(((start + end + 1) * to) / (2 * from))
  return { start: middle, end: middle }
}

/** Returns the share of the depth covered by either range that both cover: 1 for equal ranges, 0 for separate ones. */
export function depthOverlap(
  a: RestorationRange & { layerCount: number },
  b: RestorationRange & { layerCount: number }
): number {
  // Positions are multiplied by both layer counts. They are whole numbers, so equal ranges overlap by exactly 1.
  const [aFrom, aTo] = [a.start * b.layerCount, (a.end + 1) * b.layerCount]
  const [bFrom, bTo] = [b.start * a.layerCount, (b.end + 1) * a.layerCount]
  const both = Math.max(0, Math.min(aTo, bTo) - Math.max(aFrom, bFrom))
  return both / (aTo - aFrom + bTo - bFrom - both)
}
