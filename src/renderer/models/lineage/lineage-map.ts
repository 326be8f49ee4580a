import { LINEAGE_COLUMNS, type LineageDocument, lineageRows } from '../../../contract/documents/lineage'
import { elementAt } from '../../../contract/model/look-up'
import { DIVERGING, VIRIDIS } from '../../../contract/words/color-scale'
import { capitalised, formatDelta, formatPercent, formatScore, rangeLabel } from '../../../contract/words/format'
import { estimateText, formatDistance, layersOfStage } from '../../../contract/words/lineage-words'
import { scoreWords } from '../../../contract/words/score-words'
import type { Figure } from '../../plots/figures/figure'
import { gridCsv, type GridContent, gridPart } from '../../plots/figures/grid-drawing'
import { toCsv } from '../../ui/csv'
import type { TableColumn } from '../../ui/table'

export const MAP_METRICS = ['diversity', 'validity', 'distance'] as const
export type MapMetric = (typeof MAP_METRICS)[number]

export function metricLabel(metric: MapMetric, { scoredBy }: LineageDocument): string {
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

export function mapFigure(lineage: LineageDocument, metric: MapMetric): Figure {
  const grid = lineageGrid(lineage, metric)
  return {
    name: ['lineage', metric],
    title: `${metricLabel(metric, lineage)}, by stage and layer`,
    draw(page) {
      const { height, shapes } = gridPart(grid, page)
      return { width: page.width, height, shapes }
    },
    csv: () => gridCsv(grid),
    whole: {
      label: 'All numbers',
      name: 'lineage',
      csv: () => toCsv(LINEAGE_COLUMNS.split(' '), lineageRows(lineage))
    }
  }
}

type Row = readonly (string | number | null)[]

export interface LineageTable {
  title: string
  columns: readonly TableColumn<Row>[]
  rows: readonly Row[]
}

/** Makes a table whose numbers have three decimals, and whose first columns are words. */
function tableWith(title: string, words: readonly string[], numbers: readonly string[], rows: Row[]): LineageTable {
  const columns = [...words, ...numbers].map((label, index): TableColumn<Row> => {
    const value = (row: Row): Row[number] => row[index] ?? null
    return { id: label, label, words: index < words.length, value, format: formatScore }
  })
  return { title, columns, rows }
}

/** Lists the stages, the best range of each two, and the shares of the stages. */
export function lineageTables({ stages, ranges, shares, rho, scoredBy }: LineageDocument): LineageTable[] {
  const { validity, diversity, choices } = scoreWords(scoredBy)
  return [
    tableWith(
      'Stages',
      ['stage'],
      [validity, diversity, choices, 'KL to the first'],
      stages.map((stage) => [
        ...[stage.name, stage.validity, stage.diversity, stage.effectiveChoices, stage.klToBase ?? 'infinite']
      ])
    ),
    tableWith(
      `Best ranges that keep ${formatPercent(rho)} of the ${validity}`,
      ['stage', 'restored to', 'layers'],
      [validity, diversity],
      ranges.map(({ stage, against, best }) => [
        ...[stage, against, best === null ? 'none' : rangeLabel(best)],
        ...[best?.validity ?? null, best?.diversity ?? null]
      ])
    ),
    tableWith(
      'Shapley shares of the stages in the change of the last one',
      ['layers', 'stage'],
      [diversity, validity],
      shares.map((share) => [
        ...[rangeLabel(share), share.stage, estimateText(share.diversity), estimateText(share.validity)]
      ])
    )
  ].filter(({ rows }) => rows.length > 0)
}
