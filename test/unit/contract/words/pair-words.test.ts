import { expect, it } from 'vitest'
import type { SweepSummary } from '../../../../src/contract/documents/project'
import { resultWords } from '../../../../src/contract/words/pair-words'
import { verdictOf } from '../../../../src/contract/words/verdict'
import { sweepSummary } from '../../../fixtures/sweep-summary'
import { UNCHECKED } from '../../../fixtures/verdict-evidence'

const verdict = verdictOf(UNCHECKED)
const sweep = (): SweepSummary => sweepSummary('s', { selected: { start: 4, end: 11 }, verdict })
const pair = (name: string, ...sweeps: SweepSummary[]) => ({ document: { name }, sweeps })

it('a project shows the verdict on its pair', () => {
  expect(resultWords([pair('a')], null)).toBeNull()
  expect(resultWords([pair('a', sweep())], verdict)).toBe(verdict.headline)
  expect(resultWords([pair('a', sweep())], null)).toBe('no range selected')
})

it('of several pairs the first that was swept, with how many others were', () => {
  expect(resultWords([pair('a'), pair('b', sweep())], verdict)).toBe(`b: ${verdict.headline}`)
  expect(resultWords([pair('a', sweep()), pair('b', sweep()), pair('c')], verdict)).toBe(
    `a: ${verdict.headline.replace(/\.$/, '')}, and 1 other pair.`
  )
})
