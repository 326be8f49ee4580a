/** A point that has a name, in pixels. */
export interface NamedPoint {
  x: number
  y: number
  /** Of its mark. */
  radius: number
  /** Of its name as it is drawn. */
  width: number
}

/** Anything else that a name should not cover, in pixels. */
export type Mark = Pick<NamedPoint, 'x' | 'y' | 'radius'>

/** Where a name stands: the left end of its middle line, and whether it lies so far off that a line should lead to it. */
export interface NamePlace {
  x: number
  y: number
  led: boolean
}

interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

const GAP = 4
/** Left free beside a name: two on one line are not to read as one. */
const BETWEEN = 6
/** Share of a name that may lie on other names, or beyond the plot, and still be read. */
const MOST_LOST = 0.02
/** How much of a name may lie on marks, for each line that it then stands nearer to its own: far off it is taken for another's. */
const WORTH_A_LINE = 0.06
/** What a name covers of names and of points that have one, against points without. */
const NAMED_WEIGHT = 20
/** Further and further away from the mark, in lines. */
const RINGS = [0, 1, 2, 3]
/** Right above first: whiskers go straight up, down, left and right. */
const DIRECTIONS = [
  [1, -1],
  [-1, -1],
  [1, 1],
  [-1, 1],
  [0, -1],
  [0, 1],
  [1, 0],
  [-1, 0]
] as const

/**
 * Puts names beside their points so that they cover neither each other nor any mark, as far as there is room within `area`;
 * where there is none, where they cover least. Names that are placed first have the choice: a later one for which there is
 * no legible place is left out.
 *
 * @param lineHeight of a name
 * @param marks of points without a name
 * @returns a place for each name; null where there is none
 */
export function placeNames(
  points: readonly NamedPoint[],
  area: Box,
  lineHeight: number,
  marks: readonly Mark[] = []
): (NamePlace | null)[] {
  const written: Box[] = []
  const named = points.map(boxOf)
  const others = marks.map(boxOf)
  /** How much of it would lie on names, or beyond the plot. */
  const lostOf = (box: Box): number => covered(box, written) + boxArea(box) - overlap(box, area)
  return points.map((point) => {
    let best: { place: NamePlace; box: Box; cost: number } | null = null
    for (const ring of RINGS) {
      for (const [across, down] of DIRECTIONS) {
        const box = boxBeside(point, across, down, ring * lineHeight, lineHeight)
        const lost = lostOf(box)
        // Where it can be read, and covers no point with a name, before all others.
        const cost =
          covered(box, others) +
          (covered(box, named) + lost) * NAMED_WEIGHT +
          ring * WORTH_A_LINE * boxArea(box)
        if (best !== null && cost >= best.cost) continue
        best = { box, cost, place: { x: box.left, y: (box.top + box.bottom) / 2, led: ring > 0 } }
      }
    }
    if (best === null) return null
    const { box, place } = best
    if (!isLegible(box, lostOf(box))) return null
    const kept = { ...box, left: box.left - BETWEEN, right: box.right + BETWEEN }
    written.push(kept)
    return place
  })
}

const boxOf = ({ x, y, radius }: Mark): Box => ({
  left: x - radius,
  top: y - radius,
  right: x + radius,
  bottom: y + radius
})

const covered = (box: Box, others: readonly Box[]): number =>
  others.reduce((sum, other) => sum + overlap(box, other), 0)

const isLegible = (box: Box, lost: number): boolean => lost <= MOST_LOST * boxArea(box)

function boxBeside(
  { x, y, radius, width }: NamedPoint,
  across: -1 | 0 | 1,
  down: -1 | 0 | 1,
  further: number,
  height: number
): Box {
  const off = radius + GAP + further
  // Above or below the mark as well, a name beside it may come closer.
  const dx = down === 0 ? off : radius * 0.7 + GAP + further
  const left = across === 0 ? x - width / 2 : across > 0 ? x + dx : x - dx - width
  const middle = y + down * (across === 0 ? off + height / 2 : radius * 0.7 + further + height / 2)
  return { left, right: left + width, top: middle - height / 2, bottom: middle + height / 2 }
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  return width > 0 && height > 0 ? width * height : 0
}

const boxArea = ({ left, right, top, bottom }: Box): number => (right - left) * (bottom - top)
