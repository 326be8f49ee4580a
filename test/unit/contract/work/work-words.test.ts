import { expect, it } from 'vitest'
import { summarizeSweep } from '../../../../src/main/project/documents/sweep-files'
import { taskFixture } from '../../../fixtures/evaluation-documents'
import { goldenText } from '../../../fixtures/golden-text'
import { tinySweep } from '../../../fixtures/tiny-sweep'
import type { ShownJob, StudyState, StudyStepState, WorkListState } from '../../../../src/contract/work/work-list'
import {
  doneWords,
  evaluationSizeWords,
  stoppedProblem,
  studyWords,
  timeLeftWords,
  workName,
  workStateWords
} from '../../../../src/contract/work/work-words'

const ID = '0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b'

const job = (state: ShownJob['state'], secondsLeft: number | null = null, share: number | null = null): ShownJob => ({
  origin: 'window',
  id: ID,
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
  endpointWarnings: [],
  progress: { share, secondsLeft }
})

const line = (jobs: ShownJob[], more: Partial<WorkListState> = {}): WorkListState => ({
  ...{ paused: false, waits: false, waitsFor: null, done: [], study: null },
  ...more,
  jobs
})

const sweep = (preview: boolean): ShownJob['work'] => ({ kind: 'sweep', settings: { preview } })
const evaluation = (device: 'cpu' | 'webgpu'): ShownJob['work'] => ({
  kind: 'evaluate',
  settings: { task: 'open', device }
})
const estimated = (estimatedFrom: 'sweep' | 'preview', preview: boolean): ShownJob => ({
  ...job('waiting'),
  work: sweep(preview),
  progress: { share: null, secondsLeft: 20, estimatedFrom }
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
const RUNNING: StudyStepState = { ...STEP, state: 'running', progress: { share: 0.5, secondsLeft: 90 } }
const FAILED: StudyStepState = {
  ...{ ...STEP, state: 'failed', problem: { code: 'bad-input', message: 'No memory.' } }
}
const study = (changes: Partial<StudyState>): string =>
  studyWords({
    ...{ name: 's', file: '/a b/s.yaml', startedAt: '2026-01-01T00:00:00.000Z', running: true, ended: null },
    steps: [
      { ...STEP, state: 'computed', seconds: 3 },
      { ...RUNNING, id: 'Demo/check' },
      { ...STEP, id: 'Demo/report' }
    ],
    ...changes
  })

it('describes the queue, the newest study and their entries', async () => {
  const jobs = [
    ...[job('running', 45, 0.42), job('running'), job('waiting'), job('failed'), job('stopped')],
    ...[estimated('sweep', false), estimated('preview', true), estimated('preview', false)]
  ]
  const lines = [
    ...[line([]), line([job('failed'), job('stopped')]), line([job('running')])],
    line([job('running', 30), job('waiting', 20), job('failed')]),
    line([job('waiting', 20), job('waiting')], { paused: true }),
    line([job('waiting')], { waits: true })
  ]
  const ended = (['pair-2 true', 'pair-1 true', 'pair-2 false'] as const).map((text) => {
    const [pair = '', preview] = text.split(' ')
    return { id: ID, pair, work: sweep(preview === 'true'), taskName: null }
  })
  const steps = [{ ...STEP, state: 'computed' as const, seconds: 3 }, RUNNING, FAILED]
  const shown = {
    names: [
      ...[sweep(false), sweep(true)].map((work) => workName({ work, taskName: null })),
      ...[evaluation('cpu'), evaluation('webgpu')].map((work) => workName({ work, taskName: 'Questions' }))
    ],
    'states of jobs': jobs.map((each) => workStateWords(each)),
    'states while another project computes': [job('running'), job('stopping', 45, 0.42)].map((each) =>
      workStateWords(each, 'Other')
    ),
    'states of steps': steps.map((each) => workStateWords(each)),
    'states of steps of a study that has ended': [RUNNING, STEP].map((each) => workStateWords(each, null, true)),
    'time left': lines.map(timeLeftWords),
    'finished jobs, in the order of their end': [[], ended].map((done) => doneWords(done, (id) => `${id}!`)),
    studies: [
      ...[study({}), study({ steps: [{ ...STEP, state: 'running' }] }), study({ running: false })],
      study({ running: false, ended: 'done', steps: [{ ...STEP, state: 'found' }] }),
      study({ running: false, ended: 'done', file: '/s.yaml', steps: [FAILED] })
    ]
  }
  await expect(goldenText(shown)).toMatchFileSnapshot('./work-words.golden.txt')
})

it('the size of evaluating several pairs counts what each begins with', () => {
  const defaultSweep = {
    ...summarizeSweep(tinySweep(), null),
    selected: { start: 0, end: 0 },
    baselines: []
  }
  expect(evaluationSizeWords(taskFixture(), [{ defaultSweep }, { defaultSweep: null }])).toBe(
    '2 prompts × 4 = 8 answers of each variant. 5 variants in 2 pairs: 40 answers of at most 16 tokens. ' +
      'Variants are base, post, the selected range and baselines. Kept recipes and checkpoints are extra.'
  )
})
