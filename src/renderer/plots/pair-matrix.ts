import { type LayerPairs, strongestPairs } from '../../contract/documents/layer-pairs'
import { DIVERGING } from '../../contract/words/color-scale'
import { formatDelta } from '../ui/format'
import { colorBar } from './figures/color-bar'
import type { Drawing } from './figures/drawing'
import type { Figure, FigurePage } from './figures/figure'
import { gridCsv, type GridContent, gridPart, gridLayout } from './figures/grid-drawing'
import { axisTicks } from './heatmap-geometry'

/** Returns the largest absolute value, which both ends of the colour scale stand for. */
export const pairsReach = (pairs: LayerPairs): number =>
  Math.max(...pairs.flat().map((value) => Math.abs(value ?? 0))) || 1

/** Lists the strongest interactions of two layers with their values. */
export const pairsWords = (pairs: LayerPairs, count = 6): string =>
  strongestPairs(pairs, count)
    .map(({ layers: [first, second], value }) => `${first} and ${second} ${formatDelta(value)}`)
    .join(', ')

/** Returns the interactions of all pairs of layers as a grid with a symmetric colour scale. */
export function pairsGrid(pairs: LayerPairs): GridContent {
  const reach = pairsReach(pairs)
  const layers = pairs.map((_, layer) => String(layer))
  return {
    corner: 'layer',
    columns: layers,
    rows: pairs.map((values, layer) => ({
      label: String(layer),
      // A layer is not paired with itself.
      values: values.map((value, other) => (other === layer ? null : value)),
      scale: DIVERGING,
      domain: [-reach, reach],
      format: (value) => formatDelta(value),
      written: (value) => formatDelta(value, 2)
    }))
  }
}

/** Draws a matrix of pairs of layers with its colour scale. */
export function pairsDrawing(pairs: LayerPairs, page: FigurePage): Drawing {
  const content = pairsGrid(pairs)
  const { left, cellWidth } = gridLayout(content, page)
  const ticks = new Set(axisTicks(pairs.length, cellWidth))
  const { height, shapes } = gridPart({ ...content, ticks }, page)
  const reach = pairsReach(pairs)
  const bar = colorBar(
    { scale: DIVERGING, centred: true, format: (value) => formatDelta(value) },
    [-reach, reach],
    { x: left, y: height + 10, width: 160 },
    page.colors
  )
  return { width: page.width, height: height + 40, shapes: [...shapes, ...bar] }
}

/** Makes the matrix a figure that can be saved. @param title describes the figure */
export const pairsFigure = (pairs: LayerPairs, title: string): Figure => ({
  name: ['pairs-of-layers'],
  title,
  draw: (page) => pairsDrawing(pairs, page),
  csv: () => gridCsv(pairsGrid(pairs))
})
