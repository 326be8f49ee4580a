import { describe, expect, it } from 'vitest'
import type { SweepDocument } from '../../../../src/contract/documents/crc'
import { shownSweep } from '../../../../src/contract/documents/shown-sweep'
import { exactGeometry } from '../../../../src/renderer/plots/heatmap-geometry'
import { HeatmapCells, PARTIAL_INSET, positionRows } from '../../../../src/renderer/ranges/heatmap/heatmap-cells'
import { metricsOf } from '../../../../src/renderer/ranges/board/metrics'
import { describeRanges, partialWords, readoutOf } from '../../../../src/renderer/ranges/board/readout'
import { boardOfSweep } from '../../../../src/renderer/ranges/board/build-board'
import { fullyScoredRanges } from '../../../../src/renderer/ranges/board/score-board'
import { boardRows, rowColumns, sweepCsv } from '../../../../src/renderer/ranges/board/tables'
import { sortRows, tableOf } from '../../../../src/renderer/ui/table'
import { scatterFigure } from '../../../../src/renderer/ranges/trade-off/scatter-figure'
import { triangleFigure } from '../../../../src/renderer/ranges/heatmap/triangle-figure'
import { withNote } from '../../../../src/renderer/plots/figures/figure-note'
import { BARE_PREVIEW } from '../../../fixtures/bare-sweep'
import { figurePage } from '../../../fixtures/figure-page'
import { blendsBetween, scoredModel } from '../../../../src/renderer/recipes/scored-models'
import { tinySweep } from '../../../fixtures/tiny-sweep'

/** A preview of three ranges, one of which is exact. */
function previewedSweep(): SweepDocument {
  const sweep = tinySweep()
  const margins = { validity: 0.02, diversity: 0.05 }
  const [first, second, exact] = sweep.ranges
  if (first === undefined || second === undefined || exact === undefined) throw new Error('no ranges')
  const estimated = [first, second].map((range) => ({
    ...range,
    margins,
    prompts: range.prompts.slice(0, 2)
  }))
  return {
    ...sweep,
    ranges: [exact],
    preview: { ...BARE_PREVIEW, prompts: [0, 2], ranges: estimated }
  }
}

const sweep = shownSweep(previewedSweep())
const board = boardOfSweep(sweep)

