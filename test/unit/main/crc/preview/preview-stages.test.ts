import { describe, expect, it } from 'vitest'
import type { SweptModel } from '../../../../../src/contract/documents/swept-model'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { allRanges } from '../../../../../src/contract/model/strengths'
import { PreviewCost } from '../../../../../src/main/crc/preview/preview-cost'
import {
  type PreviewOutcome,
  type PreviewProblem,
  type PreviewStage,
  previewStages
} from '../../../../../src/main/crc/preview/preview-stages'

/** A pair whose last layers bring diversity, and whose first ones cost validity; prompts differ in how much. */
function problemOf(layerCount: number, promptCount: number): PreviewProblem {
  const models: SweptModel[] = [
    { kind: 'post' },
    { kind: 'base' },
    ...allRanges(layerCount).map((range): SweptModel => ({ kind: 'range', range }))
  ]
  const prefixes = Array.from({ length: promptCount }, (_, prompt) => [
    // They share a beginning.
    [1, 2, 3, 4, 5, 6, ...Array.from({ length: 8 + (prompt % 5) }, (_unused, token) => 100 * prompt + token)]
  ])
  return {
    layerCount,
    models,
    prompts: prefixes.map((_, prompt) => ({ category: prompt % 2 === 0 ? 'letter' : 'digit' })),
    prefixes,
    choose: null,
    rho: 0.9,
    seed: 1,
    viewedRange: () => null,
    scoreOf: (model, prompt) => {
      const swept = elementAt(models, model, 'model')
      const whole = { start: 0, end: layerCount - 1 }
      const range = swept.kind === 'range' ? swept.range : swept.kind === 'base' ? whole : null
      const ease = 1 + 0.3 * Math.sin(5 * prompt)
      if (range === null) return { diversity: 0.3 + 0.05 * ease, validity: 1 - 0.01 * ease }
      const sum = (weight: (layer: number) => number): number => {
        let total = 0
        for (let layer = range.start; layer <= range.end; layer++) total += weight(layer / layerCount)
        return total / layerCount
      }
      return {
        diversity: 0.3 + 0.05 * ease + 0.5 * ease * sum((depth) => 2 * depth),
        validity: 1 - 0.01 * ease - 0.25 * ease * sum((depth) => 2 - 2 * depth)
      }
    }
  }
}

function walked(problem: PreviewProblem): { stages: PreviewStage[]; outcome: PreviewOutcome | null } {
  const stages: PreviewStage[] = []
  const walk = previewStages(problem)
  for (let stage = walk.next(); ; stage = walk.next()) {
    if (stage.done === true) return { stages, outcome: stage.value }
    stages.push(stage.value)
  }
}

/** Returns the model that the rule selects. */
function selected({ models, prompts, scoreOf }: PreviewProblem, among: readonly number[]): number | undefined {
  const mean = (model: number, measure: 'validity' | 'diversity'): number =>
    prompts.reduce((sum, _, prompt) => sum + scoreOf(model, prompt)[measure], 0) / prompts.length
  const minimum = 0.9 * mean(0, 'validity')
  return among
    .filter((model) => elementAt(models, model, 'model').kind === 'range' && mean(model, 'validity') >= minimum)
    .sort((a, b) => mean(b, 'diversity') - mean(a, 'diversity'))[0]
}

describe.each([12, 16, 24, 32])('the stages of a preview of %d layers', (layerCount) => {
  const problem = problemOf(layerCount, 40)
  const { stages, outcome } = walked(problem)
  const cost = new PreviewCost(layerCount, problem.models, problem.prefixes)
  const all = [...problem.models.keys()]
  const total = cost.of(all, [...problem.prompts.keys()])
  /**
   * Returns the stages' share of the work of a full sweep. Work that a prompt's models share counts once.
   */
  const share = (some: readonly PreviewStage[]): number => {
    const done = problem.prompts.map((): number[] => [])
    let rows = 0
    for (const { models, prompts } of some) {
      const fresh = prompts.filter(
        (prompt) => !models.every((model) => elementAt(done, prompt, 'prompt').includes(model))
      )
      const before = elementAt(done, elementAt(fresh, 0, 'prompt'), 'prompt')
      rows += cost.evaluationsAfter(before)(models) * cost.countRows(fresh)
      for (const prompt of fresh) elementAt(done, prompt, 'prompt').push(...models)
    }
    return rows / total
  }

  it('begin coarsely within two hundredths of the work, and go from few prompts to all', () => {
    expect(stages.map(({ kind }) => kind).slice(0, 4)).toEqual(['coarse', 'whole', 'sample', 'finalists'])
    expect(share(stages.slice(0, 1))).toBeLessThan(0.02)
    expect(stages.find(({ kind }) => kind === 'sample')?.models).toHaveLength(all.length - 2)
  })

  it('take at most 22 % of the work, attention only and MLP only included', () => {
    const followUp = (2 * layerCount) / cost.evaluations(all)
    expect(share(stages)).toBeLessThanOrEqual(0.22 * (1 + followUp))
  })

  it('find what all scores would select', () => {
    expect(selected(problem, outcome?.exact ?? [])).toBe(selected(problem, all))
  })

  it('leave nothing out: a model is exact or estimated', () => {
    const known = [...(outcome?.exact ?? []), ...(outcome?.estimates.keys() ?? [])]
    expect(known.sort((a, b) => a - b)).toEqual(all)
  })
})

it('scores inspected ranges on all prompts, once, as soon as a turn has room for them', () => {
  const problem = problemOf(12, 40)
  const plain = walked(problem)
  const estimated = [...(plain.outcome?.estimates.keys() ?? [])]
  const looked = elementAt(estimated, 0, 'estimated range')
  const { stages, outcome } = walked({ ...problem, viewedRange: () => looked })
  expect(stages.filter(({ kind, models }) => kind === 'finalists' && models.includes(looked))).toHaveLength(1)
  expect(outcome?.exact).toContain(looked)
  expect(selected(problem, outcome?.exact ?? [])).toBe(selected(problem, plain.outcome?.exact ?? []))
})

it('is no preview of few prompts', () => {
  expect(walked(problemOf(12, 4))).toEqual({ stages: [], outcome: null })
})
