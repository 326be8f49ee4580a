import type { Arrow } from '../ui/arrow'
import type { RestorationRange } from '../../contract/model/recipe'

/** The part of the triangle that is shown: first and last of the layers that ranges start with, and end with. */
export interface HeatmapView {
  starts: readonly [number, number]
  ends: readonly [number, number]
}

/**
 * The triangle of ranges: start runs down, end runs right, so single layers lie on the diagonal and longer ranges
 * towards the upper right corner. The lower left is free, for the legend. All lengths in pixels.
 */
export interface HeatmapGeometry {
  layerCount: number
  view: HeatmapView
  cell: number
  /** Space for the axis labels, left and above. */
  margin: number
  size: number
}

/** Below so many pixels, a stroke or a hatch would eat the colour of a cell. */
export const FINE_CELL = 10
/** Below so many pixels a number would not fit its cell, nor one with its sign. */
export const NUMBERED_CELL = 22
export const SIGNED_CELL = 26

/** The font size of a cell's number, in pixels: a sign takes a quarter of the text. */
export const numberSize = (cell: number, signed: boolean): number => (signed && cell < 28 ? 9 : 10)
/** A legend's scale of so many pixels has room for both its ends below it. */
export const BOTH_ENDS = 76

export const wholeTriangle = (layerCount: number): HeatmapView => {
  const all = [0, Math.max(0, layerCount - 1)] as const
  return { starts: all, ends: all }
}

const span = ([first, last]: readonly [number, number]): number => last - first + 1

/**
 * Cells are whole pixels, so that edges stay sharp, but for fine ones, which fill their place.
 *
 * @param room the shorter side of the place it has
 */
export function heatmapGeometry(
  layerCount: number,
  room: number,
  view: HeatmapView = wholeTriangle(layerCount)
): HeatmapGeometry {
  const margin = 36
  const side = Math.max(span(view.starts), span(view.ends))
  const cell = Math.max(1, (room - margin - 1) / side)
  const drawn = cell < FINE_CELL ? cell : Math.floor(cell)
  return { layerCount, view, cell: drawn, margin, size: margin + drawn * side + 1 }
}

/** As {@link heatmapGeometry}, with cells of any size, as paper has them, and room for outlines on the far sides. */
export function exactGeometry(
  layerCount: number,
  room: number,
  view: HeatmapView | null = null
): HeatmapGeometry {
  const margin = 36
  const { starts, ends } = view ?? wholeTriangle(layerCount)
  const cell = (room - margin - 3) / Math.max(span(starts), span(ends))
  return { layerCount, view: { starts, ends }, cell, margin, size: room }
}

/** Upper left corner of a range's cell. */
export const cellCorner = (
  { view, margin, cell }: HeatmapGeometry,
  { start, end }: RestorationRange
): { x: number; y: number } => ({
  x: margin + (end - view.ends[0]) * cell,
  y: margin + (start - view.starts[0]) * cell
})

const within = (layer: number, [first, last]: readonly [number, number]): boolean =>
  layer >= first && layer <= last

export const isInView = ({ starts, ends }: HeatmapView, { start, end }: RestorationRange): boolean =>
  within(start, starts) && within(end, ends)

/** The layers that a point lies at, in the triangle or not. */
const layersAt = ({ view, margin, cell }: HeatmapGeometry, x: number, y: number): RestorationRange => ({
  start: view.starts[0] + Math.floor((y - margin) / cell),
  end: view.ends[0] + Math.floor((x - margin) / cell)
})

/** The range whose cell holds the point, or null outside the triangle. */
export function rangeAt(geometry: HeatmapGeometry, x: number, y: number): RestorationRange | null {
  const range = layersAt(geometry, x, y)
  return range.start <= range.end && isInView(geometry.view, range) ? range : null
}