describe('a preview in the window', () => {
  it('shows all ranges, and marks exact ones', () => {
    expect(board.ranges).toHaveLength(3)
    expect(fullyScoredRanges(board)).toEqual([board.ranges.find(({ start, end }) => start === 1 && end === 1)])
  })

  it('counts the blends that it has estimated with those that are exact', () => {
    const blends = (...strengths: number[]) => strengths.map((strength) => ({ strength }))
    expect(blendsBetween({ uniformBlends: blends(0, 0.5, 1), preview: { uniformBlends: blends(0.25) } })).toHaveLength(
      2
    )
    expect(blendsBetween({ uniformBlends: blends(0, 0.5, 1), preview: null })).toHaveLength(1)
  })

  it('is copied from the table with what an estimate rests on', () => {
    expect(
      tableOf(rowColumns(board), boardRows(board))
        .rows.slice(0, 3)
        .map(([name]) => name)
    ).toEqual(['0-0, from 2 of 3 prompts', '0-1, from 2 of 3 prompts', '1-1'])
  })

  it('is sent without what the prompts of its estimates have', () => {
    expect(JSON.stringify(sweep.preview)).not.toContain('probabilities')
  })

  it('draws an estimate smaller, in the middle of its cell', () => {
    const geometry = exactGeometry(2, 400, null)
    const { cells } = new HeatmapCells().drawn(
      {
        geometry,
        rows: positionRows(geometry),
        spec: metricsOf(board.scoredBy).diversity,
        promptCount: board.promptCount,
        low: 0,
        high: 1,
        describe: () => ''
      },
      board.ranges,
      ({ diversity }) => diversity,
      new Map()
    )
    const sides = new Map(cells.map(({ key, side }) => [key, side / geometry.cell]))
    expect(sides.get('1-1')).toBe(1)
    expect(sides.get('0-1')).toBeCloseTo(1 - 2 * PARTIAL_INSET)
  })

  it('names the basis of an estimate', () => {
    const score = scoredModel(sweep, null, '0-1')
    expect(score?.estimatedFrom).toBe(2)
    const readout = readoutOf(board, '0-1', score?.score ?? null, null)
    expect(readout?.basis).toBe('estimated from 2 of 3 prompts, ± 95 % interval')
    expect(readout?.lines[1]?.value).toBe('0.900 ± 0.050')
    expect(partialWords(board)).toBe('from 2 of 3 prompts')
  })

  it('marks estimates in words and in the table, for screen readers too', () => {
    const describe = describeRanges({
      ...board,
      minimum: null,
      selected: null,
      mark: '',
      unscored: 'no score yet'
    })
    const [exact, estimate] = ['1-1', '0-1'].map((key) =>
      board.ranges.find(({ start, end }) => `${start}-${end}` === key)
    )
    if (exact === undefined || estimate === undefined) throw new Error('no ranges')
    expect(describe(exact, exact)).not.toContain('from')
    expect(describe(estimate, estimate)).toContain('from 2 of 3 prompts')
    expect(boardRows(board).map(({ label }) => label)).toContain('0–1 (from 2 prompts)')
    expect(sweepCsv(sweep)).toMatch(/\nestimated range,0,1,.*,estimated,2,[\d.]+,[\d.]+\r\n/)
  })

  it('has an estimate below the limit only where it is by more than its ±, in the triangle as in scatter and table', () => {
    const { validity } = board.ranges.find(({ start, end }) => start === 0 && end === 1) ?? { validity: 0 }
    const belowAt = (minimum: number): { scatter: boolean; table: boolean } => {
      const rho = minimum / (board.post?.validity ?? 1)
      const looks = { hidden: [], zoom: null, streaming: false, before: null, brushed: null, chosen: null }
      const none = { failed: new Set<string>(), rejected: new Set<string>(), selected: null }
      const csv = scatterFigure({ ...looks, ...none, board, rho }).csv()
      const rows = sortRows(boardRows(board), rowColumns(board, { minimum }), {
        column: 'qualifies',
        descending: true
      })
      const first = rows.findIndex(({ key }) => key === '0-1')
      return { scatter: /\nrange,0-1,.*below limit/.test(csv), table: first > 0 }
    }
    expect(belowAt(validity + 0.019)).toEqual({ scatter: false, table: false })
    expect(belowAt(validity + 0.021)).toEqual({ scatter: true, table: true })
  })

  it('names estimates in saved figures and their tables, with their prompts and margins', () => {
    const shown = {
      ...{ board, before: null, rho: 0.9, selected: '1-1', chosen: null, brushed: null, view: null },
      spec: metricsOf(board.scoredBy).diversity,
      failed: new Set<string>(),
      rejected: new Set<string>(),
      plateau: [],
      outlines: { selected: 'selected', plateau: '' }
    }
    const heatmap = triangleFigure(shown, 'diversity', undefined)
    const scatter = scatterFigure({ ...shown, hidden: [], zoom: null, streaming: false })
    const page = figurePage()
    for (const figure of [heatmap, scatter]) {
      expect(figure.note).toBe('2 of 3 ranges, drawn small, are estimated from 2 of 3 prompts.')
      const lines = figure.csv().split('\r\n')
      expect(lines.filter((line) => line.includes(',estimated,2,0.02,0.05,'))).toHaveLength(2)
      expect(lines.filter((line) => /^(?:1,1|range,1-1),.*,exact,3,/.test(line))).toHaveLength(1)
    }
    const drawn = withNote(heatmap.draw(page), heatmap.note ?? '', page)
    const texts = drawn.shapes.flatMap((shape) => (shape.kind === 'text' ? [shape] : []))
    const told = texts.filter(({ y }) => y > heatmap.draw(page).height)
    expect(told.map(({ text }) => text).join(' ')).toBe(heatmap.note)
    expect(told.every(({ y }) => y < drawn.height)).toBe(true)
    const titles = drawn.shapes.flatMap((shape) => (shape.kind === 'path' ? (shape.title ?? []) : []))
    expect(titles).toContainEqual(
      expect.stringMatching(/^layer 0: .*, estimated from 2 of 3 prompts, validity ± 0\.020, diversity ± 0\.050$/)
    )
    expect(titles).toContainEqual(expect.stringMatching(/^layer 1: [^±]*$/))
  })
})
