import type { CheckedModel } from '../../../../src/contract/documents/answer-check'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SweepDocument } from '../../../../src/contract/documents/crc'
import { halfStrengths } from '../../../../src/contract/model/strengths'
import type { SamplingBaseline } from '../../../../src/contract/model/sampling-baseline'
import { takenVariants } from '../../../../src/contract/documents/variant-choices'
import { BY_CHARACTERS } from '../../../../src/contract/documents/scored-by'
import { unlistedWords } from '../../../../src/contract/words/score-words'
import { colorAt, DIVERGING, inkOn, VIRIDIS } from '../../../../src/contract/words/color-scale'
import {
  distributionCsv,
  distributionOf,
  meanProbabilities
} from '../../../../src/renderer/ranges/inspector/distribution'
import { paretoFront } from '../../../../src/contract/model/pareto-front'
import { rangeCount } from '../../../../src/contract/model/strengths'
import { metricDomain, metricsOf } from '../../../../src/renderer/ranges/board/metrics'
import { boardOfSweep, LiveBoard, withSelection } from '../../../../src/renderer/ranges/board/build-board'
import {
  axisBounds,
  minimumValidity,
  isInspectable,
  modelsWithin,
  scoreOf,
  type RangePoint
} from '../../../../src/renderer/ranges/board/score-board'
import { keptScore } from '../../../../src/renderer/recipes/kept-score'
import { scoredModel } from '../../../../src/renderer/recipes/scored-models'
import {
  type BoardRow,
  boardRows,
  halfNote,
  rowColumns,
  failedModels,
  sweepCsv
} from '../../../../src/renderer/ranges/board/tables'
import { sortRows } from '../../../../src/renderer/ui/table'
import { KEPT_AT, NOT_SCORED } from '../../../fixtures/project-documents'
import { projectState } from '../../../fixtures/scripted-line'
import { tinySweep, tinyTaskSweep } from '../../../fixtures/tiny-sweep'

const point = (start: number, end: number, validity: number, diversity: number): RangePoint => ({
  start,
  end,
  validity,
  diversity,
  effectiveChoices: 1,
  promptCount: 4
})

describe('a kept recipe in a sweep', () => {
  it('is identified by its restored layers, under any name', () => {
    const sweep = tinySweep()
    const [score] = sweep.ranges
    if (score === undefined) throw new Error('the fixture has ranges')
    const parts: [number, number][] = [
      [0, 0],
      [2, 2]
    ]
    const swept = {
      ...sweep,
      layerCount: 3,
      recipes: [{ ...score, recipe: { name: 'as swept', ranges: parts } }]
    }
    expect(scoredModel(swept, null, '0-1')).toMatchObject({ kind: 'range', name: 'Layers 0–1' })
    expect(scoredModel(swept, null, '1-2')).toBeNull()
    const kept = {
      ...projectState().document,
      recipes: [{ id: 'r', mark: 7, recipe: { name: 'renamed since', ranges: parts }, keptAt: KEPT_AT, ...NOT_SCORED }]
    }
    const { key, name, mark } = boardOfSweep(swept, null, kept).others[0] ?? {}
    expect({ key, name, mark }).toEqual({ key: '0-0,2-2', name: 'renamed since', mark: 7 })
    expect(scoredModel(swept, null, '0-0,2-2', kept)?.name).toBe('renamed since')
    expect(sweepCsv(swept, kept)).toContain('renamed since')
    // Two recipes that restore the same layers keep their names.
    const twins = {
      ...kept,
      recipes: [
        ...kept.recipes,
        ...kept.recipes.map((twin) => ({ ...twin, id: 's', recipe: { name: 'as swept', ranges: parts } }))
      ]
    }
    expect(boardOfSweep(swept, null, twins).others[0]?.name).toBe('as swept')
  })
})

