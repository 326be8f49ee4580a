import { LINEAGE_COLUMNS, type LineageDocument, lineageRows } from '../../../contract/documents/lineage'
import { elementAt } from '../../../contract/model/look-up'
import { DIVERGING, VIRIDIS } from '../../../contract/words/color-scale'
import { capitalised, formatDelta } from '../../../contract/words/format'
import {
  estimateText,
  formatDistance,
  layersOfStage,
  type LineageCell,
  lineageCellText,
  type LineageTable
} from '../../../contract/words/lineage-words'
import { type NamedScoring, scoreWords } from '../../../contract/words/score-words'
import type { Drawing } from '../../plots/figures/drawing'
import type { Figure, FigurePage } from '../../plots/figures/figure'
import { gridCsv, type GridContent, gridPart } from '../../plots/figures/grid-drawing'
import { toCsv } from '../../ui/csv'
import type { TableColumn } from '../../ui/table'

export const MAP_METRICS = ['diversity', 'validity', 'distance'] as const
export type MapMetric = (typeof MAP_METRICS)[number]

/** Names a metric of the map with the words of the task. */
export function metricLabel(metric: MapMetric, { scoredBy }: { scoredBy: NamedScoring }): string {
  const words = scoreWords(scoredBy)
  if (metric === 'distance') return 'Change of weights'
  return metric === 'diversity' ? capitalised(`${words.diversity} given back`) : `Change of ${words.validity}`
}

/** Returns a grid of the layers of every stage but the first, each restored to the stage before. */
export function lineageGrid(lineage: LineageDocument, metric: MapMetric): GridContent {
  const rows = lineage.stages.slice(1).map(({ name }) => ({
    label: name,
    values: layersOfStage(lineage, name).map((layer) =>
      metric === 'distance' ? layer.distance : layer[metric].difference
    )
  }))
  const compared = rows.flatMap(({ values }) => values.filter((value) => value !== null))
  const largest = Math.max(...compared.map(Math.abs), 0) || 1
  const isDistance = metric === 'distance'
  return {
    corner: 'layer',
    columns: Array.from({ length: lineage.layerCount }, (_, layer) => String(layer)),
    rows: rows.map((row) => ({
      ...row,
      scale: isDistance ? VIRIDIS : DIVERGING,
      domain: [isDistance ? 0 : -largest, largest],
      written: isDistance ? formatDistance : (value) => formatDelta(value),
      format: isDistance ? formatDistance : formatDelta
    }))
  }
}

/** Describes a cell of the grid by all its values. */
export function mapCellWords(lineage: LineageDocument, row: number, layer: number): string {
  const words = scoreWords(lineage.scoredBy)
  const { name: stage } = elementAt(lineage.stages, row + 1, 'stage')
  const values = elementAt(layersOfStage(lineage, stage), layer, 'layer')
  const moved = values.distance === null ? [] : [`change of weights ${formatDistance(values.distance)}`]
  return `${stage}, layer ${layer}: ${[
    `${words.diversity} ${estimateText(values.diversity)}`,
    `${words.validity} ${estimateText(values.validity)}`,
    ...moved
  ].join(' · ')}`
}

/** Draws the map of stages and layers. */
export function mapDrawing(lineage: LineageDocument, metric: MapMetric, page: FigurePage): Drawing {
  return { width: page.width, ...gridPart(lineageGrid(lineage, metric), page) }
}

/** Makes the map a figure that can be saved. */
export function mapFigure(lineage: LineageDocument, metric: MapMetric): Figure {
  return {
    name: ['lineage', metric],
    title: `${metricLabel(metric, lineage)}, by stage and layer`,
    draw: (page) => mapDrawing(lineage, metric, page),
    csv: () => gridCsv(lineageGrid(lineage, metric)),
    whole: {
      label: 'All numbers',
      name: 'lineage',
      csv: () => lineageCsv(lineage)
    }
  }
}

export const lineageCsv = (lineage: Pick<LineageDocument, 'layers' | 'shares'>): string =>
  toCsv(LINEAGE_COLUMNS.split(' '), lineageRows(lineage))

type Row = LineageTable['rows'][number]

export const tableColumns = ({ words, numbers }: LineageTable): TableColumn<Row>[] =>
  [...words, ...numbers].map((label, index) => {
    const cellOf = (row: Row): LineageCell => row[index] ?? null
    return {
      ...{ id: label, label, words: index < words.length },
      text: (row) => lineageCellText(cellOf(row)),
      value: (row) => {
        const cell = cellOf(row)
        return typeof cell === 'object' ? (cell?.difference ?? null) : cell
      }
    }
  })
