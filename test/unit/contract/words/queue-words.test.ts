import { expect, it } from 'vitest'
import { ON_CPU } from '../../../../src/contract/documents/samples'
import { summarizeSweep } from '../../../../src/main/project/documents/sweep-files'
import { taskFixture } from '../../../fixtures/evaluation-documents'
import { goldenText } from '../../../fixtures/golden-text'
import { tinySweep } from '../../../fixtures/tiny-sweep'
import type { QueuedWork, QueueState } from '../../../../src/contract/documents/queue'
import {
  doneWords,
  evaluationSizeWords,
  jobStateWords,
  stoppedProblem,
  timeLeftWords,
  queuedWorkName
} from '../../../../src/contract/words/queue-words'

type QueuedJobState = QueueState['jobs'][number]
const ID = '0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b'

const job = (
  state: QueuedJobState['state'],
  secondsLeft: number | null = null,
  share: number | null = null
): QueuedJobState => ({
  id: ID,
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

it('says how far the jobs are, what time they take and what was finished', async () => {
  const task = { id: 'open', name: 'Open questions' }
  const works: QueuedWork[] = [
    ...[false, true].map((preview): QueuedWork => ({ kind: 'sweep', preview })),
    { kind: 'evaluation', task, computing: ON_CPU },
    { kind: 'evaluation', task, computing: { device: 'webgpu' } }
  ]
  const told = (toldBy: 'sweep' | 'preview', preview: boolean): QueuedJobState => ({
    ...job('waiting'),
    work: { kind: 'sweep', preview },
    progress: { share: null, secondsLeft: 20, toldBy }
  })
  const jobs = [
    ...[
      job('running', 45, 0.42),
      job('running'),
      job('waiting'),
      told('sweep', false),
      told('preview', true)
    ],
    ...[told('preview', false), job('failed'), job('stopped')]
  ]
  const elsewhere = [job('running'), job('stopping', 45, 0.42)]
  const lines = [
    ...[line([]), line([job('failed'), job('stopped')]), line([job('running')])],
    line([job('running', 30), job('waiting', 20), job('failed')]),
    line([job('waiting', 20), job('waiting')], { paused: true }),
    line([job('waiting')], { waits: true })
  ]
  const done = [['pair-2', true] as const, ['pair-1', true] as const, ['pair-2', false] as const]
  const ended = done.map(([pair, preview]) => ({ id: ID, pair, work: { kind: 'sweep' as const, preview } }))
  const shown = {
    works: works.map(queuedWorkName),
    states: jobs.map((each) => jobStateWords(each)),
    'states while another project computes': elsewhere.map((each) => jobStateWords(each, 'Other')),
    'time left': lines.map(timeLeftWords),
    'what was finished, in the order of its end': [[], ended].map((all) => doneWords(all, (id) => `${id}!`))
  }
  await expect(goldenText(shown)).toMatchFileSnapshot('./queue-words.golden.txt')
})

it('the size of evaluating several pairs counts what each begins with', () => {
  const summary = summarizeSweep(tinySweep(), null)
  const answeringSweep = { ...summary, selected: { start: 0, end: 0 }, baselines: [] }
  expect(evaluationSizeWords(taskFixture(), [{ answeringSweep }, { answeringSweep: null }])).toBe(
    '2 prompts × 4 = 8 answers of each variant. 5 variants in 2 pairs: 40 answers of at most 16 tokens. ' +
      'Variants are base, post, the selected range and baselines. Kept recipes and checkpoints are extra.'
  )
})