describe('the score of a kept recipe', () => {
  const sweep = tinySweep()
  const own = {
    id: 'r',
    mark: 0,
    scoredBy: BY_CHARACTERS,
    keptAt: KEPT_AT,
    sweepId: 'older',
    validity: 0.1,
    diversity: 0.2
  }
  const sweeps = [{ id: 'older', createdAt: '2026-01-01T00:00:00Z' }]

  it('is that of the shown sweep, or names the sweep that it is of', () => {
    const swept = { ...own, recipe: { name: 'kept', ranges: [[1, 1] satisfies [number, number]] } }
    expect(keptScore(swept, sweep, sweeps)).toEqual({
      scoredBy: BY_CHARACTERS,
      validity: 0.92,
      diversity: 0.8,
      from: null
    })
    const other = {
      ...own,
      recipe: {
        name: 'kept',
        layers: [
          { attention: 1, mlp: 0 },
          { attention: 0, mlp: 0 }
        ]
      }
    }
    expect(keptScore(other, sweep, sweeps)).toEqual({
      scoredBy: BY_CHARACTERS,
      validity: 0.1,
      diversity: 0.2,
      from: expect.stringMatching(/^sweep of .*2026/)
    })
    expect(keptScore(other, sweep, [])?.from).toBe('another sweep')
    expect(keptScore({ ...other, sweepId: 'tiny' }, sweep, sweeps)?.from).toBeNull()
    // Under What if, the sweep has no score of the recipe, so the stored score is shown.
    expect(keptScore({ ...other, sweepId: 'tiny' }, sweep, sweeps, true)?.from).toBe('as swept')
    expect(keptScore({ ...other, ...NOT_SCORED }, sweep, sweeps)).toBeNull()
  })
})

describe('the Pareto front', () => {
  it('keeps the ranges that nothing beats in both measures, by rising validity', () => {
    const points = [point(0, 0, 0.9, 0.5), point(0, 1, 0.8, 0.7), point(1, 1, 0.85, 0.6), point(1, 2, 0.8, 0.65)]
    expect(paretoFront(points).map(({ start, end }) => [start, end])).toEqual([
      [0, 1],
      [1, 1],
      [0, 0]
    ])
  })

  it('holds no range that another one dominates, and leaves none undominated out', () => {
    const score = fc.integer({ min: 0, max: 20 }).map((value) => value / 20)
    fc.assert(
      fc.property(fc.array(fc.tuple(score, score), { maxLength: 40 }), (scores) => {
        const points = scores.map(([validity, diversity], index) => point(index, index, validity, diversity))
        const kept = paretoFront(points)
        for (const [place, { validity, diversity }] of kept.slice(1).entries()) {
          expect(validity).toBeGreaterThan(kept[place]?.validity ?? NaN)
          expect(diversity).toBeLessThan(kept[place]?.diversity ?? NaN)
        }
        const front = new Set(kept.map(({ validity, diversity }) => `${validity}/${diversity}`))
        for (const { validity, diversity } of points) {
          const dominated = points.some(
            (other) =>
              other.validity >= validity &&
              other.diversity >= diversity &&
              (other.validity > validity || other.diversity > diversity)
          )
          expect(front.has(`${validity}/${diversity}`)).toBe(!dominated)
        }
      })
    )
  })
})

describe('what a sweep is scored by', () => {
  it('names the measures in every table and chart, and counts right answers where there are any', () => {
    const sweep = tinyTaskSweep()
    const board = boardOfSweep(sweep)
    expect(rowColumns(board).map(({ label }) => label)).toEqual([
      ...[
        'Model',
        'Layers changed',
        'Precision',
        'Coverage',
        'Gain over post',
        'Effective answers',
        'Distinct right in 32',
        'Qualifies'
      ]
    ])
    expect(
      sortRows(boardRows(board), rowColumns(board), { column: 'distinct', descending: true }).map(
        ({ distinctRight }) => distinctRight
      )
    ).toEqual([1.98, 1.8, 1.6, 1, 0.8])
    const [header, , , first] = sweepCsv(sweep).split('\r\n')
    expect(header).toMatch(/^model,start,end,precision,coverage,effective_answers,distinct_right,letter_precision/)
    expect(first).toBe('range,0,0,0.95,0.5,1.5,1,0.95,0.5,0.95,0.5,exact,3,,')
    const metrics = Object.values(metricsOf(sweep.scoredBy)).map(({ label, describe }) => label + describe)
    expect(metrics.join()).not.toMatch(/validity|diversity|valid/i)
    expect(rowColumns(boardOfSweep(tinySweep())).map(({ label }) => label)).toContain('Diversity')
    expect(unlistedWords(tinySweep().post)).toBeNull()
    expect(unlistedWords({ precision: 0.9996, continued: 0.0001 })).toBeNull()
    expect(unlistedWords({ precision: 0.9, continued: 0.04 })).toMatch(
      /^0\.100 is in no listed form .*\. 0\.040 begins/
    )
  })
})

