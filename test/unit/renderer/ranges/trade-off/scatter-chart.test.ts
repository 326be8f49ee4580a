import { describe, expect, it } from 'vitest'
import type { ChartColors } from '../../../../../src/renderer/plots/chart-theme'
import { halfStrengths } from '../../../../../src/contract/model/strengths'
import type { SamplingBaseline } from '../../../../../src/contract/model/sampling-baseline'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { placeNames } from '../../../../../src/renderer/plots/plot-names'
import { boardOfSweep } from '../../../../../src/renderer/ranges/board/build-board'
import {
  readOutModel,
  scatterBounds,
  type ScatterContent,
  type ScatterPart,
  selectableBounds,
  visibleModels
} from '../../../../../src/renderer/ranges/trade-off/scatter-content'
import { scatterSeries } from '../../../../../src/renderer/ranges/trade-off/scatter-series'
import { scatterMarks, scatterNames } from '../../../../../src/renderer/ranges/trade-off/scatter-picture'
import { scatterContent } from '../../../../fixtures/board-content'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

const COLORS: ChartColors = {
  base: '#00f',
  post: '#f00',
  hybrid: '#0a0',
  'ink-soft': '#444',
  'ink-faint': '#777',
  surface: '#fff',
  accent: '#33c',
  ink: '#000',
  line: '#ddd',
  checkpoint: '#90c',
  orange: '#e90',
  sky: '#5be',
  black: '#000'
}

const content = (hidden: ScatterPart[] = []): ScatterContent =>
  scatterContent(boardOfSweep({ ...tinySweep(), uniformBlends: [{ strength: 0.5, ...tinySweep().post }] }), { hidden })

describe('the trade-off', () => {
  it('reads out base and post where a blend lies on them', () => {
    expect(readOutModel(['blend:0', 'post'])).toBe('post')
    expect(readOutModel(['0-3', '0-4'])).toBe('0-3')
    expect(readOutModel([])).toBe(null)
  })

  it('names base, post, kept models and the limit, as the legend does', () => {
    const bounds = [
      [0, 1],
      [0, 1]
    ] as [[number, number], [number, number]]
    const names = scatterNames(content(), bounds, COLORS)
    expect(names.map(({ text }) => text)).toEqual(expect.arrayContaining(['base', 'post']))
    const { x, y, text } = names.at(-1) ?? { x: NaN, y: NaN, text: '' }
    expect(x).toBeCloseTo(0.9 * tinySweep().post.validity, 12)
    expect(text).toBe(`limit ${x.toFixed(3)}`)
    expect(y).toBe(1)
  })

  it('names attention only and MLP only of the selected range, and of no range that failed a check', () => {
    const recipe = { name: 'MLP 0', layers: halfStrengths({ start: 0, end: 0 }, 'mlp', 2, null) }
    const alone = { ...tinySweep().post, recipe, alone: 'mlp' as const }
    const board = boardOfSweep({ ...tinySweep(), selected: { start: 0, end: 0 }, recipes: [alone] })
    const named = (selected: string): string[] =>
      scatterNames(
        { ...content(), board, selected },
        [
          [0, 1],
          [0, 1]
        ],
        COLORS
      ).map(({ text }) => text)
    expect(named('0-0')).toContain('MLP 0')
    expect(named('1-1')).not.toContain('MLP 0')
  })

  it('gives base, few-shot base and post to the pointer, within the axes', () => {
    const { board: scored } = content()
    const board = { ...scored, fewShot: { ...elementAt(scored.ranges, 0, 'range'), validity: 0.31 } }
    const datasets = scatterSeries({ ...content(), board }, COLORS)
    const whole = datasets.flatMap(({ data }) => data).filter(({ name, model }) => name === model)
    expect(whole.map(({ model }) => model)).toEqual(['post', 'base', 'base:few-shot'])
    expect(scatterBounds({ ...content(), board })[0][0]).toBeLessThan(0.31)
  })

  it('names what a zoom shows, and zooms to what can be selected', () => {
    const bounds = selectableBounds(content().board, 0.9)
    if (bounds === null) throw new Error('nothing can be selected')
    const [[left, right], [low, high]] = bounds
    const { post } = tinySweep()
    expect(left).toBeLessThan(0.9 * post.validity)
    expect(right).toBeGreaterThan(post.validity)
    // Layers 1–1 are the most diverse of those that keep enough; 0–1 are more diverse, and keep too little.
    expect([low < post.diversity, high > 0.8, high < 0.9]).toEqual([true, true, true])
    const names = scatterNames(content(), bounds, COLORS).map(({ text }) => text)
    expect(names).toContain('post')
    expect(names).not.toContain('base')
  })

  it('shows the sweep before, faintly and beyond the pointer, while another runs', () => {
    const { board } = content()
    const running = {
      ...content(),
      board: { ...board, ranges: [], others: [] },
      before: board,
      streaming: true
    }
    const before = scatterSeries(running, COLORS).find(({ label }) => label === 'Sweep before')
    expect(before?.data.map(({ model }) => model)).toEqual([null, null, null])
    expect(before?.pointHitRadius).toBe(0)
  })

  it('draws one of points that lie on one another while scores come, and all of them in a zoom and at the end', () => {
    const { board } = content()
    const { post } = tinySweep()
    const score = { ...post, promptCount: board.promptCount }
    const ranges = [0, 0.0001, 0.2].map((off, start) => ({ start, end: start, ...score, diversity: off }))
    const drawn = (more: Partial<ScatterContent>): unknown =>
      scatterSeries({ ...content(), board: { ...board, ranges }, ...more }, COLORS)
        .find(({ label }) => label === 'Ranges')
        ?.data.map(({ model }) => model)
    const zoom: ScatterContent['zoom'] = [
      [0, 1],
      [0, 1]
    ]
    expect(drawn({ streaming: true })).toEqual(['0-0', '2-2'])
    expect(drawn({ streaming: true, zoom })).toEqual(['0-0', '1-1', '2-2'])
    expect(drawn({ streaming: false })).toEqual(['0-0', '1-1', '2-2'])
  })

  it('keeps two names on one line apart', () => {
    const area = { left: 0, top: 0, right: 400, bottom: 60 }
    const point = (x: number) => ({ x, y: 40, radius: 6, width: 60 })
    const [first, second] = placeNames([point(100), point(180)], area, 15, [])
    if (!first || !second) throw new Error('there is room for both')
    const apart = Math.abs(first.x - second.x) - 60
    expect(first.y !== second.y || apart >= 6).toBe(true)
  })

  it('draws nothing of what the legend has switched off', () => {
    const drawn = (hidden: ScatterPart[]): Record<string, number> =>
      Object.fromEntries(scatterSeries(content(hidden), COLORS).map(({ label, data }) => [label ?? '', data.length]))
    const all = drawn([])
    const none = drawn(['below', 'front', 'uniform-blend'])
    expect(all['Pareto front']).toBeGreaterThan(0)
    expect(none).toMatchObject({ 'Pareto front': 0, 'Ranges below the limit': 0, Blends: 0 })
    expect(none['Ranges']).toBe(all['Ranges'])
    expect(all['Blends']).toBe(1)
    expect(scatterMarks(content(['uniform-blend']))).toHaveLength(scatterMarks(content()).length - 1)
  })

  it('keeps unmarked points in sight, faintly, and the whole curve of blends', () => {
    const drawn = (label: string): unknown =>
      scatterSeries({ ...content(), brushed: new Set(['0-1']) }, COLORS)
        .find((dataset) => dataset.label === label)
        ?.data.map(({ name }) => name)
    const shown = [drawn('Ranges'), drawn('Ranges below the limit')].flat()
    expect(shown).toEqual(['layers 0–1'])
    expect(drawn('Not marked')).toHaveLength(2)
    expect(drawn('Blends')).toHaveLength(1)
  })

  it('writes no name over a point that has none', () => {
    const area = { left: 0, top: 0, right: 400, bottom: 300 }
    const point = { x: 200, y: 150, radius: 6, width: 60 }
    const marks = [-1, 0, 1].flatMap((up) => [{ x: 230, y: 150 + 12 * up, radius: 6 }])
    const [free] = placeNames([point], area, 15, [])
    const [beside] = placeNames([point], area, 15, marks)
    expect(free?.x).toBeGreaterThan(point.x)
    expect((beside?.x ?? NaN) + point.width).toBeLessThanOrEqual(230 - 6)
  })
})

