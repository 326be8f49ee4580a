import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EvaluationResults, EvaluationVariant } from '../../../../src/contract/documents/evaluation'
import { formatMeasure, proxySentence } from '../../../../src/contract/words/evaluation-words'
import { PAPER_SAMPLING } from '../../../../src/contract/documents/samples'
import {
  cellsCsv,
  embeddingMap,
  passAtKPlot,
  resultsCsv,
  tradeOffPlot,
  seriesStyles
} from '../../../../src/renderer/evaluate/evaluation-charts'
import { roomyBounds } from '../../../../src/renderer/plots/plot'
import { placeNames } from '../../../../src/renderer/plots/plot-names'
import { rubricOf } from '../../../../src/contract/model/task-kinds'
import { draftOfJudge, judgedBy, judgeOutcome, parseJudge } from '../../../../src/renderer/evaluate/judge-draft'
import { spreadOfRanges } from '../../../../src/renderer/evaluate/evaluation-variants'
import { estimate, evaluationRun, variantResult } from '../../../fixtures/evaluation-documents'
import { sampleLine } from '../../../fixtures/sample-run'
import { tinySweep } from '../../../fixtures/tiny-sweep'

const run = evaluationRun()
const results: EvaluationResults = {
  comparedWith: 'post',
  besideRanges: [],
  categories: [],
  variants: [
    variantResult('base', {
      measures: { accuracy: estimate(0.5), distinctRight: estimate(4), distinct2: estimate(0.9) },
      differences: {
        accuracy: { ...estimate(-0.4), effectSize: null, pValue: 0.5, adjustedPValue: 1 }
      }
    }),
    variantResult('post', { measures: { accuracy: estimate(0.9), distinctRight: estimate(1) } }),
    variantResult('upper', { measures: { accuracy: estimate(0.8) } })
  ],
  proxy: [],
  pairs: null,
  cells: [
    [{ accuracy: 0.5 }, { accuracy: 1 }, {}],
    [{}, {}, { accuracy: 0.25, distinctRight: 2 }]
  ]
}

describe('diversity against quality', () => {
  const hybrid = (name: string): EvaluationVariant => ({
    variant: { kind: 'recipe', name, recipe: { name, ranges: [[0, 1]] } }
  })

  const plot = tradeOffPlot({ run, results }, 'accuracy', 'distinctRight')

  it('puts each variant at its two means with both intervals, and leaves out one that lacks a measure', () => {
    expect(plot.series.map(({ name, points }) => [name, points.length])).toEqual([
      ['base', 1],
      ['post', 1],
      ['upper', 0]
    ])
    expect(plot.series[0]?.points[0]).toEqual({
      x: 0.5,
      y: 4,
      xInterval: [0.4, 0.6],
      yInterval: [3.9, 4.1],
      lines: [
        'base',
        'Right answers 0.500 [0.400, 0.600]',
        'Distinct right answers 4 [3.9, 4.1]',
        '95 % intervals over 12 prompts'
      ]
    })
  })

  it('ends the axis of a share at 1, and shows all intervals', () => {
    expect(plot.x.bounds).toEqual([0.3, 1])
    expect(plot.y.bounds[0]).toBeLessThanOrEqual(0.9)
    expect(plot.y.bounds[0]).toBeGreaterThanOrEqual(0)
    expect(plot.y.bounds[1]).toBeGreaterThanOrEqual(4.1)
  })

  it('ends the axis of a log-likelihood at 0', () => {
    const measures = {
      logLikelihoodPost: { ...estimate(-0.1), interval: [-1.5, -0.02] satisfies [number, number] },
      distinct2: estimate(0.9)
    }
    const unsure = [variantResult('base', { measures })]
    const { x } = tradeOffPlot({ run, results: { ...results, variants: unsure } }, 'logLikelihoodPost', 'distinct2')
    expect(x.bounds[1]).toBe(0)
  })

  it('distinguishes recipes by shape, and pales a variant with other settings', () => {
    const styles = seriesStyles([
      hybrid('a'),
      hybrid('b'),
      { variant: { kind: 'post', name: 'post, hot' }, sampling: { ...PAPER_SAMPLING, temperature: 2 } }
    ])
    expect(styles.map(({ tone }) => tone)).toEqual(['hybrid', 'hybrid', 'post'])
    expect(styles[0]?.mark).not.toBe(styles[1]?.mark)
    expect(styles.map(({ opacity }) => opacity)).toEqual([1, 1, 0.6])
  })

  it('look the same as kept in every run, unlike all others', () => {
    const kept = (name: string, mark: number): EvaluationVariant => ({
      variant: {
        kind: 'recipe',
        name,
        recipe: { name, ranges: [[0, mark]] },
        kept: { id: `id-${mark}`, mark }
      }
    })
    const [alone] = seriesStyles([kept('a', 1)])
    const [other, , again] = seriesStyles([hybrid('range'), kept('b', 0), kept('a, renamed', 1)])
    const look = (style: ReturnType<typeof seriesStyles>[number] | undefined) => `${style?.tone} ${style?.mark}`
    expect(look(again)).toBe(look(alone))
    expect(new Set([look(other), look(alone), look(seriesStyles([kept('b', 0)])[0])]).size).toBe(3)
  })
})

