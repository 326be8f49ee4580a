import type { Arrow } from '../ui/arrow'
import type { RestorationRange } from '../../contract/model/recipe'

/** The visible part of the triangle: first and last start layer, and first and last end layer, both inclusive. */
export interface HeatmapView {
  starts: readonly [number, number]
  ends: readonly [number, number]
}

/**
 * Geometry of the triangle of ranges, in pixels. The start layer increases downwards and the end layer to the right.
 * Single layers are on the diagonal and longer ranges towards the upper right corner. The legend uses the empty lower
 * left.
 */
export interface HeatmapGeometry {
  layerCount: number
  view: HeatmapView
  cell: number
  /** Space for the axis labels on the left and above. */
  margin: number
  size: number
}

/** Cell size in pixels below which a stroke or hatching would hide the cell's colour. */
export const FINE_CELL = 10
/** Cell sizes in pixels that a number needs, without and with a sign. */
export const NUMBERED_CELL = 22
export const SIGNED_CELL = 26

/** Returns the font size of a cell's number in pixels. A sign takes a quarter of the text. */
export const numberSize = (cell: number, signed: boolean): number => (signed && cell < 28 ? 9 : 10)
/** Width in pixels from which a legend's scale has room for both end values. */
export const BOTH_ENDS = 76

/** Returns the view that contains all ranges. */
export const wholeTriangle = (layerCount: number): HeatmapView => {
  const all = [0, Math.max(0, layerCount - 1)] as const
  return { starts: all, ends: all }
}

const span = ([first, last]: readonly [number, number]): number => last - first + 1

/**
 * Computes the geometry. Cells are whole pixels for sharp edges, except fine cells, which fill the room.
 *
 * @param room the shorter side of the available area, in pixels
 */
export function heatmapGeometry(
  layerCount: number,
  room: number,
  view: HeatmapView = wholeTriangle(layerCount)
): HeatmapGeometry {
  const margin = 36
  const side = Math.max(span(view.starts), span(view.ends))
  const cell = Math.max(1, (room - margin - 1) / side)
  const cellPx = cell < FINE_CELL ? cell : Math.floor(cell)
  return { layerCount, view, cell: cellPx, margin, size: margin + cellPx * side + 1 }
}

/**
 * Computes the geometry like {@link heatmapGeometry}, for paper: cells of any size, with room for outlines at the far
 * sides.
 */
export function exactGeometry(layerCount: number, room: number, view: HeatmapView | null): HeatmapGeometry {
  const margin = 36
  const { starts, ends } = view ?? wholeTriangle(layerCount)
  const cell = (room - margin - 3) / Math.max(span(starts), span(ends))
  return { layerCount, view: { starts, ends }, cell, margin, size: room }
}

/** Returns the upper left corner of a range's cell. */
export const cellCorner = (
  { view, margin, cell }: HeatmapGeometry,
  { start, end }: RestorationRange
): { x: number; y: number } => ({
  x: margin + (end - view.ends[0]) * cell,
  y: margin + (start - view.starts[0]) * cell
})

const within = (layer: number, [first, last]: readonly [number, number]): boolean => layer >= first && layer <= last

export const isInView = ({ starts, ends }: HeatmapView, { start, end }: RestorationRange): boolean =>
  within(start, starts) && within(end, ends)

/** Returns the layers at a point, which may be outside the triangle. */
const layersAt = ({ view, margin, cell }: HeatmapGeometry, x: number, y: number): RestorationRange => ({
  start: view.starts[0] + Math.floor((y - margin) / cell),
  end: view.ends[0] + Math.floor((x - margin) / cell)
})

/** Returns the range whose cell contains the point; null outside the triangle. */
export function rangeAt(geometry: HeatmapGeometry, x: number, y: number): RestorationRange | null {
  const range = layersAt(geometry, x, y)
  return range.start <= range.end && isInView(geometry.view, range) ? range : null
}