describe('baselines of a sweep', () => {
  const baseline: SamplingBaseline = { kind: 'mix', share: 0.7 }
  const sweep: SweepDocument = {
    ...tinySweep(),
    baselines: [{ baseline, ...tinySweep().post, validity: 0.91 }]
  }

  it('are in chart and table under a key that selects them', () => {
    const board = boardOfSweep(sweep)
    expect(boardRows(board).find(({ kind }) => kind === 'baseline')).toMatchObject({
      key: 'mix 0.7',
      validity: 0.91
    })
    expect(scoreOf(board, 'mix 0.7')?.validity).toBe(0.91)
    expect(scoredModel(sweep, null, 'mix 0.7')).toMatchObject({
      kind: 'baseline',
      layers: null,
      model: { kind: 'baseline', baseline },
      score: { validity: 0.91 }
    })
    expect(sweepCsv(sweep)).toContain('"mix of logits, 0.7 from base",,,0.91')
  })

  it('include the selected range under other samplers, and mark attention only, MLP only and controls', () => {
    const recipe = { name: 'MLP 0', layers: halfStrengths({ start: 0, end: 0 }, 'mlp', 2, null) }
    const alone = { ...tinySweep().post, recipe, alone: 'mlp' as const }
    const board = boardOfSweep({ ...sweep, recipes: [alone] })
    const difference = { mean: 0, interval: null, pValue: 1 }
    const shown = withSelection(board, {
      selected: { start: 0, end: 0 },
      tempered: [
        { temperature: 2, minP: 0.1, validity: 0.9, diversity: 0.8, effectiveChoices: 3 },
        // As the sweep draws: the range itself.
        { temperature: 1, minP: 0, validity: 0.95, diversity: 0.7, effectiveChoices: 3 }
      ],
      baselines: [
        { kind: 'half' as const, half: 'mlp' as const, range: { start: 0, end: 0 } },
        { kind: 'control' as const, place: 'latest' as const, range: { start: 1, end: 1 } }
      ].map((baseline) => ({
        ...{ baseline, validity: 0.9, diversity: 0.5, promptCount: 3, answers: null },
        difference: { validity: difference, diversity: difference }
      }))
    })
    const labels = boardRows(shown).map(({ label }) => label)
    expect(labels).toContain('selected layer 0 at temperature 2, min-p 0.1')
    // It is no model of its own, so it is neither inspected nor marked.
    const all = { validity: [0, 1], diversity: [0, 1] } as const
    expect(isInspectable(shown, 'tempered 2 0.1')).toBe(false)
    expect(modelsWithin(shown, all)).not.toContain('tempered 2 0.1')
    expect(labels).toContain('1 (the latest of that length)')
    expect(labels).toHaveLength(boardRows(board).length + 1)
    const half = shown.baselines.find(({ kind }) => kind === 'half')
    expect(half).toMatchObject({ name: 'MLP of layer 0 alone', validity: alone.validity })
    expect(scoreOf(board, half?.key ?? '')?.validity).toBe(alone.validity)
    // The check of full answers may select another range than the one whose halves were scored.
    const halved = boardOfSweep({ ...sweep, recipes: [alone], selected: { start: 0, end: 0 } })
    const row = boardRows(halved).find(({ key }) => key === half?.key) ?? {}
    expect(boardRows(halved).find(({ key }) => key === half?.key)?.changed).toBe(1)
    expect(halfNote(row, '0-0', board)).toBeNull()
    expect(halfNote(row, '1-1', board)).toBe('half of layer 0, which the sweep itself selected')
    // Under What if another range is selected, and the halves are still those of the range that the sweep selected.
    const whatIf = boardOfSweep({ ...sweep, recipes: [alone] }, null, undefined, { start: 0, end: 0 })
    expect(whatIf.others.map(({ halfOf }) => halfOf)).toContainEqual({ start: 0, end: 0 })
    expect(withSelection(board, null)).toBe(board)
  })

  it('and blends that the rule takes can be evaluated as they are', () => {
    const [mix, blend] = takenVariants([baseline, { kind: 'uniform-blend', strength: 0.5 }], {
      layerCount: 2,
      source: null
    })
    expect(mix?.variant).toEqual({ kind: 'baseline', name: 'mix of logits, 0.7 from base', baseline })
    const half = { attention: 0.5, mlp: 0.5 }
    expect(blend?.variant).toMatchObject({ kind: 'recipe', recipe: { layers: [half, half] } })
  })
})

