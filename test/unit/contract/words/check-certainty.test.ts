import { describe, expect, it } from 'vitest'
import type { CategoryScore } from '../../../../src/contract/documents/crc'
import type { FullAnswerScores } from '../../../../src/contract/documents/answer-check'
import { checkCertainty, passingWords, validitySpan } from '../../../../src/contract/words/check-certainty'
import { whole } from '../../../fixtures/tiny-sweep'

const CATEGORIES = ['letters', 'letters', 'letters', 'letters', 'digits', 'digits', 'digits', 'digits']

const each = (...validities: number[]): CategoryScore[] => validities.map((validity) => ({ validity, diversity: 0.8 }))
const model = (prompts: CategoryScore[]): FullAnswerScores => ({ ...whole(0.9, 0.8), prompts })
const post = { ...whole(1, 0.4), prompts: CATEGORIES.map(() => ({ validity: 1, diversity: 0.4 })) }
const check = { categories: CATEGORIES, post }

describe('how sure a check is', () => {
  it('is of no doubt where every prompt says the same', () => {
    const same = checkCertainty(check, model(each(...CATEGORIES.map(() => 0.95))), 0.9)
    expect(same?.validity.map((end) => end.toFixed(6))).toEqual(['0.950000', '0.950000'])
    expect(same?.passing).toBe(1)
    expect(checkCertainty(check, model(each(...CATEGORIES.map(() => 0.85))), 0.9)?.passing).toBe(0)
  })

  it('passes a model on the edge of the limit in some resamples, fewer the higher the limit', () => {
    const edge = model(each(1, 1, 0.9, 0.7, 1, 0.9, 0.9, 0.8))
    const passing = [0.8, 0.9, 0.95].map((rho) => checkCertainty(check, edge, rho)?.passing ?? NaN)
    expect(passing[0]).toBeGreaterThan(0.99)
    // Its mean is 0.9, as often above the limit as below.
    expect(passing[1]).toBeGreaterThan(0.4)
    expect(passing[1]).toBeLessThan(0.7)
    expect(passing[2]).toBeLessThan(0.15)
    const sure = checkCertainty(check, edge, 0.9)
    expect(sure?.validity[0]).toBeGreaterThan(0.7)
    expect(sure?.validity[0]).toBeLessThan(0.88)
    expect(sure?.validity[1]).toBeGreaterThan(0.92)
  })

  it('draws from each category as many as it has, and counts categories alike', () => {
    // One category is all valid, the other not at all: every resample has half.
    const categories = ['a', 'a', 'a', 'a', 'a', 'b']
    const split = { categories, post: { ...post, prompts: each(1, 1, 1, 1, 1, 1) } }
    expect(checkCertainty(split, model(each(1, 1, 1, 1, 1, 0)), 0.9)?.validity.map((end) => end.toFixed(6))).toEqual([
      '0.500000',
      '0.500000'
    ])
  })

  it('fails ranges that are no more diverse than post, as the check does', () => {
    const flat = CATEGORIES.map(() => ({ validity: 1, diversity: 0.4 }))
    expect(checkCertainty(check, model(flat), 0.9)?.passing).toBe(0)
  })

  it('ignores earlier checks and too few prompts', () => {
    expect(checkCertainty({ post: whole(1, 0.4) }, whole(0.9, 0.8), 0.9)).toBeNull()
    expect(checkCertainty(check, whole(0.9, 0.8), 0.9)).toBeNull()
    const few = { categories: CATEGORIES.slice(0, 5), post: { ...post, prompts: each(1, 1, 1, 1, 1) } }
    expect(checkCertainty(few, model(each(1, 1, 1, 1, 1)), 0.9)).toBeNull()
  })

  it('says it in few words', () => {
    const sure = { validity: [0.899, 0.9391] satisfies [number, number], passing: 0.83 }
    expect(validitySpan(sure)).toBe('0.899 to 0.939')
    expect(passingWords(sure)).toBe('passes in 83 % of resamples')
  })
})
