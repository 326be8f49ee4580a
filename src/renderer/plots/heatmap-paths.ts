import type { RestorationRange } from '../../contract/model/recipe'
import { cellCorner, type HeatmapGeometry, isInView } from './heatmap-geometry'

/*
 * SVG paths that are drawn over the cells of the triangle.
 */

/** A set of ranges with fast look-up by start and end. */
class RangeSet {
  private readonly members: Uint8Array

  constructor(
    private readonly layerCount: number,
    ranges: readonly RestorationRange[]
  ) {
    this.members = new Uint8Array(layerCount * layerCount)
    for (const { start, end } of ranges) this.members[start * layerCount + end] = 1
  }

  isRange(start: number, end: number): boolean {
    return start >= 0 && start <= end && end < this.layerCount
  }

  has(start: number, end: number): boolean {
    return this.isRange(start, end) && this.members[start * this.layerCount + end] === 1
  }
}

/** Calls `run` for each run of consecutive layers that pass, ends included. */
function eachRun(
  [first, last]: readonly [number, number],
  passes: (layer: number) => boolean,
  run: (from: number, to: number) => void
): void {
  let from: number | null = null
  for (let layer = first; layer <= last + 1; layer++) {
    const inRun = layer <= last && passes(layer)
    if (inRun) from ??= layer
    else if (from !== null) {
      run(from, layer - 1)
      from = null
    }
  }
}

const eachLayer = ([first, last]: readonly [number, number]): number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)

/** Returns a path with a cross over each visible cell, from corner to corner with a small inset. */
export const crossesPath = (geometry: HeatmapGeometry, ranges: readonly RestorationRange[]): string =>
  ranges
    .filter((range) => isInView(geometry.view, range))
    .map((range) => {
      const { x, y } = cellCorner(geometry, range)
      const [free, side] = [CROSS_INSET * geometry.cell, (1 - 2 * CROSS_INSET) * geometry.cell]
      return `M${x + free} ${y + free}l${side} ${side}M${x + free} ${y + free + side}l${side} ${-side}`
    })
    .join('')

/** Inset at each end, as a share of the cell's side. */
const CROSS_INSET = 0.15

/**
 * Returns one SVG path over many cells. It joins the cells of a row that are adjacent, so that thousands of cells cost
 * one short element.
 */
export function cellsPath(geometry: HeatmapGeometry, ranges: readonly RestorationRange[]): string {
  if (ranges.length === 0) return ''
  const { layerCount, view, cell } = geometry
  const set = new RangeSet(layerCount, ranges)
  let path = ''
  for (const start of eachLayer(view.starts)) {
    eachRun(
      view.ends,
      (end) => set.has(start, end),
      (from, to) => {
        const { x, y } = cellCorner(geometry, { start, end: from })
        const width = (to - from + 1) * cell
        path += `M${x} ${y}h${width}v${cell}h${-width}z`
      }
    )
  }
  return path
}

/**
 * Returns one SVG path around a set of cells. It has those cell edges that border on a cell outside the set.
 *
 * @param edge whether to draw the contour along the triangle's own edge too, where no other cells are
 */
export function contourPath(geometry: HeatmapGeometry, ranges: readonly RestorationRange[], edge: boolean): string {
  const { layerCount, view, cell } = geometry
  const set = new RangeSet(layerCount, ranges)
  const inside = (start: number, end: number): boolean => (set.isRange(start, end) ? set.has(start, end) : !edge)
  let path = ''
  for (const start of eachLayer(view.starts)) {
    for (const side of [0, 1]) {
      eachRun(
        view.ends,
        (end) => set.has(start, end) && !inside(start + 2 * side - 1, end),
        (from, to) => {
          const { x, y } = cellCorner(geometry, { start, end: from })
          path += `M${x} ${y + side * cell}h${(to - from + 1) * cell}`
        }
      )
    }
  }
  for (const end of eachLayer(view.ends)) {
    for (const side of [0, 1]) {
      eachRun(
        view.starts,
        (start) => set.has(start, end) && !inside(start, end + 2 * side - 1),
        (from, to) => {
          const { x, y } = cellCorner(geometry, { start: from, end })
          path += `M${x + side * cell} ${y}v${(to - from + 1) * cell}`
        }
      )
    }
  }
  return path
}