describe('an axis', () => {
  it('goes from one round number to another', () => {
    expect(roomyBounds([0.61, 1.0])).toEqual([0.5, 1.1])
    expect(roomyBounds([0.61, 1.0], [0, 1])).toEqual([0.5, 1])
    expect(roomyBounds([])).toEqual([0, 1])
  })

  it('holds all values, also when there is but one', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const [low, high] = roomyBounds(values)
        expect(low).toBeLessThan(Math.min(...values))
        expect(high).toBeGreaterThan(Math.max(...values))
      })
    )
  })
})

describe('names in a plot', () => {
  const area = { left: 0, top: 0, right: 400, bottom: 300 }
  const HEIGHT = 15
  const boxes = (points: readonly { x: number; y: number; radius: number; width: number }[]) =>
    placeNames(points, area, HEIGHT, []).flatMap((place, index) => {
      if (place === null) return []
      const { x, y } = place
      return [{ left: x, right: x + (points[index]?.width ?? 0), top: y - HEIGHT / 2, bottom: y + HEIGHT / 2 }]
    })

  it('cover neither each other nor a mark where points crowd, and stay within the plot', () => {
    const points = [380, 384, 388, 391].map((x, index) => ({ x, y: 20 + 3 * index, radius: 6, width: 60 }))
    const marks = points.map(({ x, y, radius }) => ({
      left: x - radius,
      right: x + radius,
      top: y - radius,
      bottom: y + radius
    }))
    const names = boxes(points)
    expect(names).toHaveLength(points.length)
    for (const [index, name] of names.entries()) {
      expect(name.left).toBeGreaterThanOrEqual(area.left)
      expect(name.right).toBeLessThanOrEqual(area.right)
      for (const other of [...names.slice(index + 1), ...marks]) {
        const apart =
          name.right <= other.left || other.right <= name.left || name.bottom <= other.top || other.bottom <= name.top
        expect(apart).toBe(true)
      }
    }
  })

  it('are right above a single point, and have a line to it when they are farther away', () => {
    const [alone] = placeNames([{ x: 100, y: 100, radius: 5, width: 40 }], area, HEIGHT, [])
    expect(alone?.led).toBe(false)
    expect(alone?.x).toBeGreaterThan(100)
    expect(alone?.y).toBeLessThan(100)
    const crowd = Array.from({ length: 12 }, () => ({ x: 200, y: 150, radius: 5, width: 40 }))
    expect(placeNames(crowd, area, HEIGHT, []).some((place) => place?.led)).toBe(true)
    // Rather than far off they stand on a little of what has no name.
    const dots = Array.from({ length: 900 }, (_, index) => ({
      x: 12 * (index % 30) + 20,
      y: 9 * Math.floor(index / 30) + 20,
      radius: 1
    }))
    const [near] = placeNames([{ x: 200, y: 150, radius: 5, width: 40 }], area, HEIGHT, dots)
    expect(near?.led).toBe(false)
    // Where there is no room left, the first names stay legible and the last are left out.
    const [first, ...others] = placeNames(crowd, { left: 180, top: 130, right: 250, bottom: 170 }, HEIGHT, [])
    expect(first).not.toBeNull()
    expect(others.at(-1)).toBeNull()
  })

  it('are left out where they would cover a named point', () => {
    const strip = { left: 100, top: 100, right: 240, bottom: 124 }
    const wide = { x: 220, y: 112, radius: 6, width: 100 }
    expect(placeNames([wide], strip, HEIGHT, [])).not.toEqual([null])
    expect(placeNames([wide, { x: 150, y: 112, radius: 6, width: 1 }], strip, HEIGHT, [])[0]).toBeNull()
  })
})

