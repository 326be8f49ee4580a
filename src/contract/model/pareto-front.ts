/**
 * Points that no other beats in both validity and diversity, by rising validity. Ties in one measure are
 * beaten by the better one in the other.
 */
export function paretoFront<Point extends { validity: number; diversity: number }>(
  points: readonly Point[]
): Point[] {
  const byValidity = [...points].sort(
    (left, right) => right.validity - left.validity || right.diversity - left.diversity
  )
  const front: Point[] = []
  let best = -Infinity
  for (const point of byValidity) {
    if (point.diversity > best) {
      front.push(point)
      best = point.diversity
    }
  }
  return front.reverse()
}
