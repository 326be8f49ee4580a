import { type LayerPairs, strongestPairs } from '../../contract/documents/layer-pairs'
import { DIVERGING } from '../../contract/words/color-scale'
import { formatDelta } from '../ui/format'
import { colorBar } from './figures/color-bar'
import type { Drawing } from './figures/drawing'
import type { Figure, FigurePage } from './figures/figure'
import { gridCsv, type GridContent, gridPart, gridPlace } from './figures/grid-drawing'
import { axisTicks } from './heatmap-geometry'

/** The values that the ends of a matrix's colours stand for, above 0 and below it. */
export const pairsReach = (pairs: LayerPairs): number =>
  Math.max(...pairs.flat().map((value) => Math.abs(value ?? 0))) || 1

/** The strongest pairs in words. */
export const pairsWords = (pairs: LayerPairs, count = 6): string =>
  strongestPairs(pairs, count)
    .map(({ layers: [one, other], value }) => `${one} and ${other} ${formatDelta(value)}`)
    .join(', ')

function pairsGrid(pairs: LayerPairs): GridContent {
  const reach = pairsReach(pairs)
  const layers = pairs.map((_, layer) => String(layer))
  return {
    corner: 'layer',
    columns: layers,
    rows: pairs.map((values, layer) => ({
      label: String(layer),
      // A layer with itself is no pair.
      values: values.map((value, other) => (other === layer ? null : value)),
      scale: DIVERGING,
      domain: [-reach, reach],
      format: (value) => formatDelta(value),
      written: (value) => formatDelta(value, 2)
    }))
  }
}

/** A matrix of pairs of layers, with what its colours stand for. */
export function pairsDrawing(pairs: LayerPairs, page: FigurePage): Drawing {
  const content = pairsGrid(pairs)
  const { left, cellWidth } = gridPlace(content, page)
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

/** The same as it can be saved. @param title what it shows */
export const pairsFigure = (pairs: LayerPairs, title: string): Figure => ({
  name: ['pairs-of-layers'],
  title,
  draw: (page) => pairsDrawing(pairs, page),
  csv: () => gridCsv(pairsGrid(pairs))
})
