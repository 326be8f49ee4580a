import { expect, it } from 'vitest'
import type { BesideRange, MeasureDifference } from '../../../../src/contract/documents/evaluation'
import { blendRecipe } from '../../../../src/contract/documents/swept-model'
import { rangeModel } from '../../../../src/contract/model/model'
import { newestFinding } from '../../../../src/contract/words/evaluation-finding'
import { difference, estimate, evaluatedLayer } from '../../../fixtures/evaluation-documents'
import { tinySweep, tinyTaskSweep } from '../../../fixtures/tiny-sweep'

const { basePath, postPath } = tinySweep()
const { scoredBy } = tinyTaskSweep()
if (scoredBy.kind !== 'task') throw new Error('the fixture is of a task')
const { task } = scoredBy
const evaluated = (accuracy: MeasureDifference, besideRanges: BesideRange[] = []) => {
  const post = { measures: { accuracy: estimate(0.5) } }
  const { results, ...rest } = evaluatedLayer({ task, basePath, postPath }, post, {
    ...post,
    differences: { accuracy }
  })
  return { ...rest, results: { ...results, besideRanges } }
}
const range = rangeModel({ start: 1, end: 1 })

const checkpoints = { base: basePath.fingerprint, post: postPath.fingerprint }

it('finds a sure loss of quality of a range against post, and nothing where it was not evaluated', () => {
  const finding = (one: ReturnType<typeof evaluated>, of = range, pair = checkpoints) => newestFinding([one], pair, of)
  const lost = evaluated(difference(-0.18, 0.01))
  expect(finding(lost)).toEqual({
    evaluationId: 'evaluation-1',
    task: 'Letters',
    diversity: 'unknown',
    loss: { measure: 'accuracy', mean: -0.18, postMean: 0.5 },
    better: null
  })
  expect(finding(evaluated(difference(-0.18, 0.2)))).toMatchObject({ loss: null, better: null })
  expect(finding(evaluated(difference(0.18, 0.01)))).toMatchObject({ loss: null, better: null })
  expect(finding(lost, rangeModel({ start: 0, end: 1 }))).toBeNull()
  expect(finding({ ...lost, complete: false })).toBeNull()
  expect(finding(lost, range, { ...checkpoints, post: 'another' })).toBeNull()
})

it('takes the newest complete evaluation of the unchanged range', () => {
  const lost = evaluated(difference(-0.18, 0.01))
  const kept = evaluated(difference(0.01, 0.9))
  const unasked = { ...kept, run: { ...kept.run, variants: kept.run.variants.slice(0, 1) } }
  const sampled = {
    ...kept,
    run: { ...kept.run, variants: kept.run.variants.map((one) => ({ ...one, listed: 4 })) }
  }
  expect(newestFinding([unasked, sampled, { ...kept, complete: false }, lost], checkpoints, range)).toMatchObject({
    loss: { mean: -0.18 }
  })
  expect(newestFinding([unasked, kept, lost], checkpoints, range)).toMatchObject({ loss: null })
  expect(newestFinding([], checkpoints, range)).toBeNull()
})

it('finds the variant that surely does better, as a model that can be kept', () => {
  const gain = { distinctRight: difference(2, 0.01), accuracy: difference(0.2, 0.01) }
  const better = [{ range: 'mine', variant: 'a blend', differences: gain }]
  const one = evaluated(difference(-0.18, 0.01), better)
  const blend = {
    kind: 'recipe' as const,
    name: 'a blend',
    recipe: blendRecipe({ strength: 0.7 }, { layerCount: 2, source: null })
  }
  const run = { ...one.run, variants: [...one.run.variants, { variant: blend }] }
  expect(newestFinding([{ ...one, run }], checkpoints, range)?.better).toMatchObject({
    name: 'a blend',
    phrase: 'a 70 % blend of all layers',
    model: { kind: 'recipe' },
    inBoth: true
  })
})
