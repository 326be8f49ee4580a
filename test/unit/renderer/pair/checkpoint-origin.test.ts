import { describe, expect, it } from 'vitest'
import { BY_CHARACTERS } from '../../../../src/contract/documents/scored-by'
import { listed, resultOrigins } from '../../../../src/renderer/pair/checkpoint-origin'
import { COMPUTED } from '../../../fixtures/run-computation'

describe('where results came from', () => {
  const sweep = (id: string, base: string, post: string) => ({
    id,
    checkpoints: { base, post },
    createdAt: '2026-01-02T03:04:05.000Z',
    seconds: 1,
    computedRows: 6,
    wholeRows: null,
    scoredBy: BY_CHARACTERS,
    promptCount: 1,
    selected: null,
    source: null,
    rivals: [],
    layerCount: 2,
    post: { validity: 1, diversity: 1 },
    best: null,
    bestAnswers: null,
    headline: null,
    exactCount: 3,
    isPreview: false,
    settingsKey: 'asked',
    computed: COMPUTED
  })

  it('is told by both fingerprints', () => {
    const sweeps = [sweep('1', 'a', 'b'), sweep('2', 'a', 'c'), sweep('3', 'x', 'b')]
    const evaluations = [
      { checkpoints: { base: 'a', post: 'c' }, createdAt: '2026-01-02T03:04:05.000Z', taskName: 'Stories' },
      { checkpoints: { base: 'a', post: 'b' }, createdAt: '2026-01-02T03:04:05.000Z', taskName: 'Names' }
    ]
    const { same, other } = resultOrigins({ sweeps, sampleRuns: [], evaluations }, { base: 'a', post: 'b' })
    expect(same).toEqual([
      expect.stringMatching(/^sweep of /),
      expect.stringMatching(/^evaluation “Names” of /)
    ])
    expect(other).toEqual([
      expect.stringMatching(/^sweep of /),
      expect.stringMatching(/^sweep of /),
      expect.stringMatching(/^evaluation “Stories” of /)
    ])
  })

  it('names a few, and counts the rest', () => {
    expect(listed(['a', 'b'])).toBe('a, b')
    expect(listed(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('a, b, c, d and 2 more')
  })
})
