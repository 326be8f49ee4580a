import { describe, expect, it } from 'vitest'
import { compareSweeps } from '../../../../../src/main/measures/compare-sweeps'
import {
  comparedRange,
  comparedWords,
  comparisonBoard,
  comparisonReadout,
  comparisonScatter,
  differenceSpec,
  selectedByB
} from '../../../../../src/renderer/ranges/comparison/comparison-charts'
import {
  comparisonColumns,
  comparisonCsv,
  comparisonRows
} from '../../../../../src/renderer/ranges/comparison/comparison-table'
import { sortRows } from '../../../../../src/renderer/ui/table'
import { metricDomain } from '../../../../../src/renderer/ranges/board/metrics'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { comparedSweep } from '../../../../fixtures/compared-sweeps'

const higher = comparedSweep({ id: 'b', diversity: (start, end) => 0.0512 * start - 0.1 * (end - start) })
const comparison = await compareSweeps({ sweep: comparedSweep(), check: null }, { sweep: higher, check: null })
const deep = await compareSweeps(
  { sweep: comparedSweep({ layerCount: 2 }), check: null },
  { sweep: comparedSweep({ id: 'b', layerCount: 6 }), check: null }
)

describe('what the charts show of two sweeps', () => {
  it('is in the triangle what the second has more, with 0 in the middle of the colours', () => {
    const board = comparisonBoard(comparison)
    const spec = differenceSpec(comparison, 'diversity')
    const values = board.ranges.map((point) => spec.value(point, board) ?? NaN)
    expect(values).toHaveLength(10)
    // Layers 0-3 lose 0.3; layer 3 gains 0.1536.
    expect(Math.min(...values)).toBeCloseTo(-0.3, 12)
    expect(Math.max(...values)).toBeCloseTo(0.1536, 12)
    const [low, high] = metricDomain(values, spec.centred, 100)
    expect(low).toBe(-high)
    expect(spec.label).toBe('Diversity of B less A')
    expect(differenceSpec(comparison, 'validity').label).toBe('Validity of B less A')
    // Nothing is hatched: there is no limit of a difference.
    expect(board.post).toBeNull()
  })

  it('is in the scatter every range twice, with a line between', () => {
    const { series } = comparisonScatter(comparison, '1-2')
    const named = (name: string) =>
      elementAt(
        series.filter((one) => one.name === name),
        0,
        'series'
      )
    const [a, b, lines] = [named('A').points, named('B').points, named('Same range').points]
    expect([a.length, b.length, lines.length]).toEqual([10, 10, 30])
    for (const [place, point] of a.entries()) {
      const [from, to, gap] = lines.slice(3 * place, 3 * place + 3)
      expect([from?.x, from?.y]).toEqual([point.x, point.y])
      expect([to?.x, to?.y]).toEqual([b[place]?.x, b[place]?.y])
      expect(gap?.x).toBeNaN()
    }
    expect(named('Chosen in A').points).toHaveLength(1)
    expect(named('Chosen in A').points[0]?.lines[0]).toBe('layers 1–2')
    // Lines are drawn first, so that they lie behind their points.
    expect(series.at(-1)?.name).toBe('Same range')
  })

  it('names the scores of a range in both, and its counterpart', () => {
    const found = comparedRange(comparison, '1-2')
    if (found === undefined) throw new Error('not compared')
    expect(comparedWords(comparison, found)).toBe(
      'layers 1–2: diversity 0.583 in A, 0.534 in B, −0.049 ± 0.000; validity 0.880 in A, 0.880 in B, the same'
    )
    expect(comparisonReadout(comparison, { start: 1, end: 2 })).toMatchObject({
      name: 'layers 1–2',
      basis: '± 95 % interval over 6 prompts'
    })
    expect(comparisonReadout(deep, { start: 1, end: 1 })?.name).toBe('layer 1 beside layers 3–5')
    expect(deep.b.selected).toEqual({ start: 3, end: 5 })
    expect(selectedByB(deep)).toEqual([{ start: 1, end: 1 }])
  })
})

describe('the table of two sweeps', () => {
  it('has both columns and the difference of every model, sorted by any of them', () => {
    expect(comparisonColumns(comparison).map(({ label }) => label)).toEqual([
      'Model',
      'Validity A',
      'Validity B',
      'B less A',
      'Diversity A',
      'Diversity B',
      'B less A'
    ])
    const byDifference = sortRows(comparisonRows(comparison), comparisonColumns(comparison), {
      column: 'diversity',
      descending: true
    })
    expect(byDifference.map(({ label }) => label).slice(0, 3)).toEqual(['3', '2', '1'])
    expect(byDifference.at(-1)?.label).toBe('0–3')
    expect(comparisonRows(comparison)[0]).toMatchObject({ label: 'post', key: null })
  })

  it('is saved with the margins, and the ranges that correspond to each other', () => {
    const lines = comparisonCsv(deep).split('\r\n')
    expect(lines[0]).toMatch(/^kind,start,end,other_start,other_end,.*,validity_margin,diversity_margin$/)
    const cellsOf = (start: string): string[] | undefined => lines.find((line) => line.startsWith(start))?.split(',')
    expect(cellsOf('post,,,,,')?.[8]).toMatch(/^0\.32/)
    expect(cellsOf('range,0,0,0,2,')?.[8]).toMatch(/^0\.5/)
  })
})
