import { expect, it } from 'vitest'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { lineageGrid, mapCellWords } from '../../../../../src/renderer/models/lineage/lineage-map'
import { lineagePlot } from '../../../../../src/renderer/models/lineage/lineage-plots'
import { tinyLineage } from '../../../../fixtures/lineage'

it('the map writes every difference with three decimals, however small', () => {
  const row = elementAt(lineageGrid(tinyLineage(), 'diversity').rows, 0, 'row')
  expect([-0.00001, 0.4].map((value) => row.written?.(value, 1))).toEqual(['0.000', '+0.400'])
})

it('a cell that the map lacks is an error, not an empty text', () => {
  const lineage = tinyLineage()
  expect(mapCellWords(lineage, 1, 1)).toContain('post, layer 1: diversity +0.400')
  expect(() => mapCellWords(lineage, 2, 0)).toThrow('there is no stage 3')
  expect(() => mapCellWords(lineage, 1, 2)).toThrow('there is no layer 2')
})

it('a layer whose weights were not compared has no point in the curve of weights', () => {
  const { scoredBy, layers } = tinyLineage()
  const [unknown, known] = layers.filter(({ stage, against }) => stage === 'post' && against === 'sft')
  if (unknown === undefined || known === undefined) throw new Error('too few layers')
  const { series } = lineagePlot({
    layers: [
      { ...unknown, distance: null },
      { ...known, distance: 0.123456 }
    ],
    scoredBy
  })
  const curve = elementAt(series, 2, 'curve')
  expect(curve.points.map(({ x, lines }) => [x, lines])).toEqual([[1, ['Layer 1', 'change of weights 0.123']]])
})
