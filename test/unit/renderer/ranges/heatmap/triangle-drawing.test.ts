import { describe, expect, it } from 'vitest'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { colorAt, VIRIDIS } from '../../../../../src/contract/words/color-scale'
import { exactGeometry } from '../../../../../src/renderer/plots/heatmap-geometry'
import { paintOf, type PathShape, type Shape } from '../../../../../src/renderer/plots/figures/drawing'
import { svgOf } from '../../../../../src/renderer/plots/figures/svg'
import { metricsOf } from '../../../../../src/renderer/ranges/board/metrics'
import type { ScoreBoard } from '../../../../../src/renderer/ranges/board/score-board'
import { triangleDrawing, type TriangleContent } from '../../../../../src/renderer/ranges/heatmap/triangle-drawing'
import { triangleCsv, triangleFigure } from '../../../../../src/renderer/ranges/heatmap/triangle-figure'
import { scatterSeries } from '../../../../../src/renderer/ranges/trade-off/scatter-series'
import { scatterCsv, scatterFigure } from '../../../../../src/renderer/ranges/trade-off/scatter-figure'
import { figurePage } from '../../../../fixtures/figure-page'

const score = (validity: number, diversity: number) => ({
  validity,
  diversity,
  effectiveChoices: 1,
  promptCount: 4
})
const board: ScoreBoard = {
  scoredBy: { kind: 'crc' },
  layerCount: 3,
  source: null,
  promptCount: 4,
  base: score(0.4, 0.9),
  post: score(1, 0.3),
  ranges: [
    { start: 0, end: 0, ...score(0.95, 0.4) },
    { start: 0, end: 2, ...score(0.5, 0.8) },
    { start: 1, end: 2, ...score(0.9, 0.6) }
  ],
  others: [],
  baselines: []
}
const content: TriangleContent = {
  board,
  before: null,
  spec: metricsOf(board.scoredBy).diversity,
  rho: 0.9,
  selected: '1-2',
  chosen: '0-0',
  brushed: null,
  failed: new Set(),
  plateau: [{ start: 1, end: 2 }],
  outlines: { selected: 'selected', plateau: '95 % of wins' },
  view: null
}

const WIDTH = 400
const { colors } = figurePage()
const draw = (changes: Partial<TriangleContent> = {}): readonly Shape[] =>
  triangleDrawing({ ...content, ...changes }, exactGeometry(3, WIDTH, changes.view ?? null), colors).shapes
const wordsOf = (shapes: readonly Shape[]): string[] =>
  shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []))
const cellOf = (shapes: readonly Shape[], words: string): PathShape => {
  const found = shapes.find((shape) => shape.kind === 'path' && shape.title?.startsWith(words))
  if (found?.kind !== 'path') throw new Error(`no cell is ${words}`)
  return found
}

describe('the figure of the triangle', () => {
  it('has a cell for each range at its layers, in the colour of its value', () => {
    const shapes = draw()
    const side = (WIDTH - 39) / 3
    const cell = cellOf(shapes, 'layers 1–2: validity 0.900, diversity 0.600')
    const [, x, y] = /^M([\d.]+) ([\d.]+)/.exec(cell.d) ?? []
    expect([Number(x), Number(y)].map(Math.round)).toEqual([36 + 2 * side, 36 + side].map(Math.round))
    // From 0.4 to 0.8, what its ranges have.
    const [red, green, blue] = colorAt(VIRIDIS, 0.5)
    expect(cell.fill).toEqual(paintOf(`rgb(${red}, ${green}, ${blue})`))
    expect(wordsOf(shapes)).toEqual(expect.arrayContaining(['.40', '.60', '.80', '0.400', '0.800']))
  })

  it('crosses out what fails the check, and says so in legend and file', () => {
    const failed = new Set(['0-0'])
    expect(wordsOf(draw())).not.toContain('fails check')
    const shapes = draw({ failed })
    expect(wordsOf(shapes)).toContain('fails check')
    const added = shapes.length - draw().length
    // A cross and what sets it off, and of the legend a cross and its words.
    expect(added).toBe(4)
    expect(triangleCsv({ ...content, failed })).toContain('0,0,0.95,0.4,exact,4,,,fails check')
  })

  it('names the outlined and the hatched ranges, and marks no others where it is zoomed', () => {
    expect(wordsOf(draw())).toEqual(
      expect.arrayContaining(['selected', 'inspected', '95 % of wins', 'validity < 0.900 (0.90 × post)'])
    )
    // 140 units are the width of these words in DejaVu Sans.
    const selected = '18 % fewer right answers'
    const places = draw({ outlines: { ...content.outlines, selected } }).flatMap((shape) =>
      shape.kind === 'text' && [selected, 'inspected'].includes(shape.text) ? [shape.x] : []
    )
    expect(elementAt(places, 1, 'word') - elementAt(places, 0, 'word')).toBeGreaterThan(140 + 21)
    const zoomed = draw({ view: { starts: [1, 2], ends: [1, 2] } })
    expect(wordsOf(zoomed)).toContain('.60')
    expect(wordsOf(zoomed)).not.toContain('.40')
    expect(zoomed.filter((shape) => shape.kind === 'path' && shape.title !== undefined)).toHaveLength(1)
  })

  it('is named and listed after its content', async () => {
    const svg = svgOf(triangleFigure(content, 'diversity', undefined).draw(figurePage()), 'triangle', 85)
    await expect(svg).toMatchFileSnapshot('./triangle.golden.svg')
    expect(triangleFigure({ ...content, view: { starts: [1, 2], ends: [1, 2] } }, 'gain', undefined).name).toEqual([
      'heatmap',
      'gain',
      'zoomed'
    ])
    expect(triangleCsv(content).split('\r\n')).toEqual([
      'start,end,validity,diversity,basis,prompts,validity ±,diversity ±,is',
      '0,0,0.95,0.4,exact,4,,,',
      '0,2,0.5,0.8,exact,4,,,below limit',
      '1,2,0.9,0.6,exact,4,,,"selected, 95 % of wins"',
      ''
    ])
  })
})

