import { describe, expect, it } from 'vitest'
import type { StudyState, StudyStepState } from '../../../../src/contract/documents/study'
import { stepStateWords, studyStepWords, studyWords } from '../../../../src/contract/words/study-words'

const STEP: StudyStepState = {
  key: 'Demo/sweep',
  pair: 'Demo',
  kind: 'sweep',
  task: null,
  state: 'waiting',
  progress: { share: null, secondsLeft: null },
  seconds: null,
  problem: null
}
const failed = { code: 'bad-input' as const, message: 'No memory.' }
const study = (changes: Partial<StudyState>): string =>
  studyWords({
    ...{ name: 's', file: '/a b/s.yaml', startedAt: '2026-01-01T00:00:00.000Z', running: true, ended: null },
    steps: [
      { ...STEP, state: 'computed', seconds: 3 },
      { ...STEP, key: 'Demo/check', state: 'running', progress: { share: 0.5, secondsLeft: 90 } },
      { ...STEP, key: 'Demo/report' }
    ],
    ...changes
  })

describe('the words for a study', () => {
  it('say which step runs, and how long that takes still where it is known', () => {
    expect(study({})).toBe('Step 2 of 3, Demo/check: about 1 min 30 s left of it.')
    expect(study({ steps: [{ ...STEP, state: 'running' }] })).toBe(
      'Step 1 of 1, Demo/sweep: time left unknown.'
    )
  })

  it('say what was done, what was not, and how it goes on', () => {
    expect(study({ running: false })).toBe("Stopped: 1 of 3 steps done. Resume with: slr study '/a b/s.yaml'")
    expect(study({ running: false, ended: 'done', steps: [{ ...STEP, state: 'found' }] })).toBe(
      'Done: 1 step.'
    )
    const one = { ...STEP, state: 'failed' as const, problem: failed }
    expect(study({ running: false, ended: 'done', file: '/s.yaml', steps: [one] })).toBe(
      'Ended: 0 of 1 step done, 1 not done. Resume with: slr study /s.yaml'
    )
  })

  it('say of each step what it is and how it stands', () => {
    expect(studyStepWords({ kind: 'evaluate', task: 'demo-open (2)' })).toBe('Evaluation by demo-open (2)')
    expect(stepStateWords({ ...STEP, state: 'computed', seconds: 3 }, true)).toBe('Computed in 3.0 s')
    const begun: StudyStepState = { ...STEP, state: 'running', progress: { share: 0.5, secondsLeft: 90 } }
    expect(stepStateWords(begun, true)).toBe('Running, 50 %, about 1 min 30 s left')
    expect(stepStateWords(begun, false)).toBe('Started; partial results are saved')
    expect(stepStateWords({ ...STEP, state: 'failed', problem: failed }, true)).toBe('Failed: No memory.')
  })
})
