import type { RestorationRange } from './recipe'

/**
 * The range that stands for another at the same relative depth. Layers start..end of a model of `from` layers lie between the depths
 * start / from and (end + 1) / from; each edge is moved to the nearest edge between two layers of the other model, halfway to the
 * deeper one. Where both edges meet, the one layer that lies in the middle stands for the range. Of equally deep models every range
 * stands for itself; a range of the deeper model may share its counterpart with others, and some of a deeper other model are nobody's.
 *
 * @param from layers of the model that the range is of
 * @param to layers of the model that the result is of
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

/**
 * Of the depth that one or the other of two ranges takes, the share that both take: 1 for equal ranges, 0 for ranges apart.
 *
 * @param a with how many layers its model has; so `b`
 */
export function depthOverlap(
  a: RestorationRange & { layerCount: number },
  b: RestorationRange & { layerCount: number }
): number {
  // In layers of both models multiplied, which are whole numbers: equal ranges overlap by exactly 1.
  const [aFrom, aTo] = [a.start * b.layerCount, (a.end + 1) * b.layerCount]
  const [bFrom, bTo] = [b.start * a.layerCount, (b.end + 1) * a.layerCount]
  const both = Math.max(0, Math.min(aTo, bTo) - Math.max(aFrom, bFrom))
  return both / (aTo - aFrom + bTo - bFrom - both)
}