describe('the figure of the trade-off', () => {
  const scatter = {
    ...content,
    hidden: [],
    zoom: null,
    streaming: false,
    rejected: new Set<string>()
  }

  it('lists its models, without hidden ones and those outside a zoom', () => {
    expect(scatterCsv(scatter).split('\r\n').slice(1, -1)).toEqual([
      'base,base,0.4,0.9,exact,4,,,',
      'post,post,1,0.3,exact,4,,,',
      'range,0-0,0.95,0.4,exact,4,,,"inspected, front"',
      'range,0-2,0.5,0.8,exact,4,,,"below limit, front"',
      'range,1-2,0.9,0.6,exact,4,,,"selected, front"'
    ])
    const bounds = [
      [0.8, 1],
      [0.5, 1]
    ] as const
    expect(
      scatterCsv({ ...scatter, zoom: bounds })
        .split('\r\n')
        .slice(1, -1)
    ).toEqual(['range,1-2,0.9,0.6,exact,4,,,"selected, front"'])
    expect(scatterCsv({ ...scatter, hidden: ['below'] })).not.toContain('0-2')
  })

  it('crosses out what fails the check, and says so in its legend and file', () => {
    const figure = scatterFigure({ ...scatter, failed: new Set(['1-2']) })
    expect(wordsOf(figure.draw(figurePage()).shapes)).toContain('Fails check')
    expect(figure.csv()).toContain('range,1-2,0.9,0.6,exact,4,,,"selected, fails check, front"')
    expect(wordsOf(scatterFigure(scatter).draw(figurePage()).shapes)).not.toContain('Fails check')
  })

  it('has on its front none that the check has thrown out', () => {
    const checked = { ...scatter, failed: new Set(['1-2']), rejected: new Set(['1-2']) }
    expect(scatterFigure(checked).csv()).toContain('range,1-2,0.9,0.6,exact,4,,,"selected, fails check"')
    const front = scatterSeries(checked, colors).find(({ label }) => label === 'Pareto front')
    expect(front?.data.map(({ model }) => model)).toEqual(['0-2', '0-0'])
  })

  it('names visible marks in its legend', async () => {
    const svg = svgOf(scatterFigure(scatter).draw(figurePage()), 'trade-off', 85)
    await expect(svg).toMatchFileSnapshot('./trade-off.golden.svg')
    const whole = wordsOf(scatterFigure(scatter).draw(figurePage()).shapes)
    expect(whole).toEqual(expect.arrayContaining(['Ranges', 'Ranges below the limit', 'Pareto front', 'Selected']))
    expect(whole).not.toContain('Blends')
    const hidden = wordsOf(scatterFigure({ ...scatter, hidden: ['front', 'below'] }).draw(figurePage()).shapes)
    expect(hidden).not.toContain('Pareto front')
    expect(hidden).not.toContain('Ranges below the limit')
  })
})
