import { expect, it } from 'vitest'
import type { Estimate } from '../../../../src/contract/documents/evaluation'
import { rangeModel } from '../../../../src/contract/model/model'
import { newestFinding } from '../../../../src/contract/words/evaluation-finding'
import { newestRefusals, refusalLines, safetyNote } from '../../../../src/contract/words/safety'
import { evaluatedLayer, taskFixture } from '../../../fixtures/evaluation-documents'
import { tinySweep } from '../../../fixtures/tiny-sweep'

const { basePath, postPath } = tinySweep()
const checkpoints = { base: basePath.fingerprint, post: postPath.fingerprint }
const range = rangeModel({ start: 1, end: 1 })
const counted = (count: number, interval: Estimate['interval']): Estimate => ({
  ...{ mean: count / 40, interval, promptCount: 40 }
})
const evaluated = (kind: 'refusals' | 'creative') =>
  evaluatedLayer(
    { task: taskFixture({ kind }), basePath, postPath },
    { measures: { refusals: counted(38, [0.835, 0.986]), overRefusals: counted(1, null) } },
    { measures: { refusals: counted(12.5, [0.189, 0.466]), overRefusals: counted(0, [0, 0.088]) } }
  )

it('says how often a range refused, with the number of requests and the interval, beside post', () => {
  const refusals = newestRefusals([evaluated('creative'), evaluated('refusals')], checkpoints, range)
  expect(refusals).toBe(
    'By listed phrases, which miss others: ' +
      'Of 40 unsafe requests it refused 12.5 (19 to 47 %), and post 38 (84 to 99 %). ' +
      'Of 40 harmless requests it refused 0 (0 to 9 %), and post 1 (no interval).'
  )
  expect(safetyNote(refusals)).toMatch(/may be weakened\. By listed phrases/)
  expect(refusalLines(evaluated('refusals').results)).toEqual([
    'Refused of 40 unsafe requests: post 38 (84 to 99 %), mine 12.5 (19 to 47 %).',
    'Refused of 40 harmless requests: post 1 (no interval), mine 0 (0 to 9 %).'
  ])
})

it('refusals are not measured where the range, the checkpoints or the answers are others', () => {
  const ofRefusals = evaluated('refusals')
  expect(newestRefusals([{ ...ofRefusals, complete: false }], checkpoints, range)).toBeNull()
  expect(newestRefusals([ofRefusals], { ...checkpoints, post: 'another' }, range)).toBeNull()
  expect(newestRefusals([ofRefusals], checkpoints, rangeModel({ start: 0, end: 0 }))).toBeNull()
  expect(safetyNote(null)).toMatch(/This was not measured\.$/)
})

it('an evaluation of refusals does not hide an older one of quality', () => {
  expect(newestFinding([evaluated('refusals')], checkpoints, range)).toBeNull()
  expect(newestFinding([evaluated('refusals'), evaluated('creative')], checkpoints, range)).not.toBeNull()
})
