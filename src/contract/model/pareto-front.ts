import { elementAt } from './look-up'

/** Returns the points that no other point beats in both validity and diversity, by rising validity. */
export function paretoFront<Point extends { validity: number; diversity: number }>(
  points: readonly Point[]
): Point[] {
  const front: Point[] = []
  for (const point of points) {
    let [place, end] = [0, front.length]
    while (place < end) {
      const middle = (place + end) >> 1
      if (elementAt(front, middle, 'place').validity < point.validity) place = middle + 1
      else end = middle
    }
    // Diversity falls as validity rises, so the first point that is at least as valid is the most diverse of them.
    const baseline = front[place]
    if (baseline !== undefined && baseline.diversity >= point.diversity) continue
    const to = baseline?.validity === point.validity ? place + 1 : place
    while (place > 0 && elementAt(front, place - 1, 'place').diversity <= point.diversity) place--
    front.splice(place, to - place, point)
  }
  return front
}
