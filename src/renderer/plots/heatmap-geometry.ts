import type { RestorationRange } from '../../contract/model/recipe'

/**
 * The triangle of ranges: start runs down, end runs right, so single layers lie on the diagonal and longer ranges
 * towards the upper right corner. The lower left is free, for the legend. All lengths in pixels.
 */
export interface HeatmapGeometry {
  layerCount: number
  cell: number
  /** Space for the axis labels, left and above. */
  margin: number
  size: number
}

/** @param room the shorter side of the place it has. Cells are whole pixels, so that edges stay sharp; below 4 px a cell could not be hit. */
export function heatmapGeometry(layerCount: number, room: number): HeatmapGeometry {
  const margin = 36
  const cell = Math.max(4, Math.floor((room - margin - 1) / Math.max(1, layerCount)))
  return { layerCount, cell, margin, size: margin + cell * layerCount + 1 }
}

/** Upper left corner of a range's cell. */
export const cellCorner = (
  geometry: HeatmapGeometry,
  { start, end }: RestorationRange
): { x: number; y: number } => ({
  x: geometry.margin + end * geometry.cell,
  y: geometry.margin + start * geometry.cell
})

/** The range whose cell holds the point, or null outside the triangle. */
export function rangeAt(geometry: HeatmapGeometry, x: number, y: number): RestorationRange | null {
  const end = Math.floor((x - geometry.margin) / geometry.cell)
  const start = Math.floor((y - geometry.margin) / geometry.cell)
  return start >= 0 && start <= end && end < geometry.layerCount ? { start, end } : null
}

/** One SVG path over many cells: thousands of overlays cost one element. */
export function cellsPath(geometry: HeatmapGeometry, ranges: readonly RestorationRange[]): string {
  const side = geometry.cell
  return ranges
    .map((range) => {
      const { x, y } = cellCorner(geometry, range)
      return `M${x} ${y}h${side}v${side}h${-side}z`
    })
    .join('')
}

const STEPS: Record<string, (range: RestorationRange, last: number) => RestorationRange> = {
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
export function moveFocus(range: RestorationRange, key: string, layerCount: number): RestorationRange | null {
  const next = STEPS[key]?.(range, layerCount - 1)
  if (next === undefined) return null
  return next.start >= 0 && next.start <= next.end && next.end < layerCount ? next : range
}

/** Which layers get an axis label, so that labels keep about 20 px between them. */
export function axisTicks(layerCount: number, cell: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100].find((candidate) => candidate * cell >= 20) ?? 100
  return Array.from({ length: Math.ceil(layerCount / step) }, (_, index) => index * step)
}
