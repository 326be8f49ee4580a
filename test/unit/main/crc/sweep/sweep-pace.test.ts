import { expect, it } from 'vitest'
import { paceOf, plannedRows } from '../../../../../src/main/crc/sweep/sweep-pace'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

const work = { blockEvaluations: 600, packedTokens: 40, promptTokens: 60, weightBytesRead: 1 }
const memory = { budgetBytes: 2, plannedPeakBytes: 1, groupCount: 2 }

it('computes the speed of a sweep from the rows that it computed, counted as a plan counts them', () => {
  const sweep = { ...tinySweep(), preview: null, work, memory, seconds: 24 }
  expect(paceOf(sweep)).toEqual({ rowsPerSecond: 500 })
  const groups = [20, 20].map((packedTokens) => ({ promptCount: 3, packedTokens }))
  expect(plannedRows({ ...work, groups })).toBe(12_000)
})

it('has no speed for a sweep that computed nothing', () => {
  const nothing = { ...work, blockEvaluations: 0 }
  expect(paceOf({ ...tinySweep(), preview: null, work: nothing, seconds: 0 })).toBeNull()
})

it('has no speed for the end of a resumed sweep, which mostly started engines', () => {
  const whole = { ...tinySweep(), preview: null, memory: { ...memory, groupCount: 1 }, seconds: 1 }
  expect(paceOf(whole)).not.toBeNull()
  expect(paceOf({ ...whole, work: { ...whole.work, blockEvaluations: 2 } })).toBeNull()
  expect(paceOf({ ...whole, reusedPromptCount: whole.prompts.length })).toBeNull()
})
