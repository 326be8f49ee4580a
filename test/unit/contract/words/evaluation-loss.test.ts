import { expect, it } from 'vitest'
import type { Difference } from '../../../../src/contract/documents/evaluation'
import { rangeModel } from '../../../../src/contract/model/model'
import { evaluationLoss } from '../../../../src/contract/words/evaluation-loss'
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

it('tells of a sure loss of quality of a range against post, and of nothing else', () => {
  const lost = evaluated(loss(-0.18, 0.01))
  expect(evaluationLoss(lost, sweep, range)).toMatch(
    /^Evaluated on Letters: at a loss of quality \(right answers −0\.180 \[−0\.280, −0\.080\], p 0\.010\)$/
  )
  expect(evaluationLoss(evaluated(loss(-0.18, 0.2)), sweep, range)).toBeNull()
  expect(evaluationLoss(evaluated(loss(0.18, 0.01)), sweep, range)).toBeNull()
  expect(evaluationLoss(lost, sweep, rangeModel({ start: 0, end: 1 }))).toBeNull()
  expect(evaluationLoss({ ...lost, complete: false }, sweep, range)).toBeNull()
  const otherPost = { ...sweep, postPath: { ...sweep.postPath, fingerprint: 'another' } }
  expect(evaluationLoss(lost, otherPost, range)).toBeNull()
})
