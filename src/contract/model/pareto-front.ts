import { elementAt } from './look-up'

/** Returns the points that no other point beats in both validity and diversity, by rising validity. */
export function paretoFront<Point extends { validity: number; diversity: number }>(points: readonly Point[]): Point[] {
  const front: Point[] = []
  for (const point of points) {
    let [start, end] = [0, front.length]
    while (start < end) {
      const middle = (start + end) >> 1
      if (elementAt(front, middle, 'point').validity < point.validity) start = middle + 1
      else end = middle
    }
    // Along the front, diversity falls as validity rises. The first point that is valid enough is the most diverse.
    const next = front[start]
    if (next !== undefined && next.diversity >= point.diversity) continue
    const stop = next?.validity === point.validity ? start + 1 : start
    while (start > 0 && elementAt(front, start - 1, 'point').diversity <= point.diversity) start--
    front.splice(start, stop - start, point)
  }
  return front
}