/** Returns the view between two points, both included; null if it contains no range. */
export function viewBetween(
  geometry: HeatmapGeometry,
  from: { x: number; y: number },
  to: { x: number; y: number }
): HeatmapView | null {
  const a = layersAt(geometry, Math.min(from.x, to.x), Math.min(from.y, to.y))
  const b = layersAt(geometry, Math.max(from.x, to.x), Math.max(from.y, to.y))
  const cut = (first: number, last: number, limits: readonly [number, number]): readonly [number, number] => [
    Math.max(first, limits[0]),
    Math.min(last, limits[1])
  ]
  const { view } = geometry
  const selected = { starts: cut(a.start, b.start, view.starts), ends: cut(a.end, b.end, view.ends) }
  return span(selected.starts) > 0 && span(selected.ends) > 0 && selected.ends[1] >= selected.starts[0]
    ? selected
    : null
}

/** Returns the smallest view of all these ranges; null for no range. */
export function smallestView(ranges: readonly RestorationRange[]): HeatmapView | null {
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

/** Returns the square view of all these ranges and `around` layers on each side; null for no range. */
export function viewAround(
  ranges: readonly RestorationRange[],
  around: number,
  layerCount: number
): HeatmapView | null {
  const view = smallestView(ranges)
  if (view === null) return null
  const side = Math.min(layerCount, Math.max(span(view.starts), span(view.ends)) + 2 * around)
  const centred = ([first, last]: readonly [number, number]): readonly [number, number] => {
    const wanted = Math.round((first + last - side + 1) / 2)
    const from = Math.min(layerCount - side, Math.max(0, wanted))
    return [from, from + side - 1]
  }
  return { starts: centred(view.starts), ends: centred(view.ends) }
}

/** Number of layers on each side of the smallest view that the wheel zooms to. */
const MIN_ZOOMED_SIDE = 4

/**
 * Returns a smaller or larger square view in which a range keeps its position; null for the whole triangle.
 *
 * @param factor share of the view's side: below 1 to zoom in
 */
export function viewZoomed(
  view: HeatmapView,
  { start, end }: RestorationRange,
  factor: number,
  layerCount: number
): HeatmapView | null {
  const side = Math.max(span(view.starts), span(view.ends))
  const wanted = factor < 1 ? Math.floor(side * factor) : Math.ceil(side * factor)
  const next = Math.max(MIN_ZOOMED_SIDE, wanted)
  if (next >= layerCount) return null
  const around = ([first]: readonly [number, number], layer: number): readonly [number, number] => {
    const from = Math.round(layer - ((layer - first) / side) * next)
    const clamped = Math.min(layerCount - next, Math.max(0, from))
    return [clamped, clamped + next - 1]
  }
  return { starts: around(view.starts, start), ends: around(view.ends, end) }
}

/** Moves a view by the smallest distance that makes a range visible. */
export function viewWith({ starts, ends }: HeatmapView, { start, end }: RestorationRange): HeatmapView {
  const moved = ([first, last]: readonly [number, number], layer: number): readonly [number, number] => {
    const shift = layer < first ? layer - first : Math.max(0, layer - last)
    return [first + shift, last + shift]
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

/**
 * Returns the range that a key moves the focus to: one cell in the arrow's direction, or the end of the row or column.
 */
export function moveFocus(range: RestorationRange, key: Arrow, layerCount: number): RestorationRange {
  const next = STEPS[key](range, layerCount - 1)
  return next.start >= 0 && next.start <= next.end && next.end < layerCount ? next : range
}

/** Returns all ranges whose start and end are between those of two ranges, both included. */
export function rangesBetween(a: RestorationRange, b: RestorationRange): RestorationRange[] {
  const [top, bottom] = [Math.min(a.start, b.start), Math.max(a.start, b.start)]
  const [left, right] = [Math.min(a.end, b.end), Math.max(a.end, b.end)]
  return Array.from({ length: bottom - top + 1 }, (_, row) =>
    Array.from({ length: right - left + 1 }, (_unused, column) => ({ start: top + row, end: left + column }))
  )
    .flat()
    .filter(({ start, end }) => start <= end)
}

/** Returns the layers that get an axis label, at least 20 px apart. */
export function axisTicks(
  layerCount: number,
  cell: number,
  [first, last]: readonly [number, number] = [0, layerCount - 1]
): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100].find((candidate) => candidate * cell >= 20) ?? 100
  const from = Math.ceil(first / step)
  return Array.from({ length: Math.max(0, Math.floor(last / step) - from + 1) }, (_, index) => (from + index) * step)
}
