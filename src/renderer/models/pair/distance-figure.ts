import type { DistancesDocument } from '../../../contract/documents/distances'
import { baselineAt, textShape } from '../../plots/figures/drawing'
import { colorBar } from '../../plots/figures/color-bar'
import type { Figure } from '../../plots/figures/figure'
import { gridCsv, type GridContent, gridPart } from '../../plots/figures/grid-drawing'
import {
  columnLabel,
  DISTANCE_METRICS,
  distanceColumns,
  distanceGrid,
  distancesCsv,
  type DistanceMetric
} from './distances'

/** Makes the distances of all components a figure that can be saved. */
export function distanceFigure(distances: DistancesDocument, metric: DistanceMetric): Figure {
  const spec = DISTANCE_METRICS[metric]
  const grid = distanceMetricGrid(distances, metric)
  return {
    name: ['distances', metric],
    title: `${spec.label} of post from base by layer and component`,
    draw(page) {
      const cells = gridPart(grid, page)
      const [first] = grid.rows
      const top = cells.height + 8
      const bar =
        first === undefined
          ? []
          : colorBar({ ...spec, centred: false }, first.domain, { x: 4, y: top, width: 160 }, page.colors)
      const words = (text: string, y: number) =>
        textShape(text, 180, baselineAt(top + y, 11), page.colors['ink-soft'], { size: 11 })
      const legend = [
        ...bar,
        words(`${spec.label}: ${spec.describe}`, 5),
        ...(distances.layers.some(({ identical }) => identical) ? [words('= identical in base and post', 20)] : [])
      ]
      return {
        width: page.width,
        height: cells.height + 40,
        shapes: [...cells.shapes, ...legend]
      }
    },
    csv: () => gridCsv(grid),
    whole: { label: 'All distances', name: 'distances', csv: () => distancesCsv(distances) }
  }
}

/** Returns a grid with a row per layer, a column per component and one for the layer as a whole, on one scale. */
export function distanceMetricGrid(distances: DistancesDocument, metric: DistanceMetric): GridContent {
  const spec = DISTANCE_METRICS[metric]
  const columns = distanceColumns(distances)
  const values = distanceGrid(distances).map((row) =>
    columns.map((column) => {
      const distance = row.get(column)
      return distance === undefined ? null : spec.value(distance)
    })
  )
  const domain = spec.domain(values.flat().filter((value) => value !== null))
  return {
    corner: 'layer',
    columns: columns.map(columnLabel),
    rows: values.map((row, layer) => {
      const identical = distances.layers[layer]?.identical === true
      return {
        label: `${layer}${identical ? ' =' : ''}`,
        values: row,
        scale: spec.scale,
        domain,
        written: (value) => (identical ? '=' : spec.brief(value)),
        format: spec.format
      }
    })
  }
}
