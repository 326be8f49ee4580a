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
import { goldenText } from '../../../fixtures/golden-text'

const LAYERS = 12
const range = (start: number, end: number, validity: number, diversity: number) => ({
  ...{ start, end, validity, diversity }
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
  ...{ rho: 0.9, rows: 24, wholeRows: 100 }
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
const checkedAt = (start: number, validity: number): CheckedModel => ({
  recipe: { name: `layers ${start}-11`, ranges: [[start, 11]] },
  ...{ firstToken: { validity: 0.92, diversity: 0.9 }, answers: { validity, diversity: 0.9 }, undecided: 0 }
})
const ofPost = { validity: 0.99, diversity: 0.45 }
const checkOf = (...models: CheckedModel[]) => ({
  ...{ layerCount: LAYERS, source: null, models, baselines: [] },
  post: { firstToken: ofPost, answers: ofPost, undecided: 0 }
})
const doubtful = { ...PREVIEW, probabilityOtherSelected: 0.9999 }
const another = { ...EVIDENCE.selection, selected: { start: 5, end: 11 } }

const CASES: Readonly<Record<string, object>> = {
  'what is exact, how likely another range is, and which': {},
  'a likely other range: a warning, which names no range that is unlikely': {
    preview: { ...PREVIEW, probabilityOtherSelected: 0.3, likeliest: { start: 0, end: 1, chance: 0.0001 } }
  },
  'a task, not to be relied on': { scoredBy: { kind: 'task' }, promptCount: 12, preview: doubtful },
  'no selection': { selection: { ...EVIDENCE.selection, selected: null }, preview: doubtful },
  'a lower limit than that of the preview': {
    selection: { rho: 0.5, minimumValidity: 0.4955, selected: { start: 4, end: 11 } }
  },
  'a higher limit': { selection: { rho: 1, minimumValidity: 0.991, selected: null } },
  'a check that rejects the best range': {
    check: checkOf(checkedAt(4, 0.5), checkedAt(5, 0.95)),
    selection: another
  },
  'a check that keeps the best range': { check: checkOf(checkedAt(4, 0.95), checkedAt(5, 0.5)) },
  'settings that were not swept': { preview: { ...PREVIEW, ranges: [] } }
}

describe('the words for a preview', () => {
  it('say what it rests on and how likely another range would be selected', async () => {
    const rows = Object.entries(CASES).map(([name, changes]) => {
      const { basis, brief, chanceOfOther, isDoubtful } = previewFacts({ ...EVIDENCE, ...changes })
      return [name, [basis, `brief: ${brief}`, chanceOfOther, isDoubtful ? 'doubtful' : 'sure']]
    })
    await expect(goldenText(Object.fromEntries(rows))).toMatchFileSnapshot('./preview-words.golden.txt')
  })

  it('have its work in the unit of its plan, since its evaluations are of few prompts each', () => {
    const work = { blockEvaluations: 776, packedTokens: 431, promptTokens: 688 }
    const [plan, nothing] = [5174.2, 0].map((rows) => ({ rows, wholeRows: 24_640 }))
    expect(sweepWorkWords(work, null)).toBe('776 block evaluations')
    expect([restWords(587, 616), restWords(616, 616)]).toEqual([', of the 616 of a full sweep', ''])
    const rows = '5,174 rows through blocks, 21 % of the 24,640 of a full sweep'
    expect(sweepWorkWords(work, plan ?? null)).toBe(rows)
    expect(sweepWorkWords(work, nothing ?? null)).toBe('776 block evaluations on some prompts each')
    const prefixes = '776 block evaluations of 431 distinct prompt prefixes (688 prompt tokens)'
    expect(workOfPrompts(work, null)).toBe(prefixes)
    expect(workOfPrompts(work, plan ?? null)).not.toContain('prefix')
  })

  it('never say that a chance is none or certain', () => {
    const said = ['less than 0.1 %', '0.4 %', '30 %', 'more than 99.9 %']
    expect([0, 0.004, 0.3, 1].map(chanceWords)).toEqual(said)
  })
})
