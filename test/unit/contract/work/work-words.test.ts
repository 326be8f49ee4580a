import { describe, expect, it } from 'vitest'
import { summarizeSweep } from '../../../../src/main/project/documents/sweep-files'
import { taskFixture } from '../../../fixtures/evaluation-documents'
import { tinySweep } from '../../../fixtures/tiny-sweep'
import type {
  ShownJob,
  StudyState,
  StudyStepState,
  WorkListState
} from '../../../../src/contract/work/work-list'
import {
  doneWords,
  evaluationSizeWords,
  stoppedProblem,
  studyWords,
  timeLeftWords,
  workName,
  workStateWords
} from '../../../../src/contract/work/work-words'

const job = (
  state: ShownJob['state'],
  secondsLeft: number | null = null,
  share: number | null = null
): ShownJob => ({
  origin: 'window',
  id: '0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b',
  pair: 'pair-1',
  work: { kind: 'sweep', settings: { preview: false } },
  taskName: null,
  seconds: null,
  problem:
    state === 'failed'
      ? { code: 'bad-file', message: 'post has no config.json.' }
      : state === 'stopped'
        ? stoppedProblem('8 of 40 prompts')
        : null,
  state,
  sends: [],
  progress: { share, secondsLeft }
})

const line = (jobs: ShownJob[], more: Partial<WorkListState> = {}): WorkListState => ({
  ...{ paused: false, waits: false, waitsFor: null, done: [], study: null },
  ...more,
  jobs
})

describe('words of a list of work', () => {
  it('describe the done work and the progress', () => {
    const sweep = (preview: boolean): ShownJob['work'] => ({ kind: 'sweep', settings: { preview } })
    expect(workName({ work: sweep(false), taskName: null })).toBe('Sweep')
    expect(workName({ work: sweep(true), taskName: null })).toBe('Preview')
    const evaluation = (device: 'cpu' | 'webgpu'): string =>
      workName({ work: { kind: 'evaluate', settings: { task: 'open', device } }, taskName: 'Open questions' })
    expect(evaluation('cpu')).toBe('Evaluation by Open questions')
    expect(evaluation('webgpu')).toBe('Evaluation by Open questions on WebGPU')
    expect(workStateWords(job('running', 45, 0.42))).toBe('Running, 42 %, about 45 s left')
    expect(workStateWords(job('running'))).toBe('Running')
    expect(workStateWords(job('running'), 'Other')).toBe('Waiting for “Other”')
    expect(workStateWords(job('stopping', 45, 0.42), 'Other')).toBe('Stopping…')
    expect(workStateWords(job('waiting'))).toBe('Waiting')
    const told = (estimatedFrom: 'sweep' | 'preview', preview: boolean): string =>
      workStateWords({
        ...job('waiting'),
        work: sweep(preview),
        progress: { share: null, secondsLeft: 20, estimatedFrom }
      })
    expect(told('sweep', false)).toBe('Waiting, about 20 s by the last sweep')
    expect(told('preview', true)).toBe('Waiting, about 20 s by the last preview')
    expect(told('preview', false)).toBe('Waiting, about 20 s by the pace of the last preview')
    expect(workStateWords(job('failed'))).toBe('Failed. post has no config.json.')
    expect(workStateWords(job('stopped'))).toBe('Stopped. 8 of 40 prompts are saved.')
  })

  it('add up known times left, and count unknown ones', () => {
    expect(timeLeftWords(line([]))).toBeNull()
    expect(timeLeftWords(line([job('failed'), job('stopped')]))).toBeNull()
    expect(timeLeftWords(line([job('running')]))).toBe('1 job, time left unknown')
    expect(timeLeftWords(line([job('running', 30), job('waiting', 20), job('failed')]))).toBe(
      '2 jobs, about 50 s left'
    )
    expect(timeLeftWords(line([job('waiting', 20), job('waiting')], { paused: true }))).toBe(
      'Paused: 2 jobs, about 20 s left for 1 of them, unknown for 1'
    )
    expect(timeLeftWords(line([job('waiting')], { waits: true }))).toBe(
      'Waiting for a job started by hand: 1 job, time left unknown'
    )
  })
  it('list finished jobs in the order of their end', () => {
    const done = (pair: string, preview: boolean): WorkListState['done'][number] => ({
      id: '0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b',
      pair,
      work: { kind: 'sweep', settings: { preview } },
      taskName: null
    })
    expect(doneWords([], () => '')).toBeNull()
    const all = [done('pair-2', true), done('pair-1', true), done('pair-2', false)]
    expect(doneWords(all, (id) => `${id}!`)).toBe('Done: Preview of pair-2!, pair-1!; Sweep of pair-2!.')
  })
})

it('the size of evaluating several pairs counts what each begins with', () => {
  const answeringSweep = {
    ...summarizeSweep(tinySweep(), null),
    selected: { start: 0, end: 0 },
    baselines: []
  }
  expect(evaluationSizeWords(taskFixture(), [{ answeringSweep }, { answeringSweep: null }])).toBe(
    '2 prompts × 4 = 8 answers of each variant. 5 variants in 2 pairs: 40 answers of at most 16 tokens. ' +
      'Variants are base, post, the selected range and baselines. Kept recipes and checkpoints are extra.'
  )
})

const STEP: StudyStepState = {
  ...{
    origin: 'study',
    id: 'Demo/sweep',
    pair: 'Demo',
    work: { kind: 'sweep', settings: {} },
    taskName: null
  },
  ...{ state: 'waiting', progress: { share: null, secondsLeft: null }, seconds: null, problem: null }
}
const failed = { code: 'bad-input' as const, message: 'No memory.' }
const study = (changes: Partial<StudyState>): string =>
  studyWords({
    ...{ name: 's', file: '/a b/s.yaml', startedAt: '2026-01-01T00:00:00.000Z', running: true, ended: null },
    steps: [
      { ...STEP, state: 'computed', seconds: 3 },
      { ...STEP, id: 'Demo/check', state: 'running', progress: { share: 0.5, secondsLeft: 90 } },
      { ...STEP, id: 'Demo/report' }
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

  it('name the finished and the missing part, and the next step', () => {
    expect(study({ running: false })).toBe("Stopped: 1 of 3 steps done. Resume with: slr study '/a b/s.yaml'")
    expect(study({ running: false, ended: 'done', steps: [{ ...STEP, state: 'found' }] })).toBe(
      'Done: 1 step.'
    )
    const one = { ...STEP, state: 'failed' as const, problem: failed }
    expect(study({ running: false, ended: 'done', file: '/s.yaml', steps: [one] })).toBe(
      'Ended: 0 of 1 step done, 1 not done. Resume with: slr study /s.yaml'
    )
  })

  it('describe the kind and the state of each step', () => {
    expect(workName({ work: { kind: 'evaluate', settings: {} }, taskName: 'demo-open (2)' })).toBe(
      'Evaluation by demo-open (2)'
    )
    expect(workStateWords({ ...STEP, state: 'computed', seconds: 3 })).toBe('Computed in 3.0 s')
    const begun: StudyStepState = { ...STEP, state: 'running', progress: { share: 0.5, secondsLeft: 90 } }
    expect(workStateWords(begun)).toBe('Running, 50 %, about 1 min 30 s left')
    expect(workStateWords(begun, null, true)).toBe('Started; partial results are saved')
    expect(workStateWords(STEP, null, true)).toBe('Not started')
    expect(workStateWords({ ...STEP, state: 'failed', problem: failed })).toBe('Failed. No memory.')
  })
})
