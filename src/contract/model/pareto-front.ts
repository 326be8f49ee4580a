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
    const baseline = front[start]
    if (baseline !== undefined && baseline.diversity >= point.diversity) continue
    const to = baseline?.validity === point.validity ? start + 1 : start
    while (start > 0 && elementAt(front, start - 1, 'point').diversity <= point.diversity) start--
    front.splice(start, to - start, point)
  }
  return front
}
