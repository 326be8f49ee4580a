import { expect, it } from 'vitest'
import { certaintyOf } from '../../../../../src/renderer/ranges/board/certainty'
import { boardOfSweep } from '../../../../../src/renderer/ranges/board/build-board'
import { isInspectable } from '../../../../../src/renderer/ranges/board/score-board'
import { boardRows } from '../../../../../src/renderer/ranges/board/tables'
import { readoutOf } from '../../../../../src/renderer/ranges/board/readout'
import { scoredModel } from '../../../../../src/renderer/recipes/scored-models'
import { shownSweep } from '../../../../../src/contract/documents/shown-sweep'
import type { Score, SweepDocument } from '../../../../../src/contract/documents/crc'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { rangeKey } from '../../../../../src/contract/model/strengths'
import { runToEnd } from '../../../../../src/main/base/steps'
import { recomputeSelection } from '../../../../../src/main/crc/check/checked-selection'
import { BARE_PREVIEW } from '../../../../fixtures/bare-sweep'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

/** A sweep of enough prompts for an interval: four of letters, four of digits. */
function longSweep(): SweepDocument {
  const sweep = tinySweep()
  const more = <Of extends Score>(score: Of): Of => ({
    ...score,
    prompts: [0, 1, 2, 3, 4, 5, 6, 7].map((index) => ({
      validity: 0.9 + index / 100,
      diversity: 0.5 + index / 50,
      effectiveChoices: 1.5,
      probabilities: [0.5, 0.4]
    }))
  })
  const [letter, , digit] = sweep.prompts
  if (letter === undefined || digit === undefined) throw new Error('no prompts')
  const prompts = [letter, letter, letter, letter, digit, digit, digit, digit]
  return { ...sweep, prompts, post: more(sweep.post), base: null, ranges: sweep.ranges.map(more) }
}

it('names the scores of a model, their certainty, and its share of wins', () => {
  const sweep = shownSweep(longSweep())
  const [range] = sweep.ranges
  if (range === undefined) throw new Error('no range')
  const key = `${range.start}-${range.end}`
  const score = scoredModel(sweep, null, key)?.score ?? null
  const readout = readoutOf(
    boardOfSweep(sweep),
    key,
    score,
    sweep.selection === null ? null : certaintyOf(sweep, sweep.selection, null)
  )
  expect(readout?.lines[0]?.value).toMatch(/^\d\.\d{3} ± \d\.\d{3}$/)
  expect(readout?.basis).toBe('± 95 % interval over 8 prompts')
  expect(readout?.lines.map(({ label }) => label)).toEqual([
    'Validity',
    'Diversity',
    'Gain over post',
    ...(sweep.selection === null ? [] : ['Wins'])
  ])
  const board = boardOfSweep({
    ...sweep,
    baselines: [{ baseline: { kind: 'mix', share: 0.7 }, ...sweep.post }]
  })
  expect(readoutOf(board, 'mix 0.7', null, null)?.name).toBe('mix of logits, 0.7 from base')
  expect(readoutOf(boardOfSweep(sweep), 'no such model', null, null)).toBeNull()
})

it('says of an estimate that it takes no part in the resamples, and of an exact range among how many it does', () => {
  const whole = longSweep()
  const [range, ...exact] = whole.ranges
  if (range === undefined || exact[0] === undefined) throw new Error('no ranges')
  const estimated = { ...range, validity: 0.99, margins: { validity: 0.02, diversity: 0.01 } }
  const preview = { ...BARE_PREVIEW, prompts: [0, 4], ranges: [estimated] }
  const selection = runToEnd(recomputeSelection(whole, null, 0.9))
  const sweep = shownSweep({ ...whole, ranges: exact, preview })
  if (selection === null) throw new Error('no selection')
  const certainty = certaintyOf(sweep, selection, null)
  const told = (key: string) =>
    readoutOf(boardOfSweep(sweep), key, scoredModel(sweep, null, key)?.score ?? null, certainty)?.lines
  const lines = told(rangeKey(range, sweep))
  expect(lines?.at(-1)).toEqual({ label: 'Wins', value: '–, estimated only' })
  expect(lines?.[0]?.value).toBe('0.990, 0.970 to 1.000')
  expect(told(rangeKey(exact[0], sweep))?.at(-1)?.value).toMatch(/ of resamples among \d+ exact ranges?$/)
})

it('reads out and lists base, few-shot base and post, which cannot be inspected', () => {
  const scored = boardOfSweep(shownSweep(tinySweep()))
  const board = { ...scored, fewShot: elementAt(scored.ranges, 0, 'range') }
  const keys = ['base', 'base:few-shot', 'post']
  expect(keys.map((key) => readoutOf(board, key, null, null)?.name)).toEqual(keys)
  expect(keys.map((key) => readoutOf(board, key, null, null)?.lines.length)).toEqual([3, 3, 2])
  expect(keys.map((key) => isInspectable(board, key))).toEqual([false, false, false])
  const rows = boardRows(board).filter(({ kind }) => kind === 'whole')
  expect(rows.map(({ label, changed }) => [label, changed])).toEqual([
    ['base', 2],
    ['base:few-shot', null],
    ['post', 0]
  ])
})

it('says nothing of the spread while scores are on their way', () => {
  const sweep = tinySweep()
  const [range] = sweep.ranges
  if (range === undefined) throw new Error('no range')
  const readout = readoutOf(boardOfSweep(sweep), `${range.start}-${range.end}`, null, null)
  expect(readout?.lines.some(({ value }) => value.includes('±'))).toBe(false)
  expect(readout?.basis).toBe(sweep.prompts.length === 1 ? '1 prompt' : `${sweep.prompts.length} prompts`)
})
