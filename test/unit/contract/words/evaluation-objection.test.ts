import { expect, it } from 'vitest'
import type { BesideRange, MeasureDifference } from '../../../../src/contract/documents/evaluation'
import { rangeModel } from '../../../../src/contract/model/model'
import { newestObjection } from '../../../../src/contract/words/evaluation-objection'
import { tinySweep, tinyTaskSweep } from '../../../fixtures/tiny-sweep'

const sweep = tinySweep()
const { scoredBy } = tinyTaskSweep()
if (scoredBy.kind !== 'task') throw new Error('the fixture is of a task')
const { task } = scoredBy
const estimate = { mean: 0.5, interval: null, promptCount: 12 }
const recipe = { name: 'layers 1', ranges: [[1, 1] satisfies [number, number]] }
const loss = (mean: number, adjustedPValue: number): MeasureDifference => ({
  ...estimate,
  ...{ mean, interval: [mean - 0.1, mean + 0.1], effectSize: 1, pValue: adjustedPValue, adjustedPValue }
})

const evaluated = (accuracy: MeasureDifference, besideRanges: BesideRange[] = []) => ({
  complete: true,
  run: {
    ...{ task, basePath: sweep.basePath, postPath: sweep.postPath },
    variants: [
      { variant: { kind: 'post' as const, name: 'post' } },
      { variant: { kind: 'recipe' as const, name: 'mine', recipe } }
    ]
  },
  results: {
    comparedWith: 'post',
    besideRanges,
    variants: [
      { variant: 'post', answerCount: 1, measures: { accuracy: estimate }, differences: {}, passAtK: [] },
      {
        variant: 'mine',
        answerCount: 1,
        measures: { accuracy: estimate },
        differences: { accuracy },
        passAtK: []
      }
    ]
  }
})
const range = rangeModel({ start: 1, end: 1 })

const checkpoints = { base: sweep.basePath.fingerprint, post: sweep.postPath.fingerprint }

it('tells of a sure loss of quality of a range against post, and of nothing else', () => {
  const told = (one: ReturnType<typeof evaluated>, of = range, pair = checkpoints) =>
    newestObjection([one], pair, of)
  const lost = evaluated(loss(-0.18, 0.01))
  expect(told(lost)?.mark).toBe('loses quality')
  expect(told(lost)?.words).toMatch(
    /^Evaluated on Letters: at a loss of quality \(right answers −0\.180 \[−0\.280, −0\.080\], p 0\.010\)$/
  )
  expect(told(evaluated(loss(-0.18, 0.2)))).toBeNull()
  expect(told(evaluated(loss(0.18, 0.01)))).toBeNull()
  expect(told(lost, rangeModel({ start: 0, end: 1 }))).toBeNull()
  expect(told({ ...lost, complete: false })).toBeNull()
  expect(told(lost, range, { ...checkpoints, post: 'another' })).toBeNull()
})

it('takes the newest complete evaluation that asked the range as it is', () => {
  const lost = evaluated(loss(-0.18, 0.01))
  const kept = evaluated(loss(0.01, 0.9))
  const unasked = { ...kept, run: { ...kept.run, variants: kept.run.variants.slice(0, 1) } }
  const sampled = {
    ...kept,
    run: { ...kept.run, variants: kept.run.variants.map((one) => ({ ...one, listed: 4 })) }
  }
  expect(
    newestObjection([unasked, sampled, { ...kept, complete: false }, lost], checkpoints, range)
  ).not.toBeNull()
  expect(newestObjection([unasked, kept, lost], checkpoints, range)).toBeNull()
  expect(newestObjection([], checkpoints, range)).toBeNull()
})

it('tells of what surely does better, beside a loss or alone', () => {
  const gain = { distinctRight: loss(2, 0.01), accuracy: loss(0.2, 0.01) }
  const better = [{ range: 'mine', variant: 'a blend', differences: gain }]
  const told = (accuracy: MeasureDifference) =>
    newestObjection([evaluated(accuracy, better)], checkpoints, range)
  expect(told(loss(0.01, 0.9))).toEqual({
    words: expect.stringMatching(/^Evaluated on Letters: beside it a blend is more diverse and better \(/),
    mark: 'outdone'
  })
  expect(told(loss(-0.18, 0.01))).toEqual({
    words: expect.stringMatching(
      /: at a loss of quality \(.*\); beside it a blend is more diverse and better \(/
    ),
    mark: 'loses quality'
  })
})
