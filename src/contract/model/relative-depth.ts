import type { RestorationRange } from './recipe'

/**
 * Returns the range of another model at the same relative depth. Layers start..end of a model with `from` layers lie
 * between the depths start / from and (end + 1) / from. Each edge moves to the nearest edge between two layers of the
 * other model. Halfway positions move to the deeper edge. If both edges coincide, the result is the one layer in the
 * middle. Between equally deep models, every range is its own counterpart. Several ranges of a deeper model may have
 * the same counterpart. Some ranges of a deeper other model are the counterpart of no range.
 * @param from layers of the model that contains the range
 * @param to layers of the model that contains the result
 */
export function atRelativeDepth(
  { start, end }: RestorationRange,
  from: number,
  to: number
): RestorationRange {
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