describe('pass@k', () => {
  it('is a curve over doublings of k, and is no plot where no task has it', () => {
    expect(passAtKPlot({ run, results })).toBeNull()
    const passAtK = [
      { k: 1, ...estimate(0.25), difference: null },
      { k: 2, ...estimate(0.5), difference: null },
      { k: 4, ...estimate(1), difference: null }
    ]
    const plot = passAtKPlot({ run, results: { ...results, variants: [variantResult('base', { passAtK })] } })
    expect(plot?.series[0]?.points.map(({ x, y }) => [x, y])).toEqual([
      [0, 0.25],
      [1, 0.5],
      [2, 1]
    ])
    expect(plot?.x.bounds).toEqual([0, 2])
    expect(plot?.x.tick?.(2)).toBe('4')
  })
})

describe('the map of answers', () => {
  const samples = [sampleLine('post', 0, 0, 'Blue.'), sampleLine('base', 0, 0, 'Copper or pink.')]
  const scores = {
    prompt: 0,
    cells: [],
    map: [
      { variant: 'post', index: 0, x: -1, y: 0 },
      { variant: 'base', index: 0, x: 1, y: 0.5 }
    ],
    explained: [0.6, 0.25] as [number, number]
  }

  it('shows each answer at its place with its words, and says how much of the variance that is', () => {
    const map = embeddingMap(run.variants, { samples, scores }, new Set())
    expect(map?.series.map(({ name, points }) => [name, points.map(({ x, lines }) => [x, lines])])).toEqual([
      ['base', [[1, ['base', 'Copper or pink.']]]],
      ['post', [[-1, ['post', 'Blue.']]]],
      ['upper', []]
    ])
    expect(map?.x.title).toContain('60 %')
  })

  it('keeps its axes when a variant is hidden, and is none before the prompt is scored', () => {
    const all = embeddingMap(run.variants, { samples, scores }, new Set())
    const some = embeddingMap(run.variants, { samples, scores }, new Set(['base']))
    expect(some?.series.map(({ name }) => name)).toEqual(['post', 'upper'])
    expect([some?.x, some?.y]).toEqual([all?.x, all?.y])
    expect(embeddingMap(run.variants, { samples, scores: null }, new Set())).toBeNull()
  })
})

describe('the table of results', () => {
  it('is exported with intervals and comparisons, an effect size that there is not left empty', () => {
    const lines = resultsCsv({ results }).trimEnd().split(/\r?\n/)
    const cellsOf = (start: string): string[] | undefined =>
      lines
        .find((line) => line.startsWith(start))
        ?.split(',')
        .slice(5)
    expect(cellsOf('base,accuracy')).toEqual('12,-0.4,-0.5,-0.30000000000000004,0.5,1,8,post,12,'.split(','))
    expect(cellsOf('upper,accuracy')).toEqual('12,,,,,,8,,,'.split(','))
  })

  it('is exported prompt by prompt', () => {
    const lines = cellsCsv({ run, results }).trimEnd().split(/\r?\n/)
    expect(lines[0]).toBe('prompt,text,variant,distinct2,distinctRight,accuracy')
    expect(lines[1]).toBe('1,Write about the sea.,base,,,0.5')
    expect(lines[6]).toBe('2,Write about bread.,upper,,2,0.25')
  })

  it('writes counts whole, shares with three decimals', () => {
    expect(formatMeasure('distinctRight', 9)).toBe('9')
    expect(formatMeasure('distinctRight', 8.75)).toBe('8.8')
    expect(formatMeasure('accuracy', 1)).toBe('1.000')
    expect(formatMeasure('logLikelihoodPost', -12.34)).toBe('−12.3')
  })
})

