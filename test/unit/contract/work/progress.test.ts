import { expect, it } from 'vitest'
import { progressShare, progressStep } from '../../../../src/contract/work/progress'
import { NOTHING_DONE } from '../../../../src/main/crc/sweep/compute-sweep'

const rows = { rowsDone: 30, rowsTotal: 40, rowsPerSecond: 2, secondsLeft: 5 }
const answers = { samplesDone: 30, samplesTotal: 40, tokensPerSecond: 2, secondsLeft: 5 }

it('knows the share of a sweep only while ranges are scored', () => {
  const share = (phase: 'preparing' | 'sweeping' | 'halving' | 'saving') =>
    progressShare({ kind: 'sweep', progress: { ...NOTHING_DONE, ...rows, phase } })
  expect(share('sweeping')).toEqual({ share: 0.75, secondsLeft: 5 })
  for (const phase of ['preparing', 'halving', 'saving'] as const)
    expect(share(phase)).toEqual({ share: null, secondsLeft: null })
})

it('knows no share of a check or a search before its rows are known', () => {
  const sweep = { ...NOTHING_DONE, ...rows }
  const search = { generation: 2, candidates: 3, blockEvaluationsDone: 4, best: null, sweep }
  expect(progressShare({ kind: 'check', progress: rows })).toEqual({ share: 0.75, secondsLeft: 5 })
  expect(progressShare({ kind: 'search', progress: search })).toEqual({ share: 0.75, secondsLeft: 5 })
  const unknown = { ...rows, rowsTotal: 0, secondsLeft: null }
  expect(progressShare({ kind: 'check', progress: unknown })).toEqual({ share: null, secondsLeft: null })
})

it('counts the answers of samples, and the answers and readings of an evaluation', () => {
  const generating = { ...answers, phase: 'generating' as const }
  expect(progressShare({ kind: 'sample', progress: generating })).toEqual({ share: 0.75, secondsLeft: 5 })
  const progress = { ...generating, promptsScored: 0, promptsTotal: 4 }
  expect(progressShare({ kind: 'evaluate', progress }).share).toBeCloseTo(0.6)
  const scoring = { ...progress, phase: 'scoring' as const, promptsScored: 2 }
  expect(progressShare({ kind: 'evaluate', progress: scoring }).share).toBeCloseTo(0.9)
})

it('the progress line of an evaluation names the answers while they are generated, and then the scored prompts', () => {
  const progress = {
    ...{ samplesDone: 30, samplesTotal: 40, tokensPerSecond: 2, secondsLeft: 5 },
    ...{ promptsScored: 3, promptsTotal: 12 }
  }
  const statusOf = (phase: 'generating' | 'scoring') =>
    progressStep({ kind: 'evaluate', progress: { ...progress, phase } }).status
  expect(statusOf('generating')).toBe('30 of 40 answers, 2 tokens/s, 5.0 s left')
  expect(statusOf('scoring')).toBe('scoring answers, 3 of 12 prompts')
})
