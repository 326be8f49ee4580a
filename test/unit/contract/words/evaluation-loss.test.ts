import { expect, it } from 'vitest'
import type { Difference } from '../../../../src/contract/documents/evaluation'
import { rangeModel } from '../../../../src/contract/model/model'
import { newestLoss } from '../../../../src/contract/words/evaluation-loss'
import { tinySweep, tinyTaskSweep } from '../../../fixtures/tiny-sweep'

const sweep = tinySweep()
const { scoredBy } = tinyTaskSweep()
if (scoredBy.kind !== 'task') throw new Error('the fixture is of a task')
const { task } = scoredBy
const estimate = { mean: 0.5, interval: null, promptCount: 12 }
const recipe = { name: 'layers 1', ranges: [[1, 1] satisfies [number, number]] }
const loss = (mean: number, adjustedPValue: number): Difference => ({
  ...estimate,
  ...{ mean, interval: [mean - 0.1, mean + 0.1], effectSize: 1, pValue: adjustedPValue, adjustedPValue }
})

const evaluated = (accuracy: Difference) => ({
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
    newestLoss([one], pair, of)
  const lost = evaluated(loss(-0.18, 0.01))
  expect(told(lost)).toMatch(
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
    newestLoss([unasked, sampled, { ...kept, complete: false }, lost], checkpoints, range)
  ).not.toBeNull()
  expect(newestLoss([unasked, kept, lost], checkpoints, range)).toBeNull()
  expect(newestLoss([], checkpoints, range)).toBeNull()
})
