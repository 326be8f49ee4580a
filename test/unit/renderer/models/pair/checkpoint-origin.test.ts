import { describe, expect, it } from 'vitest'
import type { SweepSummary } from '../../../../../src/contract/documents/project'
import { resultOrigins } from '../../../../../src/renderer/models/pair/checkpoint-origin'
import { sweepSummary } from '../../../../fixtures/sweep-summary'

describe('where results came from', () => {
  const sweep = (id: string, base: string, post: string): SweepSummary =>
    sweepSummary(id, { checkpoints: { base, post } })

  it('is identified by both fingerprints', () => {
    const sweeps = [sweep('1', 'a', 'b'), sweep('2', 'a', 'c'), sweep('3', 'x', 'b')]
    const evaluations = [
      { checkpoints: { base: 'a', post: 'c' }, createdAt: '2026-01-02T03:04:05.000Z', taskName: 'Stories' },
      { checkpoints: { base: 'a', post: 'b' }, createdAt: '2026-01-02T03:04:05.000Z', taskName: 'Names' }
    ]
    const { same, other } = resultOrigins({ sweeps, sampleRuns: [], evaluations }, { base: 'a', post: 'b' })
    expect(same).toEqual([expect.stringMatching(/^sweep of /), expect.stringMatching(/^evaluation “Names” of /)])
    expect(other).toEqual([
      expect.stringMatching(/^sweep of /),
      expect.stringMatching(/^sweep of /),
      expect.stringMatching(/^evaluation “Stories” of /)
    ])
  })
})