/** What lies between two points, both included; null when no range does. */
export function viewBetween(
  geometry: HeatmapGeometry,
  from: { x: number; y: number },
  to: { x: number; y: number }
): HeatmapView | null {
  const a = layersAt(geometry, Math.min(from.x, to.x), Math.min(from.y, to.y))
  const b = layersAt(geometry, Math.max(from.x, to.x), Math.max(from.y, to.y))
  const cut = (first: number, last: number, of: readonly [number, number]): readonly [number, number] => [
    Math.max(first, of[0]),
    Math.min(last, of[1])
  ]
  const { view } = geometry
  const cutOut = { starts: cut(a.start, b.start, view.starts), ends: cut(a.end, b.end, view.ends) }
  return span(cutOut.starts) > 0 && span(cutOut.ends) > 0 && cutOut.ends[1] >= cutOut.starts[0]
    ? cutOut
    : null
}

/** The smallest view of all these ranges; null without any. */
export function viewOf(ranges: readonly RestorationRange[]): HeatmapView | null {
  const [first] = ranges
  if (first === undefined) return null
  const start = { starts: [first.start, first.start], ends: [first.end, first.end] } as const
  const wider = ([low, high]: readonly [number, number], layer: number): readonly [number, number] => [
    Math.min(low, layer),
    Math.max(high, layer)
  ]
  return ranges.reduce<HeatmapView>(
    ({ starts, ends }, range) => ({ starts: wider(starts, range.start), ends: wider(ends, range.end) }),
    start
  )
}

/** The square view of all these ranges and some layers around them; null without any. */
export function viewAround(
  ranges: readonly RestorationRange[],
  around: number,
  layerCount: number
): HeatmapView | null {
  const view = viewOf(ranges)
  if (view === null) return null
  const side = Math.min(layerCount, Math.max(span(view.starts), span(view.ends)) + 2 * around)
  const centred = ([first, last]: readonly [number, number]): readonly [number, number] => {
    const wanted = Math.round((first + last - side + 1) / 2)
    const from = Math.min(layerCount - side, Math.max(0, wanted))
    return [from, from + side - 1]
  }
  return { starts: centred(view.starts), ends: centred(view.ends) }
}

/** A view moved as little as it takes to show a range. */
export function viewWith({ starts, ends }: HeatmapView, { start, end }: RestorationRange): HeatmapView {
  const moved = ([first, last]: readonly [number, number], layer: number): readonly [number, number] => {
    const by = layer < first ? layer - first : Math.max(0, layer - last)
    return [first + by, last + by]
  }
  return { starts: moved(starts, start), ends: moved(ends, end) }
}

const STEPS: Record<Arrow, (range: RestorationRange, last: number) => RestorationRange> = {
  ArrowLeft: ({ start, end }) => ({ start, end: end - 1 }),
  ArrowRight: ({ start, end }) => ({ start, end: end + 1 }),
  ArrowUp: ({ start, end }) => ({ start: start - 1, end }),
  ArrowDown: ({ start, end }) => ({ start: start + 1, end }),
  Home: ({ start }) => ({ start, end: start }),
  End: ({ start }, last) => ({ start, end: last }),
  PageUp: ({ end }) => ({ start: 0, end }),
  PageDown: ({ end }) => ({ start: end, end })
}

/** Where a key moves the focus: one cell in the arrow's direction, or to the end of the row or column. */
export function moveFocus(range: RestorationRange, key: Arrow, layerCount: number): RestorationRange {
  const next = STEPS[key](range, layerCount - 1)
  return next.start >= 0 && next.start <= next.end && next.end < layerCount ? next : range
}

/** All ranges with a start and an end between those of two, both included. */
export function rangesBetween(a: RestorationRange, b: RestorationRange): RestorationRange[] {
  const [top, bottom] = [Math.min(a.start, b.start), Math.max(a.start, b.start)]
  const [left, right] = [Math.min(a.end, b.end), Math.max(a.end, b.end)]
  return Array.from({ length: bottom - top + 1 }, (_, row) =>
    Array.from({ length: right - left + 1 }, (_unused, column) => ({ start: top + row, end: left + column }))
  )
    .flat()
    .filter(({ start, end }) => start <= end)
}

/** Which layers get an axis label, so that labels keep about 20 px between them. */
export function axisTicks(
  layerCount: number,
  cell: number,
  [first, last]: readonly [number, number] = [0, layerCount - 1]
): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100].find((candidate) => candidate * cell >= 20) ?? 100
  const from = Math.ceil(first / step)
  return Array.from(
    { length: Math.max(0, Math.floor(last / step) - from + 1) },
    (_, index) => (from + index) * step
  )
}
