import { describe, expect, it } from 'vitest'
import type { EvaluationView } from '../../../../src/contract/documents/evaluation'
import { selectsFailures, GREEDY_VARIANTS, greedyTask } from '../../../../src/contract/documents/greedy-failures'
import { Task } from '../../../../src/contract/documents/task'
import { chosenNotices } from '../../../../src/contract/words/greedy-failure-words'
import { failuresTask } from '../../../../src/main/evaluation/greedy-failures'
import { foundFailures, whyNoFailures } from '../../../../src/renderer/evaluate/failures.svelte'
import { BARE_RESULTS, evaluationRun, taskFixture } from '../../../fixtures/evaluation-documents'
import { sampleLine } from '../../../fixtures/sample-run'

const prompt = (text: string, answer?: string) => ({
  text,
  category: '',
  raw: false,
  ...(answer === undefined ? {} : { answers: [answer] })
})
const task = taskFixture({
  kind: 'open-ended',
  prompts: [prompt('Name a planet.', 'Mars'), prompt('Say anything.'), prompt('1 + 1?', '2'), prompt('2 + 2?', '4')]
})
const run = evaluationRun({ task: greedyTask(task), variants: GREEDY_VARIANTS })

/** Answers of post, each with true for a right one; null where that is unknown. */
function answered(right: readonly (boolean | null)[], changes: Partial<EvaluationView> = {}) {
  const view: EvaluationView = {
    run,
    judging: [],
    notices: [],
    answered: true,
    complete: true,
    results: {
      ...BARE_RESULTS,
      cells: right.map((value) => [value === null ? {} : { accuracy: Number(value) }])
    },
    ...changes
  }
  const samples = right.map((_, index) => sampleLine('post', index, 0, `answer ${index}`))
  return { view, samples }
}

describe('a task of what greedy decoding of post fails', () => {
  it('has the prompts with a wrong answer, each with that answer, and the sampler of the task', () => {
    const failures = failuresTask(answered([true, null, false, false]), { id: 'failed', task })
    expect(Task.parse(failures)).toEqual(failures)
    expect(failures.prompts).toEqual([
      { ...prompt('1 + 1?', '2'), failedWith: 'answer 2' },
      { ...prompt('2 + 2?', '4'), failedWith: 'answer 3' }
    ])
    expect(failures.settings).toEqual(task.settings)
    expect(failures.chosen).toEqual({
      ...{ by: 'greedy-failures', from: 'A task', judged: 3, failed: 2 },
      ...{ post: 'bb', evaluationId: run.id, createdAt: run.createdAt }
    })
    const first = failuresTask(answered([true, null, false, false]), { id: 'failed', task, maxPrompts: 1 })
    expect(first.prompts.map(({ text }) => text)).toEqual(['1 + 1?'])
    expect(first.chosen?.failed).toBe(2)
  })

  it.each([
    ['all are right', answered([true, null, true, true]), /all 3 prompts of "A task" are right/],
    ['nothing can be told right', answered([null, null, null, null]), /No prompt of "A task" lists a right answer/],
    [
      'an answer is missing',
      answered([true, null, false, false], { answered: false, complete: false }),
      /not answered all prompts/
    ],
    [
      'the run is none of its own',
      answered([true, null, false, false], { run: evaluationRun({ task: greedyTask(task) }) }),
      /one greedy answer of post/
    ],
    [
      'post was sampled',
      answered([true, null, false, false], { run: evaluationRun({ task, variants: GREEDY_VARIANTS }) }),
      /one greedy answer of post/
    ]
  ])('is refused where %s', (_, answers, message) => {
    expect(() => failuresTask(answers, { id: 'failed', task })).toThrow(message)
  })

  it('is chosen by post only, greedily, once', () => {
    expect(selectsFailures(run)).toBe(true)
    const [post] = GREEDY_VARIANTS
    if (post === undefined) throw new Error('nobody is asked')
    expect(selectsFailures({ ...run, variants: [{ ...post, prefix: 'Think. ' }] })).toBe(false)
    const more = { ...run.task, settings: { ...run.task.settings, sampleCount: 2 } }
    expect(selectsFailures({ ...run, task: more })).toBe(false)
  })
})

describe('results on what post failed', () => {
  const failures = failuresTask(answered([true, null, false, false]), { id: 'failed', task })
  const anew = evaluationRun().variants

  it('explain how the prompts were chosen, and that failures regress to the mean', () => {
    const [notice, ...more] = chosenNotices(failures, anew, 'bb')
    expect(notice).toMatch(/2 prompts of “A task”.*missed 2 of 3.*in a separate run.*regress to the mean/)
    expect(more).toEqual([])
    expect(chosenNotices(task, anew, 'bb')).toEqual([])
  })

  it('warn without newly sampled post, with greedy post, and of another post', () => {
    const warnings = (...given: Parameters<typeof chosenNotices>) =>
      chosenNotices(...given)
        .slice(1)
        .join(' ')
    expect(warnings(failures, anew.slice(0, 1), 'bb')).toMatch(/^Post is not among the variants/)
    expect(warnings(greedyTask(failures), anew, 'bb')).toMatch(/^A variant is post at temperature 0/)
    expect(warnings(failures, anew, 'cc')).toMatch(/^These prompts were chosen by the failures of another post/)
  })
})

describe('what post fails, in the window', () => {
  it('is that of the finished run that chose the prompts, and of no other', () => {
    expect(foundFailures(answered([true, null, false, false]).view)).toMatchObject({
      count: 2,
      words: expect.stringContaining('2 of 3 prompts')
    })
    expect(foundFailures(answered([true, null, true, true]).view)?.count).toBe(0)
    expect(foundFailures(answered([false], { answered: false, complete: false }).view)).toBeNull()
    expect(foundFailures(answered([false], { run: evaluationRun() }).view)).toBeNull()
  })

  it('is refused for a task that was chosen so, or that lists no right answers', () => {
    expect(whyNoFailures(task)).toBeNull()
    expect(whyNoFailures(taskFixture())).toMatch(/no right answers/)
    expect(whyNoFailures(failuresTask(answered([false, null, false, false]), { id: 'f', task }))).toMatch(/already/)
    expect(whyNoFailures(null)).toMatch(/Choose a task/)
  })
})
