import { expect, it } from 'vitest'
import { progressStep } from '../../../../../src/main/cli/running/progress'

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