describe('a board of scores', () => {
  it('counts the ranges of a model', () => {
    expect(rangeCount(12)).toBe(78)
    expect(rangeCount(32)).toBe(528)
  })

  it('fills as entries of a running sweep arrive, the later score of a range replacing the earlier', () => {
    const live = new LiveBoard(BY_CHARACTERS, { layerCount: 12, source: null }, 40)
    const score = { validity: 0.9, diversity: 0.5, effectiveChoices: 3, promptCount: 20 }
    const model = { kind: 'range', range: { start: 4, end: 11 } } as const
    live.apply([{ model, score }])
    const before = live.read()
    // Without new entries, the board is not drawn again.
    expect(live.read()).toBe(before)
    live.apply([
      { model: { kind: 'post' }, score },
      { model, score: { ...score, promptCount: 40 } }
    ])
    expect(before.post).toBeNull()
    expect(before.ranges).toHaveLength(1)
    expect(live.read().ranges).toEqual([{ start: 4, end: 11, ...score, promptCount: 40 }])
    expect(minimumValidity(live.read(), 0.9)).toBeCloseTo(0.81)
    expect(minimumValidity(before, 0.9)).toBeNull()
  })

  it('shows a finished sweep the same way', () => {
    const board = boardOfSweep(tinySweep())
    expect(board.ranges.map(({ start, end }) => [start, end])).toEqual([
      [0, 0],
      [0, 1],
      [1, 1]
    ])
    expect(board.post?.promptCount).toBe(3)
  })

  it('spans its axes from tenth to tenth, and all of 0..1 while empty', () => {
    expect(axisBounds([])).toEqual([0, 1])
    expect(axisBounds([0.468, 0.991])).toEqual([0.4, 1])
    expect(axisBounds([0.5, 0.5])).toEqual([0.4, 0.6])
  })
})

describe('colours', () => {
  it('run from one end of the scale to the other and stay there outside', () => {
    expect(colorAt(VIRIDIS, 0)).toEqual([0x44, 0x01, 0x54])
    expect(colorAt(VIRIDIS, 1)).toEqual([0xfd, 0xe7, 0x25])
    expect(colorAt(VIRIDIS, 7)).toEqual(colorAt(VIRIDIS, 1))
    expect(colorAt(DIVERGING, 0.5)).toEqual([0xf7, 0xf7, 0xf7])
  })

  it('carry readable ink', () => {
    expect(inkOn([0x44, 0x01, 0x54])).toBe('#ffffff')
    expect(inkOn([0xfd, 0xe7, 0x25])).toBe('#000000')
  })

  it('put no change in the middle of the gain scale', () => {
    expect(metricDomain([-0.1, 0.46], true, 100)).toEqual([-0.46, 0.46])
    expect(metricDomain([0.457, 0.962], false, 100)).toEqual([0.45, 0.97])
  })

  it('show no gain before post has a score', () => {
    const board = { ...boardOfSweep(tinySweep()), post: null }
    expect(metricsOf(BY_CHARACTERS).gain.value(point(0, 0, 1, 1), board)).toBeNull()
  })
})