it('shows baselines as curves that can be hidden, except the one that the headline names', () => {
  const at = (baseline: SamplingBaseline, validity: number, diversity: number) => ({
    ...tinySweep().post,
    baseline,
    validity,
    diversity
  })
  const baselines = [
    at({ kind: 'sampler', temperature: 2, minP: 0.1 }, 0.9, 0.8),
    at({ kind: 'sampler', temperature: 3, minP: 0 }, 0.5, 0.7),
    at({ kind: 'mix', share: 0.5 }, 0.4, 0.6)
  ]
  const board = boardOfSweep({ ...tinySweep(), baselines })
  const drawn = (hidden: ScatterPart[], named: string | null = null) =>
    scatterSeries({ ...content(hidden), board, named }, COLORS).map(({ label, data }) => [label, data.length])
  expect(drawn([])).toContainEqual(['Post under temperature and min-p', 1])
  expect(drawn([])).toContainEqual(['Logits of base and post mixed', 1])
  expect(drawn(['mix'])).toContainEqual(['Logits of base and post mixed', 0])
  const named = elementAt(board.baselines, 1, 'baseline').key
  expect(drawn(['mix'], named)).toContainEqual(['Logits of base and post mixed', 1])
  const everywhere = { validity: [0, 1], diversity: [0, 1] } as const
  expect(visibleModels({ ...content(['mix']), board }, everywhere)).not.toContain(named)
  expect(visibleModels({ ...content(['mix']), board, named }, everywhere)).toContain(named)
  // The axes are around the points that are drawn.
  const lowest = (hidden: ScatterPart[]): number => scatterBounds({ ...content(hidden), board })[0][0]
  const withoutBaselines = scatterBounds({ ...content(), board: boardOfSweep(tinySweep()) })[0][0]
  expect(lowest(['sampler', 'mix'])).toBe(withoutBaselines)
  expect(lowest([])).toBeLessThan(withoutBaselines)
})
