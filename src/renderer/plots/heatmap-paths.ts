import type { RestorationRange } from '../../contract/model/recipe'
import { cellCorner, type HeatmapGeometry, isInView } from './heatmap-geometry'

/*
 * What lies over cells of the triangle, as paths of SVG.
 */

/** A set of ranges that can be asked for each place of a triangle. */
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

/** Calls back for each run of consecutive layers, ends included, that pass. */
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

/** A cross over each of these cells that is in sight, from corner to corner but for what is left free of its sides. */
export const crossesPath = (geometry: HeatmapGeometry, ranges: readonly RestorationRange[]): string =>
  ranges
    .filter((range) => isInView(geometry.view, range))
    .map((range) => {
      const { x, y } = cellCorner(geometry, range)
      const [free, side] = [CROSS_INSET * geometry.cell, (1 - 2 * CROSS_INSET) * geometry.cell]
      return `M${x + free} ${y + free}l${side} ${side}M${x + free} ${y + free + side}l${side} ${-side}`
    })
    .join('')

/** Of a cell's side, at each end. */
const CROSS_INSET = 0.15

/** One SVG path over many cells, which takes those that lie in a row as one: thousands of overlays cost one short element. */
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
 * One SVG path around a set of cells: the edges behind which there is none of them.
 *
 * @param edge whether to draw it also along the edge of the triangle, where there is nothing to tell it from
 */
export function contourPath(
  geometry: HeatmapGeometry,
  ranges: readonly RestorationRange[],
  edge: boolean
): string {
  const { layerCount, view, cell } = geometry
  const set = new RangeSet(layerCount, ranges)
  const inside = (start: number, end: number): boolean =>
    set.isRange(start, end) ? set.has(start, end) : !edge
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
