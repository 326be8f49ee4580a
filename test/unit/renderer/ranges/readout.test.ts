import { expect, it } from 'vitest'
import { boardOfSweep } from '../../../../src/renderer/ranges/score-board'
import { readoutOf, standardError } from '../../../../src/renderer/ranges/readout'
import { scoredModel } from '../../../../src/renderer/recipes/scored-models'
import { tinySweep } from '../../../fixtures/tiny-sweep'

it('says of a model what was measured, how sure that is, and how often it wins', () => {
  const sweep = tinySweep()
  const [range] = sweep.ranges
  if (range === undefined) throw new Error('no range')
  const key = `${range.start}-${range.end}`
  const score = scoredModel(sweep, null, key)?.score ?? null
  const readout = readoutOf(boardOfSweep(sweep), key, score, sweep, sweep.selection)
  expect(readout?.lines[0]?.value).toMatch(/^\d\.\d{3}( ± \d\.\d{3})?$/)
  expect(readout?.lines.map(({ label }) => label)).toEqual([
    'Validity',
    'Diversity',
    'Gain over post',
    ...(sweep.selection === null ? [] : ['Wins'])
  ])
  const board = boardOfSweep({ ...sweep, rivals: [{ rival: { kind: 'mix', share: 0.7 }, ...sweep.post }] })
  expect(readoutOf(board, 'mix 0.7', null, null, null)?.name).toBe('logits with 0.7 of base')
  expect(readoutOf(boardOfSweep(sweep), 'no such model', null, null, null)).toBeNull()
})

it('says nothing of the spread while scores are on their way', () => {
  const sweep = tinySweep()
  const [range] = sweep.ranges
  if (range === undefined) throw new Error('no range')
  const readout = readoutOf(boardOfSweep(sweep), `${range.start}-${range.end}`, null, null, null)
  expect(readout?.lines.some(({ value }) => value.includes('±'))).toBe(false)
  expect(readout?.basis).toBe(sweep.prompts.length === 1 ? '1 prompt' : `${sweep.prompts.length} prompts`)
})

it('takes the error of a mean over categories from the spread within each', () => {
  // Var of the mean of 1, 3 is 1; of 2, 4 too: the mean of both means has (1 + 1) / 4.
  const of = (category: string, ...values: number[]) => values.map((value) => ({ category, value }))
  expect(standardError([...of('a', 1, 3), ...of('b', 2, 4)])).toBeCloseTo(Math.sqrt(0.5), 12)
  expect(standardError([...of('a', 1, 3), ...of('b', 2)])).toBeNull()
  expect(standardError([])).toBeNull()
})
