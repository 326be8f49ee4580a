import { DIVERGING, VIRIDIS } from '../../../contract/words/color-scale'
import { axisTicks } from '../../plots/heatmap-geometry'
import { colorBar } from '../../plots/figures/color-bar'
import { baselineAt, type Drawing, rect, type Shape, textShape } from '../../plots/figures/drawing'
import type { Figure, FigurePage } from '../../plots/figures/figure'
import { gridCsv, type GridContent, gridPart, gridLayout } from '../../plots/figures/grid-drawing'
import { rangeLabel } from '../../ui/format'
import { type LayerRow, rowDomain, type ShownRange, rangeBarLabel } from './layer-axis'

interface LayerAxis {
  layerCount: number
  rows: readonly LayerRow[]
  /** The ranges that win most often, with their shares of wins. */
  ranges: readonly ShownRange[]
}

/** Makes the layers' axis a figure that can be saved: one row per measure, and the winning ranges below. */
export const layerAxisFigure = (axis: LayerAxis): Figure => ({
  name: ['layers', 'on-one-axis'],
  title: 'What each layer is worth, and the ranges that win',
  draw: (page) => layerAxisDrawing(axis, page),
  csv: () => gridCsv(layerGrid(axis))
})

/** Returns the measures of each layer as a grid, and the winning ranges as rows of 1 and 0. */
export function layerGrid({ layerCount, rows, ranges }: LayerAxis): GridContent {
  const layers = Array.from({ length: layerCount }, (_, layer) => String(layer))
  return {
    corner: 'layer',
    columns: layers,
    rows: [
      ...rows.map((row) => ({ ...row, scale: row.centred ? DIVERGING : VIRIDIS, domain: rowDomain(row) })),
      // The bars of the drawing, as numbers.
      ...ranges.map((range) => ({
        label: nameOf(range),
        values: layers.map((_, layer) => (layer >= range.start && layer <= range.end ? 1 : 0)),
        scale: VIRIDIS,
        domain: [0, 1] as const,
        format: String
      }))
    ]
  }
}

const nameOf = (range: ShownRange): string => `${rangeLabel(range)}, ${rangeBarLabel(range)}`

const BAR = 18

function layerAxisDrawing(axis: LayerAxis, page: FigurePage): Drawing {
  const { layerCount, rows, ranges } = axis
  const grid = layerGrid(axis)
  // The labels of the ranges determine the left margin.
  const { left, cellWidth } = gridLayout(grid, page)
  const ticks = new Set(axisTicks(layerCount, cellWidth))
  const cells = gridPart({ ...grid, ticks }, page, rows.length)
  const soft = page.colors['ink-soft']
  const bars = ranges.flatMap((range, index): Shape[] => {
    const y = cells.height + 2 + index * BAR
    const box = {
      x: left + range.start * cellWidth,
      y: y + 3,
      width: (range.end - range.start + 1) * cellWidth,
      height: BAR - 6
    }
    return [
      textShape(nameOf(range), left - 8, baselineAt(y + BAR / 2, 11), soft, { size: 11, anchor: 'end' }),
      rect(box, { fill: page.colors.hybrid })
    ]
  })
  const below = cells.height + 2 + ranges.length * BAR + 8
  const bar = (x: number, centred: boolean, words: string): Shape[] =>
    colorBar(
      {
        scale: centred ? DIVERGING : VIRIDIS,
        centred,
        format: (value) => {
          if (value < 0) return 'loss'
          return value === 0 ? '0' : words
        }
      },
      [centred ? -1 : 0, 1],
      { x, y: below, width: 120 },
      page.colors
    )
  return {
    width: page.width,
    height: below + 30,
    shapes: [
      ...cells.shapes,
      ...bars,
      ...bar(left, true, 'gain'),
      ...(rows.some(({ centred }) => !centred) ? bar(left + 140, false, 'largest of the row') : [])
    ]
  }
}
