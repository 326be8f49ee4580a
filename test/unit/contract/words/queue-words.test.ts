import { describe, expect, it } from 'vitest'
import { ON_CPU } from '../../../../src/contract/documents/samples'
import { summarizeSweep } from '../../../../src/main/project/documents/sweep-files'
import { taskFixture } from '../../../fixtures/evaluation-documents'
import { tinySweep } from '../../../fixtures/tiny-sweep'
import type { QueueState } from '../../../../src/contract/documents/queue'
import {
  doneWords,
  evaluationSizeWords,
  jobStateWords,
  stoppedProblem,
  timeLeftWords,
  queuedWorkName
} from '../../../../src/contract/words/queue-words'

type QueuedJobState = QueueState['jobs'][number]

const job = (
  state: QueuedJobState['state'],
  secondsLeft: number | null = null,
  share: number | null = null
): QueuedJobState => ({
  id: '0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b',
  pair: 'pair-1',
  work: { kind: 'sweep', preview: false },
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

const line = (jobs: QueuedJobState[], more: Partial<QueueState> = {}): QueueState => ({
  ...{ paused: false, waits: false, waitsFor: null, done: [] },
  ...more,
  jobs
})

describe('words of the queue', () => {
  it('say what is done and how far it is', () => {
    expect(queuedWorkName({ kind: 'sweep', preview: false })).toBe('Sweep')
    expect(queuedWorkName({ kind: 'sweep', preview: true })).toBe('Preview')
    const task = { id: 'open', name: 'Open questions' }
    expect(queuedWorkName({ kind: 'evaluation', task, computing: ON_CPU })).toBe(
      'Evaluation by Open questions'
    )
    expect(queuedWorkName({ kind: 'evaluation', task, computing: { device: 'webgpu' } })).toBe(
      'Evaluation by Open questions on WebGPU'
    )
    expect(jobStateWords(job('running', 45, 0.42))).toBe('Running, 42 %, about 45 s left')
    expect(jobStateWords(job('running'))).toBe('Running')
    expect(jobStateWords(job('running'), 'Other')).toBe('Waiting for “Other”')
    expect(jobStateWords(job('stopping', 45, 0.42), 'Other')).toBe('Stopping…')
    expect(jobStateWords(job('waiting'))).toBe('Waiting')
    const told = (toldBy: 'sweep' | 'preview', preview: boolean): string =>
      jobStateWords({
        ...job('waiting'),
        work: { kind: 'sweep', preview },
        progress: { share: null, secondsLeft: 20, toldBy }
      })
    expect(told('sweep', false)).toBe('Waiting, about 20 s by the last sweep')
    expect(told('preview', true)).toBe('Waiting, about 20 s by the last preview')
    expect(told('preview', false)).toBe('Waiting, about 20 s by the pace of the last preview')
    expect(jobStateWords(job('failed'))).toBe('Failed: post has no config.json.')
    expect(jobStateWords(job('stopped'))).toBe('Stopped. 8 of 40 prompts are saved.')
  })

  it('add up what is known of the time left, and count what is not', () => {
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
  it('say what was finished, in the order of its end', () => {
    const done = (pair: string, preview: boolean): QueueState['done'][number] => ({
      id: '0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b',
      pair,
      work: { kind: 'sweep', preview }
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
