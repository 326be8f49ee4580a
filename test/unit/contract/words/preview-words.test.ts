import { describe, expect, it } from 'vitest'
import { rangeCount } from '../../../../src/contract/model/strengths'
import { previewFacts, workOfPrompts, restWords, sweepWorkWords } from '../../../../src/contract/words/preview-words'
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
  ...{ rows: 24, wholeRows: 100 }
}
const EVIDENCE = {
  layerCount: LAYERS,
  scoredBy: { kind: 'crc' as const },
  promptCount: 40,
  post: { validity: 0.991, diversity: 0.458 },
  ranges: EXACT,
  preview: PREVIEW,
  selection: { minimumValidity: 0.892, selected: { start: 4, end: 11 } }
}
const estimates = (...ranges: ReturnType<typeof range>[]) => ({ ...PREVIEW, ranges: estimated(...ranges) })

const CASES: Readonly<Record<string, object>> = {
  'no other range may be better': {},
  'one may be, within its margins': { preview: estimates(range(2, 11, 0.885, 0.91)) },
  'one may not: it is too far below the limit': { preview: estimates(range(2, 11, 0.88, 0.95)) },
  'one may not: it is too much less diverse': { preview: estimates(range(2, 11, 0.95, 0.906)) },
  'several may be; the named one is so by its estimate': {
    preview: estimates(range(2, 11, 0.885, 0.95), range(3, 11, 0.9, 0.92))
  },
  'a task': { scoredBy: { kind: 'task' }, promptCount: 12, preview: estimates(range(2, 11, 0.95, 0.95)) },
  'no selection': { selection: { ...EVIDENCE.selection, selected: null }, preview: estimates(range(2, 11, 0.9, 0.5)) },
  'a lower limit than that of the preview': {
    selection: { minimumValidity: 0.4955, selected: { start: 4, end: 11 } }
  },
  'a higher limit': { selection: { minimumValidity: 0.991, selected: null } },
  'settings that were not swept': { preview: { ...PREVIEW, ranges: [] } }
}

describe('the words for a preview', () => {
  it('say what it rests on and which other ranges may be better', async () => {
    const rows = Object.entries(CASES).map(([name, changes]) => {
      const { basis, brief, others, isDoubtful } = previewFacts({ ...EVIDENCE, ...changes })
      return [name, [basis, `brief: ${brief}`, others, isDoubtful ? 'doubtful' : 'sure']]
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
})
