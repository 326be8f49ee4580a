/** A named point, in pixels. */
interface NamedPoint {
  x: number
  y: number
  radius: number
  /** Width of its name as drawn. */
  width: number
}

/** A mark without a name that names should not cover, in pixels. */
export type Mark = Pick<NamedPoint, 'x' | 'y' | 'radius'>

/** Position of a name: the left end of its middle line. */
export interface NamePosition {
  x: number
  y: number
  /** True if the name is so far from its mark that a line connects both. */
  led: boolean
}

interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

const GAP = 4
/** Pixels left free beside a name, so that two names in one line stay apart. */
const BETWEEN = 6
/** Share of a name's area that may be outside the plot, or on names and named points. */
const MAX_LOST = 0.02
/**
 * Cost of each line of distance between a name and its mark, in the unit of covered area: a share of the name's area.
 * A distant name may be taken for another point's.
 */
const COST_PER_LINE = 0.06
/** Weight of covering names and named points, relative to covering other points. */
const NAMED_WEIGHT = 20
/** Distances from the mark, in lines, tried in this order. */
const RINGS = [0, 1, 2, 3]
/** Directions, tried in this order. Diagonals come first, because whiskers go straight up, down, left and right. */
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
 * Places names beside their points within `area`, so that they cover neither each other nor any mark. If that is
 * impossible, the position that covers least is used. Earlier names have precedence. A later name that would cover
 * a name or a named point is left out.
 *
 * @param lineHeight height of a name.
 * @param marks marks of points without a name.
 * @returns a position for each name; null for a name that is left out
 */
export function placeNames(
  points: readonly NamedPoint[],
  area: Box,
  lineHeight: number,
  marks: readonly Mark[]
): (NamePosition | null)[] {
  const writtenNames: Box[] = []
  const named = points.map(boxOf)
  const others = marks.map(boxOf)
  /** Returns the area of a box that is outside the plot, or on names and named points. */
  const lostOf = (box: Box): number =>
    covered(box, writtenNames) + covered(box, named) + boxArea(box) - overlap(box, area)
  return points.map((point) => {
    let best: { position: NamePosition; box: Box; cost: number; isLegible: boolean } | null = null
    for (const ring of RINGS) {
      for (const [across, down] of DIRECTIONS) {
        const box = boxBeside(point, across, down, ring * lineHeight, lineHeight)
        const lost = lostOf(box)
        const cost = covered(box, others) + lost * NAMED_WEIGHT + ring * COST_PER_LINE * boxArea(box)
        if (best !== null && cost >= best.cost) continue
        const position = { x: box.left, y: (box.top + box.bottom) / 2, led: ring > 0 }
        best = { box, cost, position, isLegible: lost <= MAX_LOST * boxArea(box) }
      }
    }
    if (best === null || !best.isLegible) return null
    const { box, position } = best
    writtenNames.push({ ...box, left: box.left - BETWEEN, right: box.right + BETWEEN })
    return position
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

function boxBeside(
  { x, y, radius, width }: NamedPoint,
  across: -1 | 0 | 1,
  down: -1 | 0 | 1,
  further: number,
  height: number
): Box {
  const off = radius + GAP + further
  // On a diagonal, 0.7 (the cosine of 45 degrees) of the radius is enough in each direction.
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