describe('how well the character task predicts a task', () => {
  const correlation = (against: 'diversity' | 'validity', value: number | null, count: number) => ({
    sweepId: 's',
    measure: against === 'diversity' ? ('distinctRight' as const) : ('accuracy' as const),
    against,
    correlation: value,
    interval: null,
    over: 'variants' as const,
    count
  })

  it('is reported with the number of variants, and with a warning where they are few', () => {
    const sentence = proxySentence({
      proxy: [correlation('diversity', 0.9, 9), correlation('validity', -0.5, 9)]
    })
    expect(sentence).toMatch(/Over 9 variants.*\+0\.90.*−0\.50/)
    expect(sentence).not.toMatch(/says little/)
    expect(proxySentence({ proxy: [correlation('diversity', 0.9, 4)] })).toMatch(/says little/)
  })

  it('is reported over all ranges without an interval, and with the result of its selection, where a sweep has scored them by the task', () => {
    const proxy = [{ ...correlation('diversity', 0.9, 78), over: 'ranges' as const }]
    const range = { start: 5, end: 11 }
    expect(proxySentence({ proxy })).toMatch(
      /Over all 78 ranges, scored exactly by both, .*\+0\.90 \(Spearman\)\. No interval: .*restore\.$/
    )
    expect(proxySentence({ proxy, proxyPick: { range, validity: 0.805, limit: 0.9, gain: 0.1 } })).toMatch(
      /Its selection, layers 5–11, has precision 0\.805, below the limit of 0\.900, and coverage \+0\.100 over post\.$/
    )
    expect(proxySentence({ proxy, proxyPick: { range, validity: 0.9, limit: 0.9, gain: 0.1 } })).toMatch(
      /0\.900, not below the limit/
    )
  })

  it('is not reported for too few variants, nor without a sweep', () => {
    expect(proxySentence({ proxy: [correlation('diversity', null, 2)] })).toMatch(/Too few variants.*2/)
    expect(proxySentence({ proxy: [correlation('diversity', null, 3)] })).toMatch(/^How well.*\(all equal\)/)
    expect(proxySentence({ proxy: [] })).toBe('')
  })

  it('is judged over ranges that are spread from the least to the most diverse', () => {
    const { ranges } = tinySweep()
    const spread = spreadOfRanges(ranges, 3)
    const diversities = ranges.map(({ diversity }) => diversity)
    expect(spread[0]?.diversity).toBe(Math.min(...diversities))
    expect(spread.at(-1)?.diversity).toBe(Math.max(...diversities))
    expect(new Set(spread.map(({ start, end }) => `${start}-${end}`)).size).toBe(3)
    expect(spreadOfRanges(ranges, 1000)).toHaveLength(ranges.length)
  })
})

describe('a typed judge', () => {
  const draft = { ...draftOfJudge('creative', null), baseUrl: ' http://localhost:8080/v1 ', model: 'm' }

  it('begins with the rubric for the kind of task, or as the judge of last time', () => {
    const blank = draftOfJudge('reasoning', null)
    expect(judgedBy(blank, 'reasoning', 'pairs').rubric).toBe(rubricOf('reasoning', 'pairs'))
    expect(judgedBy(judgedBy(blank, 'reasoning', 'pairs'), 'reasoning', 'marks')).toEqual(blank)
    expect(judgedBy({ ...blank, rubric: 'mine' }, 'reasoning', 'pairs')).toMatchObject({
      way: 'pairs',
      rubric: 'mine'
    })
    expect(draftOfJudge('reasoning', null).rubric).toBe(rubricOf('reasoning', 'marks'))
    const { settings } = parseJudge(draft)
    expect(settings).toMatchObject({ baseUrl: 'http://localhost:8080/v1', model: 'm', answersPerPrompt: 10 })
    expect(draftOfJudge('reasoning', settings).rubric).toBe(rubricOf('creative', 'marks'))
    expect(parseJudge({ ...draft, anyModel: true }).settings?.anyModel).toBe(true)
  })

  it('names every field that is wrong, and takes no key in the address', () => {
    const { settings, problems } = parseJudge({
      way: 'marks',
      baseUrl: 'http://me:secret@host/v1',
      model: '',
      rubric: ' ',
      answersPerPrompt: '0',
      requestsPerMinute: '1e3',
      anyModel: false
    })
    expect(settings).toBeNull()
    const fields = Object.keys(draft).filter((field) => !['way', 'anyModel'].includes(field))
    expect(Object.keys(problems).sort()).toEqual(fields.sort())
    expect(problems.baseUrl).toMatch(/apart from the address/)
    expect(parseJudge({ ...draft, model: 'm'.repeat(300) }).problems.model).toBe('expected at most 200 characters')
  })

  it('reports in the end the reused verdicts and the unreadable replies', () => {
    const progress = { done: 1200, total: 1200, unreadable: 3 }
    expect(judgeOutcome({ progress, knownCount: 1000 })).toBe(
      '1,200 questions asked; 1,000 of them earlier, and not sent again; 3 of the replies held no verdict and are left out.'
    )
    expect(judgeOutcome({ progress: { done: 1, total: 1, unreadable: 0 }, knownCount: 0 })).toBe('1 question judged.')
    expect(judgeOutcome({ progress: { done: 52, total: 52, unreadable: 52 }, knownCount: 0 })).toBe(
      'None of 52 replies held a verdict: nothing is judged.'
    )
  })
})