describe('character distributions', () => {
  it('average over the prompts that are shown, a character counting 0 where it is not allowed', () => {
    const sweep = tinySweep()
    const mean = meanProbabilities(sweep.prompts, sweep.post.prompts, [0, 1], ['A', 'B', 'C'])
    expect(mean[0]).toBeCloseTo((0.7 + 0.5) / 2)
    expect(mean[1]).toBeCloseTo(0.2 / 2)
    expect(mean[2]).toBeCloseTo(0.4 / 2)
  })

  it('show one prompt with its own valid set', () => {
    const sweep = tinySweep()
    const range = sweep.ranges[0]
    if (range === undefined) throw new Error('the fixture has no range')
    const shown = distributionOf(sweep, range.prompts, { kind: 'prompt', index: 2 })
    expect(shown.answers).toEqual(['0', '1'])
    expect(shown.promptCount).toBe(1)
    expect(shown.post).toEqual([0.9, 0.1])
    expect(distributionCsv(shown, 'character', 'recipe').split('\r\n')[1]).toBe('0,0.5,0.9,0.6')
  })

  it('leave base out where base cannot be compared', () => {
    const sweep = { ...tinySweep(), base: null }
    expect(distributionOf(sweep, sweep.post.prompts, { kind: 'category', category: 'letter' }).base).toBeNull()
  })
})

describe('tables', () => {
  it('hold base, post and every range of a sweep', () => {
    const lines = sweepCsv(tinySweep()).trimEnd().split('\r\n')
    expect(lines[0]).toBe(
      'model,start,end,validity,diversity,effective_choices,letter_validity,letter_diversity,digit_validity,digit_diversity,basis,prompts,validity ±,diversity ±'
    )
    expect(lines.map((line) => line.split(',').slice(0, 3).join(','))).toEqual([
      'model,start,end',
      'base,,',
      'post,,',
      'range,0,0',
      'range,0,1',
      'range,1,1'
    ])
  })

  it('sort ranges either way and keep the order of ranges among equals', () => {
    const board = {
      ...boardOfSweep(tinySweep()),
      ranges: [point(1, 1, 0.9, 0.5), point(0, 1, 0.8, 0.6), point(0, 0, 0.9, 0.4)]
    }
    const order = (descending: boolean): string[] =>
      sortRows(boardRows(board), rowColumns(board), { column: 'validity', descending }).map(({ key }) => key)
    expect(order(true)).toEqual(['post', '0-0', '1-1', '0-1', 'base'])
    expect(order(false)).toEqual(['base', '0-1', '0-0', '1-1', 'post'])
  })

  it('put a range that fails the full-answer check behind those that qualify', () => {
    const board = {
      ...boardOfSweep(tinySweep()),
      ranges: [point(1, 1, 0.9, 0.5), point(0, 1, 0.9, 0.7), point(0, 0, 0.9, 0.6)]
    }
    const answers = { validity: 0.9, diversity: 0.3 }
    const whole = { firstToken: answers, answers, undecided: 0 }
    const checked = (start: number, end: number, validity: number): CheckedModel => ({
      ...whole,
      recipe: { name: 'checked', ranges: [[start, end]] },
      answers: { validity, diversity: 0.6 }
    })
    const models = [checked(0, 1, 0.1), checked(0, 0, 0.9)]
    const failed = failedModels(board, { layerCount: 2, source: null, post: whole, models, baselines: [] }, 0.9)
    expect(failed.has('0-1')).toBe(true)
    expect(failed.has('0-0')).toBe(false)
    expect(failed.has('1-1')).toBe(false)
    const order = { column: 'qualifies', descending: true } as const
    const sorted = (selected: string | null): readonly BoardRow[] =>
      sortRows(boardRows(board), rowColumns(board, { minimum: 0.5, failed, selected }), order)
    expect(sorted('0-0')[0]?.key).toBe('0-0')
    const rows = sorted(null)
    expect(rows.flatMap(({ kind, key }) => (kind === 'range' ? key : []))).toEqual(['0-0', '1-1', '0-1'])
  })
})
