import { describe, expect, it } from 'vitest'
import { chanceWords, previewFacts } from '../../../../src/contract/words/preview-words'

const preview = {
  prompts: [0, 11, 20, 30],
  ranges: Array.from({ length: 75 }),
  elsewhere: 0.031,
  likeliest: { start: 5, end: 11, chance: 0.02 },
  rho: 0.9,
  rows: 24,
  wholeRows: 100
}

describe('what is said of a preview', () => {
  it('is what is exact, what the rest rests on and what it took', () => {
    const { basis, brief } = previewFacts({
      scoredBy: { kind: 'crc' },
      promptCount: 40,
      ranges: [1, 2, 3],
      preview
    })
    expect(basis).toBe(
      '3 ranges are exact, on all 40 prompts; 75 are estimated from 4 of them, in 24 % of the work'
    )
    expect(brief).toBe('3 of 78 ranges exact; another would be selected with a chance of 3 %')
  })

  it('is how likely another range would be selected, and which', () => {
    const { elsewhere, isDoubtful } = previewFacts({
      scoredBy: { kind: 'crc' },
      promptCount: 40,
      ranges: [1],
      preview
    })
    expect(elsewhere).toContain(
      'at 90 % of post’s validity with a chance of 3 %, most likely layers 5–11 (2 %)'
    )
    expect(isDoubtful).toBe(false)
    expect(elsewhere).not.toContain('rely')
  })

  it('is a warning where that is likely, and names no range that is not', () => {
    const facts = previewFacts({
      scoredBy: { kind: 'crc' },
      promptCount: 40,
      ranges: [1],
      preview: { ...preview, elsewhere: 0.3, likeliest: { start: 0, end: 1, chance: 0.0001 } }
    })
    expect(facts.isDoubtful).toBe(true)
    expect(facts.elsewhere).not.toContain('most likely')
  })

  it('speaks of questions and precision where a task is scored, and of one that is not to be relied on', () => {
    const facts = previewFacts({
      scoredBy: { kind: 'task' },
      promptCount: 12,
      ranges: [1],
      preview: { ...preview, elsewhere: 0.9999 }
    })
    expect(facts.basis).toContain('on all 12 questions')
    expect(facts.elsewhere).toContain('on all questions would select another at 90 % of post’s precision')
    expect(facts.elsewhere).toMatch(/Do not rely on this selection\.$/)
  })

  it.each([
    [0, 'less than 0.1 %'],
    [0.004, '0.4 %'],
    [0.3, '30 %'],
    [1, 'more than 99.9 %']
  ])('never says that a chance of %d is none or certain', (chance, words) => {
    expect(chanceWords(chance)).toBe(words)
  })
})
