import { expect, it } from 'vitest'
import type { SweepSummary } from '../../../../src/contract/documents/project'
import type { HeadlineState } from '../../../../src/contract/documents/headline'
import { resultWords } from '../../../../src/contract/words/pair-words'
import { sweepSummary } from '../../../fixtures/sweep-summary'

const sweep = (changes: Partial<SweepSummary> = {}): SweepSummary =>
  sweepSummary('s', {
    selected: { start: 4, end: 11 },
    post: { validity: 0.991, diversity: 0.458 },
    best: { validity: 0.916, diversity: 0.917 },
    headline: { state: 'unchecked', outdone: false },
    ...changes
  })
const pair = (name: string, ...sweeps: SweepSummary[]) => ({ document: { name }, sweeps })

it('a project is told by what its pair selected, and whether whole answers were checked', () => {
  expect(resultWords([pair('a')])).toBeNull()
  expect(resultWords([pair('a', sweep())])).toBe(
    'layers 4–11: diversity 0.458 → 0.917 at validity 0.916, not checked'
  )
  const bestAnswers = { validity: 0.92, diversity: 0.899 }
  expect(resultWords([pair('a', sweep({ selected: { start: 5, end: 11 }, bestAnswers }))])).toBe(
    'layers 5–11: diversity 0.458 → 0.899 at validity 0.920 on whole answers'
  )
  expect(resultWords([pair('a', sweep({ selected: null, best: null, isPreview: true }))])).toBe(
    'no range selected by a preview'
  )
})

it('says what the headline says of it: what does better, and what is in doubt', () => {
  const told = (state: HeadlineState, outdone = false) =>
    resultWords([pair('a', sweep({ headline: { state, outdone } }))])
  expect(told('unchecked', true)).toMatch(/, not checked, a rival does better$/)
  expect(told('unstable')).toMatch(/^no range stands out, layers 4–11: /)
  expect(told('guess')).toMatch(/^cannot tell which range, best guess layers 4–11: /)
  expect(told('unfit-prompts')).toBe('the prompts do not fit this model')
})

it('of several pairs by the first that was swept, with how many others were', () => {
  const words = 'layers 4–11: diversity 0.458 → 0.917 at validity 0.916, not checked'
  expect(resultWords([pair('a'), pair('b', sweep())])).toBe(`b: ${words}`)
  expect(resultWords([pair('a', sweep()), pair('b', sweep()), pair('c')])).toBe(
    `a: ${words}, and 1 other pair`
  )
})
