import { describe, expect, test } from 'vitest'
import { PreferenceTally, type PreferenceVote } from '../../../../src/contract/documents/preferences'
import type { Variant } from '../../../../src/contract/documents/samples'
import { tallyBasis, tallyVerdict } from '../../../../src/contract/words/preference-words'
import { preferenceTallies } from '../../../../src/main/measures/preferences'
import { wilson } from '../../../../src/main/measures/statistics'

const VARIANTS: Variant[] = [
  { kind: 'base', name: 'base' },
  { kind: 'post', name: 'post' },
  { kind: 'recipe', name: 'mine', recipe: { name: 'mine', ranges: [[1, 1]] } }
]

const mark = (
  prompt: number,
  among: string[],
  verdict: string,
  { index, size }: { index: number; size: number } = { index: 0, size: 4 }
): PreferenceVote => {
  const comparison = { prompt, index, size, among }
  if (verdict === 'tie' || verdict === 'skipped') return { ...comparison, verdict }
  return { ...comparison, verdict: 'preferred', variant: verdict }
}
const onEach = (prompts: number, among: string[], verdict: string): PreferenceVote[] =>
  Array.from({ length: prompts }, (_, prompt) => mark(prompt, among, verdict))

function onlyTally(marks: PreferenceVote[]): PreferenceTally {
  const [tally, ...others] = preferenceTallies(marks, VARIANTS)
  if (tally === undefined || others.length > 0) throw new Error(`${others.length} tallies besides the first`)
  return PreferenceTally.parse(tally)
}

describe('the tally of a blind comparison', () => {
  test("gives two variants their share with Wilson's interval, a tie counting half", () => {
    const marks = [
      ...onEach(8, ['mine', 'post'], 'mine'),
      mark(8, ['post', 'mine'], 'post'),
      mark(9, ['post', 'mine'], 'tie'),
      mark(10, ['post', 'mine'], 'skipped')
    ]
    const tally = onlyTally(marks)
    expect(tally).toMatchObject({
      size: 4,
      comparisons: 10,
      prompts: 10,
      ties: 1,
      skipped: 1,
      reference: 'post'
    })
    expect(tally.variants.map(({ share }) => share)).toEqual([null, 0.15, 0.85])
    expect(tally.variants[2]).toMatchObject({
      compared: 10,
      won: 8,
      tied: 1,
      shareInterval: wilson(0.85, 10)
    })
    expect(tallyBasis(tally)).toBe('10 comparisons on 10 prompts, 1 tie, 1 skipped')
    expect(tallyVerdict(tally)).toBe('mine is preferred to post (85 % [54 %, 96 %]).')
  })

  test('counts prompts: five comparisons of each of six prompts are not thirty', () => {
    const marks = [0, 1, 2, 3, 4].flatMap((index) =>
      Array.from({ length: 6 }, (_, prompt) => mark(prompt, ['mine', 'post'], 'mine', { index: 4 * index, size: 4 }))
    )
    const tally = onlyTally(marks)
    expect([tally.comparisons, tally.prompts]).toEqual([30, 6])
    expect(tally.variants[2]?.shareInterval).toEqual(wilson(1, 6))
  })

  test('compares three variants with post, and reports where the result is uncertain', () => {
    const among = ['base', 'post', 'mine']
    const sure = onlyTally([...onEach(18, among, 'mine'), mark(18, among, 'post'), mark(19, among, 'base')])
    expect(tallyVerdict(sure)).toMatch(/^mine is preferred to post \(93 % \[\d+ %, 99 %\]\)\.$/)
    const unsure = onlyTally([...onEach(3, among, 'mine'), mark(3, among, 'post'), mark(4, among, 'base')])
    expect(tallyVerdict(unsure)).toBe('Nothing is surely preferred to post.')
    const few = onlyTally(onEach(4, among, 'mine'))
    expect(tallyVerdict(few)).toBe('Too few prompts to say what is preferred.')
    expect(few.variants.every(({ shareInterval }) => shareInterval === null)).toBe(true)
  })

  test('separates single answers from sets, and omits variants that the run lacks', () => {
    const single = mark(0, ['mine', 'post'], 'mine', { index: 3, size: 1 })
    const strange = mark(0, ['mine', 'theirs'], 'theirs')
    const tallies = preferenceTallies([mark(0, ['mine', 'post'], 'post'), single, strange], VARIANTS)
    expect(tallies.map(({ size, comparisons }) => [size, comparisons])).toEqual([
      [1, 1],
      [4, 1]
    ])
    expect(preferenceTallies([], VARIANTS)).toEqual([])
  })
})
