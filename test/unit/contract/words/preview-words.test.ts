import { describe, expect, it } from 'vitest'
import type { CheckedModel } from '../../../../src/contract/documents/answer-check'
import { rangeCount } from '../../../../src/contract/model/strengths'
import {
  chanceWords,
  previewFacts,
  workOfPrompts,
  restWords,
  sweepWorkWords
} from '../../../../src/contract/words/preview-words'

const LAYERS = 12
const range = (start: number, end: number, validity: number, diversity: number) => ({
  start,
  end,
  validity,
  diversity
})
const EXACT = [range(4, 11, 0.92, 0.917), range(5, 11, 0.93, 0.899), range(6, 11, 0.946, 0.8)]
const estimated = (...ranges: ReturnType<typeof range>[]) =>
  Array.from({ length: rangeCount(LAYERS) - EXACT.length }, (_, index) => ({
    ...(ranges[index] ?? range(0, index, 0.2, 0.3)),
    margins: { validity: 0.01, diversity: 0.01 }
  }))
const PREVIEW = {
  prompts: [0, 11, 20, 30],
  ranges: estimated(range(2, 11, 0.6, 0.95), range(3, 11, 0.7, 0.94)),
  probabilityOtherSelected: 0.031,
  likeliest: { start: 5, end: 11, chance: 0.02 },
  rho: 0.9,
  rows: 24,
  wholeRows: 100
}
const EVIDENCE = {
  layerCount: LAYERS,
  scoredBy: { kind: 'crc' as const },
  promptCount: 40,
  post: { validity: 0.991, diversity: 0.458 },
  ranges: EXACT,
  preview: PREVIEW,
  selection: { rho: 0.9, minimumValidity: 0.892, selected: { start: 4, end: 11 } },
  check: null
}
const factsOf = (changed: object): ReturnType<typeof previewFacts> =>
  previewFacts({ ...EVIDENCE, ...changed })

describe('what is said of a preview', () => {
  it('is what is exact, what the rest rests on and what it took', () => {
    const { basis, brief } = factsOf({})
    expect(basis).toBe(
      '3 ranges are exact, on all 40 prompts; 75 are estimated from 4 of them, in 24 % of the work'
    )
    expect(brief).toBe('3 of 78 ranges exact; 3 % chance that a full sweep selects another range')
  })

  it('is how likely another range would be selected, and which', () => {
    const { elsewhere, isDoubtful } = factsOf({})
    expect(elsewhere).toContain(
      '3 % chance that a full sweep selects another range at 90 % of post’s validity, most likely layers 5–11 (2 %)'
    )
    expect(isDoubtful).toBe(false)
    expect(elsewhere).not.toContain('rely')
  })

  it('is a warning where that is likely, and names no range that is not', () => {
    const facts = factsOf({
      preview: { ...PREVIEW, probabilityOtherSelected: 0.3, likeliest: { start: 0, end: 1, chance: 0.0001 } }
    })
    expect(facts.isDoubtful).toBe(true)
    expect(facts.elsewhere).not.toContain('most likely')
  })

  it('speaks of questions and precision where a task is scored, and of one that is not to be relied on', () => {
    const facts = factsOf({
      scoredBy: { kind: 'task' },
      promptCount: 12,
      preview: { ...PREVIEW, probabilityOtherSelected: 0.9999 }
    })
    expect(facts.basis).toContain('on all 12 questions')
    expect(facts.elsewhere).toContain('a full sweep selects another range at 90 % of post’s precision')
    expect(facts.elsewhere).toMatch(/Do not rely on this selection\.$/)
  })

  it('speaks of no selection where there is none', () => {
    const { elsewhere, brief } = factsOf({
      selection: { ...EVIDENCE.selection, selected: null },
      preview: { ...PREVIEW, probabilityOtherSelected: 0.9999 }
    })
    expect(elsewhere).toMatch(/chance that a full sweep selects a range at 90 % of post’s validity, .*\.$/)
    expect(elsewhere).not.toContain('rely')
    expect(brief).toContain('chance that a full sweep selects a range')
  })

  it('has no chance at another limit than it was made for, and names what may be better there', () => {
    const lower = { rho: 0.5, minimumValidity: 0.4955, selected: { start: 4, end: 11 } }
    const { elsewhere, brief, isDoubtful } = factsOf({ selection: lower })
    expect(elsewhere).toBe(
      'Preview made for 90 % of validity, not 50 %: 2 of the estimated ranges may be better, such as layers 2–11, diversity estimated at 0.950. Sweep the rest before you rely on this selection.'
    )
    expect(brief).toBe(
      '3 of 78 ranges exact; made for 90 % of validity, not 50 %: 2 of the estimated ranges may be better, such as layers 2–11, diversity estimated at 0.950'
    )
    expect(isDoubtful).toBe(true)
    const higher = { rho: 1, minimumValidity: 0.991, selected: null }
    expect(factsOf({ selection: higher }).brief).toMatch(/: none of the 75 estimated ranges may qualify$/)
  })

  it('has no chance once a check threw out what it had found', () => {
    const checkedAt = (start: number, validity: number): CheckedModel => ({
      recipe: { name: `layers ${start}-11`, ranges: [[start, 11]] },
      firstToken: { validity: 0.92, diversity: 0.9 },
      answers: { validity, diversity: 0.9 },
      undecided: 0
    })
    const whole = {
      firstToken: { validity: 0.99, diversity: 0.45 },
      answers: { validity: 0.99, diversity: 0.45 },
      undecided: 0
    }
    const check = {
      layerCount: LAYERS,
      source: null,
      post: whole,
      models: [checkedAt(4, 0.5), checkedAt(5, 0.95)],
      baselines: []
    }
    const selection = { ...EVIDENCE.selection, selected: { start: 5, end: 11 } }
    const facts = factsOf({ check, selection })
    expect(facts.brief).toMatch(/^3 of 78 ranges exact; the check rejects its best range: /)
    expect(facts.elsewhere).not.toContain('chance')
    const kept = { ...check, models: [checkedAt(4, 0.95), checkedAt(5, 0.5)] }
    expect(factsOf({ check: kept }).brief).toContain('3 % chance')
  })

  it('says that estimates take no part where something else is asked than was swept', () => {
    const { basis, brief, isDoubtful } = factsOf({ preview: { ...PREVIEW, ranges: [] } })
    expect(basis).toMatch(/; 75 have estimates for the swept settings only, and take no part$/)
    expect(brief).toBe('3 of 78 ranges exact; the chance of another selection is unknown')
    expect(isDoubtful).toBe(true)
  })

  it('has its work in the unit of its plan, since its evaluations are of few prompts each', () => {
    const work = { blockEvaluations: 776 }
    expect(sweepWorkWords(work, null)).toBe('776 block evaluations')
    expect([restWords(587, 616), restWords(616, 616)]).toEqual([', of the 616 of a full sweep', ''])
    expect(sweepWorkWords(work, { rows: 5174.2, wholeRows: 24_640 })).toBe(
      '5,174 rows through blocks, 21 % of the 24,640 of a full sweep'
    )
    expect(sweepWorkWords(work, { rows: 0, wholeRows: 24_640 })).toBe(
      '776 block evaluations on some prompts each'
    )
  })

  it('counts the prompts of a full sweep alone', () => {
    const work = { blockEvaluations: 776, packedTokens: 431, promptTokens: 688 }
    expect(workOfPrompts(work, null)).toBe(
      '776 block evaluations of 431 distinct prompt prefixes (688 prompt tokens)'
    )
    expect(workOfPrompts(work, { rows: 5174.2, wholeRows: 24_640 })).not.toContain('prefix')
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
