import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { SweepDocument } from '../../../../src/contract/documents/crc'
import type {
  EvaluationEvent,
  EvaluationProgress,
  EvaluationRun,
  EvaluationSummary,
  EvaluationView
} from '../../../../src/contract/documents/evaluation'
import { DEFAULT_JUDGE, type JudgeEvent, type JudgeSettings } from '../../../../src/contract/documents/judge'
import { PairChanges, type ProjectState } from '../../../../src/contract/documents/project'
import type { Task } from '../../../../src/contract/documents/task'
import { elementAt } from '../../../../src/contract/model/look-up'
import { GREEDY_SAMPLING } from '../../../../src/contract/model/sampling'
import { summarizeEvaluation } from '../../../../src/main/project/documents/evaluation-files'
import { summarizeSweep } from '../../../../src/main/project/documents/sweep-files'
import type { Session } from '../../../../src/renderer/app/session.svelte'
import { foundFailures, whyNoFailures } from '../../../../src/renderer/evaluate/failures.svelte'
import { parseTask, taskCopy } from '../../../../src/renderer/evaluate/task-draft'
import { comparedSweep } from '../../../fixtures/compared-sweeps'
import { BARE_RESULTS, evaluationRun, taskFixture } from '../../../fixtures/evaluation-documents'
import type { ScriptedLine } from '../../../fixtures/scripted-line'
import { PAIR_REPORT, projectState, settled, openSession } from '../../../fixtures/scripted-line'
import { Stream } from '../../../fixtures/stream'
import { waitFor } from '../../../fixtures/wait-for'

const TASK = taskFixture()
const ASKED = taskFixture({
  id: 'questions',
  name: 'Questions',
  kind: 'open-ended',
  prompts: [
    { text: 'Name a colour.', category: '', raw: false, answers: ['red', 'blue'] },
    { text: 'Name a sea.', category: '', raw: false, answers: ['Baltic'] }
  ]
})
const SWEEP: SweepDocument = comparedSweep({ id: 'swept', diversity: (start) => 0.1 * start })

const stateOf = (changes: Partial<ProjectState> = {}): ProjectState => projectState({ pair: PAIR_REPORT, ...changes })

const view = (changes: Partial<EvaluationRun> = {}, measured: readonly string[] = []) => ({
  run: evaluationRun(changes),
  results: {
    comparedWith: 'post',
    variants: [{ variant: 'post', measures: Object.fromEntries(measured.map((id) => [id, {}])) }]
  },
  judging: [],
  notices: [],
  answered: true,
  complete: true
})

const summary = (id: string): EvaluationSummary => summarizeEvaluation(evaluationRun({ id }), 24)

/** A project with two tasks, in which nothing was evaluated. */
async function opened(state = stateOf()) {
  const { line, session } = await openSession(state)
  void session.evaluations.attach(null)
  await line.answer('evaluations.tasks', 0, [
    { task: TASK, origin: 'project' },
    { task: ASKED, origin: 'project' }
  ])
  return { line, session }
}

async function show(line: ScriptedLine, session: Session, shown: unknown, id: string): Promise<void> {
  const place = line.of('evaluations.get').length
  void session.evaluations.show(id)
  await line.answer('evaluations.get', place, shown)
}

const names = (session: Session): string[] => session.evaluations.setup.variants.map(({ variant }) => variant.name)

describe('the setup of the next evaluation', () => {
  it('begins with a task for models such as those of its pair, at any place of the list', async () => {
    const { line, session } = await opened()
    void session.tasks.load()
    await line.answer('evaluations.tasks', 1, [
      { task: TASK, origin: 'builtin' },
      { task: { ...TASK, id: 'demo-open' }, origin: 'builtin' }
    ])
    expect(session.evaluations.setup.task?.id).toBe('demo-open')
  })

  it('adds and removes variants and sets their samplers', async () => {
    const { session } = await opened()
    const { setup } = session.evaluations
    expect([setup.task?.id, names(session)]).toEqual(['task-1', ['base', 'post']])
    const { variants } = session
    variants.choose(elementAt(variants.options, 0, 'option'), 'evaluate', false)
    const hot = { variant: { kind: 'post', name: 'post + decoding' } as const }
    variants.store(null, { ...hot, prefix: 'Please: ', sampling: GREEDY_SAMPLING })
    expect(variants.options.at(-1)).toMatchObject({ origin: 'own sampler, prefix', added: 0 })
    expect(variants.namesExcept(0)).toEqual(['base', 'post', 'base:few-shot'])
    // Samples has one sampler and one prompt for all variants.
    expect(variants.sampled.map(({ name }) => name)).toEqual(['post'])
    variants.store(0, { ...hot, suffix: ' Now.' })
    expect([names(session), variants.options.at(-1)?.origin]).toEqual([['post', 'post + decoding'], 'suffix'])
    variants.remove(0)
    variants.remove(0)
    expect(names(session)).toEqual(['post'])
    // A variant that is already included is not added again.
    const half = { kind: 'baseline', name: 'half', baseline: { kind: 'mix', share: 0.5 } } as const
    variants.add([{ kind: 'base', name: 'base' }, half, half], 'evaluate')
    variants.add([half], 'evaluate')
    expect(names(session)).toEqual(['base', 'post', 'half'])
    expect(setup.size).toMatch(/ answers\. 1 variant with base and post at once, twice the work each\. [AT]/)
  })

  it('reports why it cannot run', async () => {
    const { line, session } = await opened()
    const { setup } = session.evaluations
    setup.edit({ sampleCount: '0' })
    expect([setup.incomplete, setup.runTask, setup.size]).toEqual([
      'Answers per prompt needs a whole number from 1 to 100,000.',
      null,
      ''
    ])
    setup.edit({ sampleCount: '3' })
    expect([setup.incomplete, setup.runTask?.settings.sampleCount]).toEqual([null, 3])
    const { variants } = session
    for (const option of variants.options) variants.choose(option, 'evaluate', false)
    expect(setup.incomplete).toBe('Choose at least one variant.')
    for (let share = 1; share <= 61; share++)
      variants.store(null, {
        variant: { kind: 'baseline', name: 'mix', baseline: { kind: 'mix', share: share / 100 } }
      })
    expect(setup.incomplete).toBe('Choose at most 60 variants.')
    expect(new Set(names(session)).size).toBe(61)
    await session.evaluations.start()
    expect(line.of('evaluations.start')).toEqual([])
  })

  it('adds ranges spread over the diversity of the newest sweep, and only those that are missing', async () => {
    const { line, session } = await opened(stateOf({ sweeps: [summarizeSweep(SWEEP, null)] }))
    const { setup } = session.evaluations
    void setup.addSpread()
    await line.answer('sweeps.get', 0, SWEEP)
    const { variants } = session
    const added = variants.options.filter(({ origin }) => origin === 'added')
    expect(added.length).toBeGreaterThan(2)
    for (const option of variants.options) variants.choose(option, 'evaluate', false)
    void setup.addSpread()
    await line.answer('sweeps.get', 1, SWEEP)
    expect(variants.options.filter(({ origin }) => origin === 'added')).toHaveLength(added.length)
    expect(setup.variants.length).toBeGreaterThanOrEqual(added.length)
    expect(names(session)).not.toContain('base')
  })

  it('asks no sweep for a spread where there is none', async () => {
    const { line, session } = await opened()
    await session.evaluations.setup.addSpread()
    expect(line.of('sweeps.get')).toEqual([])
  })

  it('continues from the last evaluation with its task and its number of answers, and with the current variants', async () => {
    const { session } = await opened()
    const { setup } = session.evaluations
    const cold = { variant: { kind: 'post', name: 'cold' }, sampling: GREEDY_SAMPLING } as const
    const last = evaluationRun({
      task: { ...ASKED, settings: { ...ASKED.settings, sampleCount: 9 } },
      variants: [{ variant: { kind: 'post', name: 'post' } }, cold],
      embeddingModel: { path: '/models/words', fingerprint: 'ee' }
    })
    setup.adoptSettings(last)
    expect([setup.draft.taskId, setup.draft.sampleCount, setup.draft.embeddingModel]).toEqual([
      'questions',
      '9',
      '/models/words'
    ])
    expect(names(session)).toEqual(['base', 'post'])
    // A removed task cannot be set up.
    setup.adoptSettings(evaluationRun({ task: { ...TASK, id: 'gone' } }))
    expect(setup.draft.taskId).toBe('questions')
    // Settings of the user stay.
    setup.edit({ sampleCount: '4' })
    setup.adoptSettings(last)
    expect(setup.draft.sampleCount).toBe('4')
  })

  it('ticks what the newest sweep selects until the user changes that, also after a reload', async () => {
    const sweeps = [summarizeSweep(SWEEP, null)]
    const later = { ...elementAt(sweeps, 0, 'sweep'), id: 'later', selected: { start: 1, end: 1 } }
    const first = { ...elementAt(sweeps, 0, 'sweep'), selected: { start: 0, end: 0 } }
    const { line, session } = await opened(stateOf({ sweeps: [first] }))
    const { variants } = session
    const isTicked = (name: string): boolean | undefined => {
      const option = variants.options.find(({ entry }) => entry.variant.name === name)
      return option && variants.isChosen(option, 'evaluate')
    }
    expect(isTicked('Layer 0')).toBe(true)
    variants.choose(elementAt(variants.options, 0, 'option'), 'evaluate', false)
    const hot = { variant: { kind: 'post', name: 'hot' } as const, prefix: 'Please: ' }
    variants.store(null, hot)
    await line.answer('pairs.update', 0, stateOf({ sweeps: [first] }))
    expect([isTicked('Layer 0'), isTicked('base')]).toEqual([true, false])

    // After a later sweep has selected another range, as the project has it when the window is loaded again.
    const { changes } = z.object({ changes: PairChanges }).parse(line.call('pairs.update', 1).input)
    const { document } = stateOf()
    const kept = { ...document, settings: { ...document.settings, ...changes.settings } }
    const again = await opened(stateOf({ document: kept, sweeps: [later, first] }))
    expect(names(again.session)).toEqual(['post', 'Layer 1', 'hot'])
  })

  it('reads a task from a file, says why one is none, and keeps the one that is saved', async () => {
    const { line, session } = await opened()
    const { setup } = session.evaluations
    const huge = Object.defineProperty(new File([], 'huge.json'), 'size', { value: 2 ** 40 })
    expect(await setup.readTask(huge)).toBeNull()
    expect(setup.importFailure?.message).toMatch(/^huge\.json has .*; at most .* are read\.$/)
    const refused = setup.readTask(new File(['x'], 'x.json'))
    await waitFor(() => expect(line.of('evaluations.readTask')).toHaveLength(1))
    line.call('evaluations.readTask', 0).answer.reject(new Error('x.json is no task.'))
    expect([await refused, setup.importFailure?.message]).toEqual([null, 'x.json is no task.'])
    const read = setup.readTask(new File(['{}'], 'own.json'))
    await waitFor(() => expect(line.of('evaluations.readTask')).toHaveLength(2))
    const own = taskFixture({ id: 'own' })
    line.call('evaluations.readTask', 1).answer.resolve(own)
    expect([await read, setup.importFailure]).toEqual([own, null])

    const failed = setup.saveTask(own)
    await settled()
    line.call('evaluations.saveTask', 0).answer.reject(new Error('The disk is full.'))
    expect([await failed, setup.task?.id]).toEqual([false, 'task-1'])
    const saved = setup.saveTask(own)
    await settled()
    line.call('evaluations.saveTask', 1).answer.resolve([{ task: own, origin: 'project' }])
    expect([await saved, setup.task?.id]).toEqual([true, 'own'])
  })
})

describe('an evaluation', () => {
  const progress: EvaluationProgress = {
    phase: 'generating',
    samplesDone: 64,
    samplesTotal: 128,
    tokensPerSecond: 20,
    secondsLeft: 9,
    promptsScored: 0,
    promptsTotal: 2
  }

  it('reports its progress, and is shown as stored once it ended', async () => {
    const { line, session } = await opened()
    const { evaluations } = session
    evaluations.setup.edit({ embeddingModel: '/models/words' })
    evaluations.setup.compute({ device: 'webgpu' })
    void evaluations.start()
    await settled()
    expect(line.call('evaluations.start', 0).input).toMatchObject({
      task: { id: 'task-1' },
      variants: [{ variant: { kind: 'base' } }, { variant: { kind: 'post' } }],
      computing: { device: 'webgpu' },
      embeddingModel: '/models/words'
    })
    await line.answer('evaluations.start', 0, { evaluationId: 'first' })
    const events = await line.stream<EvaluationEvent>('evaluations.watch', 0)
    const none = { ...progress, samplesDone: 0 }
    await events.tell(
      { type: 'progress', evaluationId: 'first', progress: none },
      { type: 'progress', evaluationId: 'first', progress }
    )
    await waitFor(() => expect(evaluations.live?.evaluationId).toBe('first'))
    expect(session.jobs.current?.progress).toMatchObject({ name: 'Evaluation', share: 0.4, secondsLeft: 9 })
    await events.tell({ type: 'finished', evaluationId: 'first', seconds: 1 })
    await events.over()
    await line.answer('projects.open', 0, stateOf({ revision: 2, evaluations: [summary('first')] }))
    const computing = { device: 'webgpu' } as const
    await line.answer('evaluations.get', 0, view({ id: 'first', computing }))
    await waitFor(() => expect(evaluations.busy).toBe(false))
    expect(evaluations.shownView?.run.id).toBe('first')
    expect(evaluations.setup.size).not.toMatch(/time unknown/i)

    void evaluations.resume('first')
    await settled()
    expect(line.call('evaluations.resume', 0).input).toMatchObject({ evaluationId: 'first' })
    // One at a time.
    await evaluations.resume('first')
    await evaluations.startGreedyEvaluation()
    expect(line.of('evaluations.resume')).toHaveLength(1)
    expect(line.of('evaluations.start')).toHaveLength(1)

    await line.answer('evaluations.resume', 0, undefined)
    const again = await line.stream<EvaluationEvent>('evaluations.watch', 1)
    await again.tell(
      { type: 'progress', evaluationId: 'first', progress },
      { type: 'failed', problem: { code: 'engine-lost', message: 'It died.', hint: 'Run again.' } }
    )
    await again.over()
    // By the button that is there.
    await waitFor(() => expect(evaluations.failure?.hint).toMatch(/^Resume goes on/))
    expect([evaluations.job.hasFailed, session.jobs.current]).toEqual([true, null])
  })

  it('is measured again while it runs, with each eighth of its answers, and not before it was', async () => {
    const { line, session } = await opened()
    const { evaluations } = session
    session.accept(stateOf({ revision: 2, running: ['evaluation'] }))
    await show(line, session, view({ id: 'first' }), 'first')
    const shownTimes = line.of('evaluations.get').length
    const events = await line.stream<EvaluationEvent>('evaluations.watch', 0)
    const at = (samplesDone: number): EvaluationEvent => ({
      ...{ type: 'progress', evaluationId: 'first' },
      progress: { ...progress, samplesDone }
    })
    await events.tell(at(15), at(16), at(40))
    expect(line.of('evaluations.get')).toHaveLength(shownTimes + 1)
    await line.answer('evaluations.get', shownTimes, view({ id: 'first', notices: ['of 16'] }))
    expect(evaluations.shownView?.run.notices).toEqual(['of 16'])
    await events.tell(at(41))
    expect(line.of('evaluations.get')).toHaveLength(shownTimes + 2)
    // Another one that is looked at meanwhile stays as it is.
    await show(line, session, view({ id: 'other' }), 'other')
    await events.tell(at(120))
    expect(line.of('evaluations.get')).toHaveLength(shownTimes + 3)
    await waitFor(() => expect(evaluations.live?.progress.samplesDone).toBe(120))
  })

  it('says with what variants are being compared until they are', async () => {
    const { line, session } = await opened()
    const { evaluations } = session
    await show(line, session, view({ id: 'first' }), 'first')
    void evaluations.compareWith('base')
    await settled()
    expect(evaluations.comparing).toBe('base')
    void evaluations.compareWith('post')
    await settled()
    expect(evaluations.comparing).toBe('post')
    await line.answer('evaluations.get', 2, view({ id: 'first' }))
    expect(evaluations.comparing).toBeNull()
  })

  it('is compared as the user chose when it is read again meanwhile, as at the end of judging', async () => {
    const { line, session } = await opened()
    const { evaluations } = session
    await show(line, session, view({ id: 'first' }), 'first')
    void evaluations.compareWith('base')
    await settled()
    void evaluations.judged('first')
    await settled()
    expect(line.call('evaluations.get', 2).input).toMatchObject({ against: 'base' })
    expect(evaluations.comparing).toBe('base')
    const { run, ...rest } = view({ id: 'first' })
    await line.answer('evaluations.get', 2, {
      ...rest,
      run,
      results: { ...rest.results, comparedWith: 'base' }
    })
    expect([evaluations.comparing, evaluations.shownView?.results.comparedWith]).toEqual([null, 'base'])
  })

  it('is shown by default when it has all its answers, although a later one was stopped', async () => {
    const stopped = { ...summary('stopped'), answerCount: 1 }
    const { line, session, evaluations } = await openSession(stateOf({ evaluations: [stopped, summary('whole')] }))
    void evaluations.attach(null)
    await line.answer('evaluations.tasks', 0, [{ task: TASK, origin: 'project' }])
    expect(line.call('evaluations.get', 0).input).toMatchObject({ evaluationId: 'whole' })
    await line.answer('evaluations.get', 0, view({ id: 'whole' }))
    expect([evaluations.newest, evaluations.current]).toEqual(['whole', 'whole'])
    // One that runs is shown as it comes.
    const running = { ...summary('running'), answerCount: 0 }
    session.accept(
      stateOf({
        revision: 2,
        evaluations: [running, stopped, summary('whole')],
        running: ['evaluation']
      })
    )
    expect(evaluations.newest).toBe('running')
  })

  it('drops the reason of a failure once another one runs that this window has not started', async () => {
    const { line, session } = await opened()
    const { evaluations } = session
    const over = new Stream<EvaluationEvent>()
    session.accept(stateOf({ revision: 2, running: ['evaluation'] }))
    await line.answer('evaluations.watch', 0, over)
    await over.tell({
      type: 'failed',
      problem: { code: 'engine-lost', message: 'It died.', hint: 'Run again.' }
    })
    await over.over()
    await line.answer('projects.open', 0, stateOf({ revision: 3 }))
    await waitFor(() => expect(evaluations.busy).toBe(false))
    expect(evaluations.failure?.message).toBe('It died.')

    // As the queue's Try again does.
    session.accept(stateOf({ revision: 4, running: ['evaluation'] }))
    await settled()
    expect(line.of('evaluations.watch')).toHaveLength(2)
    const again = await line.stream<EvaluationEvent>('evaluations.watch', 1)
    await again.tell({ type: 'progress', evaluationId: 'first', progress })
    expect(evaluations.failure).toBeNull()
  })

  it('is read again while another program continues it, and makes room where it is deleted', async () => {
    const running = (revision: number): ProjectState =>
      stateOf({ revision, evaluations: [summary('first')], readOnly: 'A study runs.', writer: 'writes' })
    const { line, session } = await opened()
    const { evaluations } = session
    session.accept(running(2))
    await line.answer('evaluations.get', 0, { ...view({ id: 'first' }), answered: false, complete: false })
    session.accept(running(3))
    await settled()
    expect(line.of('evaluations.get')).toHaveLength(2)
    await line.answer('evaluations.get', 1, view({ id: 'first' }))
    session.accept(stateOf({ revision: 4 }))
    expect([evaluations.shownView, evaluations.inspected]).toEqual([null, null])
  })

  it('is compared with another of its variants, and stays looked into when it is read again', async () => {
    const { line, session } = await opened()
    const { evaluations } = session
    await evaluations.compareWith('base')
    await evaluations.inspect(0)
    expect(line.of('evaluations.get')).toEqual([])
    await show(line, session, view({ id: 'first' }), 'first')
    void evaluations.inspect(1)
    await line.answer('evaluations.prompt', 0, { samples: [], scores: null, meanings: [] })
    void evaluations.compareWith('base')
    await settled()
    expect(line.call('evaluations.get', 1).input).toMatchObject({ evaluationId: 'first', against: 'base' })
    await line.answer('evaluations.get', 1, view({ id: 'first' }))
    expect(line.call('evaluations.prompt', 1).input).toMatchObject({ prompt: 1 })
    await line.answer('evaluations.prompt', 1, { samples: [], scores: null, meanings: [] })
    expect(evaluations.inspected?.prompt).toBe(1)
  })
})

describe('what post fails', () => {
  it('has its axes in the address until they are the main measures, also before it is read', async () => {
    const { line, session } = await opened()
    const { evaluations } = session
    const axes = () => session.lookOf('evaluate').axes
    await show(line, session, view({}, ['wordDistance', 'selfBleu', 'logLikelihoodPost', 'words']), 'run-1')
    expect(axes()).toBeNull()
    const main = [evaluations.diversity, evaluations.quality]
    session.evaluations.quality = 'words'
    const chosen = axes()
    expect(chosen).toBe(`${main[0]} words`)
    evaluations.applyAxes(null)
    expect([evaluations.diversity, evaluations.quality, axes()]).toEqual([...main, null])
    evaluations.applyAxes(chosen)
    expect(evaluations.quality).toBe('words')
    evaluations.applyAxes('taste judge words')
    expect(axes()).toBeNull()
  })

  it('is sampled greedily, for a task that lists right answers, and kept as a task', async () => {
    const { line, session } = await opened()
    const { evaluations } = session
    expect(evaluations.noFailures).toBe('The task lists no right answers.')
    await evaluations.startGreedyEvaluation()
    evaluations.setup.edit({ taskId: 'questions' })
    expect(evaluations.noFailures).toBeNull()
    void evaluations.startGreedyEvaluation()
    await settled()
    expect(line.of('evaluations.start').map(({ input }) => input)).toMatchObject([
      {
        task: { id: 'questions', settings: { sampleCount: 1, sampling: GREEDY_SAMPLING } },
        variants: [{ variant: { kind: 'post' } }]
      }
    ])

    const failed: Task = taskFixture({
      id: 'failed',
      chosen: {
        by: 'greedy-failures',
        from: 'Questions',
        judged: 2,
        failed: 1,
        post: 'post',
        evaluationId: 'greedy',
        createdAt: '2026-01-02T03:04:05.000Z'
      }
    })
    void evaluations.saveFailuresAsTask('greedy')
    await settled()
    expect(evaluations.failures.keeping).toBe(true)
    await evaluations.saveFailuresAsTask('greedy')
    await line.answer('evaluations.saveFailures', 0, {
      taskId: 'failed',
      tasks: [{ task: failed, origin: 'project' }]
    })
    expect(line.of('evaluations.saveFailures')).toHaveLength(1)
    expect(evaluations.setup.task?.id).toBe('failed')
    expect(evaluations.failures.taskOf('greedy')?.id).toBe('failed')
    expect(evaluations.failures.taskOf('other')).toBeNull()
    expect(whyNoFailures(failed)).toBe('This task already has only failed prompts.')
    expect(whyNoFailures(null)).toBe('Choose a task.')
    void evaluations.saveFailuresAsTask('greedy')
    await line.refuse('evaluations.saveFailures', 1, new Error('The disk is full.'))
    expect(evaluations.failures.keeping).toBe(false)
  })

  it('is described only for a finished run of post’s greedy answers', () => {
    const found = (accuracies: readonly number[], changes: Partial<EvaluationView> = {}): unknown =>
      foundFailures({
        run: evaluationRun({
          task: { ...ASKED, settings: { ...ASKED.settings, sampling: GREEDY_SAMPLING, sampleCount: 1 } },
          variants: [{ variant: { kind: 'post', name: 'post' } }]
        }),
        results: {
          ...BARE_RESULTS,
          cells: accuracies.map((accuracy) => [{ accuracy }])
        },
        judging: [],
        notices: [],
        answered: true,
        complete: true,
        ...changes
      })
    expect(found([1, 0, 0])).toEqual({
      words: "Post's greedy answers miss the right one on 2 of 3 prompts.",
      count: 2
    })
    expect(found([1, 1])).toEqual({
      words: "Post's greedy answers to all 2 prompts are right: none is left to evaluate.",
      count: 0
    })
    expect(found([0], { answered: false, complete: false })).toBeNull()
    expect(found([0], { run: evaluationRun() })).toBeNull()
  })
})

describe('a judge', () => {
  const settings: JudgeSettings = {
    ...DEFAULT_JUDGE,
    baseUrl: 'http://127.0.0.1:1/v1',
    model: 'judge',
    rubric: 'Good?'
  }
  const counts = { done: 2, total: 6, unreadable: 0 }

  it('marks answers without those that it knows, and puts its marks on the axis when they are the first', async () => {
    const { line, session } = await opened()
    const { evaluations } = session
    const { judging } = evaluations
    await show(line, session, view({ id: 'first' }, ['distinctRight']), 'first')
    void judging.start('first', settings, 'key')
    await settled()
    expect(line.call('evaluations.judge', 0).input).toMatchObject({ evaluationId: 'first', apiKey: 'key' })
    const events = await line.stream<JudgeEvent>('evaluations.judge', 0)
    await events.tell({ type: 'progress', progress: counts })
    expect([judging.knownCount, judging.secondsLeft]).toEqual([2, null])
    await events.tell({ type: 'progress', progress: { ...counts, done: 3 } })
    expect(judging.secondsLeft).not.toBeNull()
    expect(session.jobs.current?.progress).toMatchObject({ name: 'Judging', share: 0.5 })
    await judging.start('first', settings, '')
    expect(line.of('evaluations.judge')).toHaveLength(1)
    await events.tell({ type: 'finished', progress: { ...counts, done: 6 } })
    await events.over()
    await line.answer('evaluations.get', 1, view({ id: 'first' }, ['distinctRight', 'judge']))
    expect(judging.outcome).toEqual({ progress: { ...counts, done: 6 }, knownCount: 2 })
    // The dialog begins with them, also if the judge never replied.
    expect(judging.lastTried).toEqual({ evaluationId: 'first', settings })
    expect([judging.counts, evaluations.quality]).toEqual([null, 'judge'])
  })

  it('of another window has its marks fetched at its end', async () => {
    const { line, session } = await opened()
    await show(line, session, view({ id: 'first' }), 'first')
    session.accept(stateOf({ revision: 2, running: ['judging'] }))
    session.accept(stateOf({ revision: 3 }))
    await settled()
    expect(line.of('evaluations.get')).toHaveLength(2)
  })
})

describe('a task as text', () => {
  it('equals its export, and is copied under a new id', () => {
    expect(parseTask(JSON.stringify(TASK))).toEqual({ task: TASK })
    expect(taskCopy(TASK, ['task-1', 'task-1-copy'])).toMatchObject({
      name: 'A task (copy)',
      prompts: TASK.prompts
    })
    expect(taskCopy(TASK, ['task-1-copy']).id).not.toBe('task-1-copy')
  })

  it('names the fields that are wrong, and no more than can be read at once', () => {
    expect(parseTask('{')).toMatchObject({ problems: [expect.stringMatching(/^This is not JSON: /)] })
    expect(parseTask(JSON.stringify({ ...TASK, name: undefined }))).toMatchObject({
      problems: [expect.stringMatching(/^name: is missing; expected a text/)]
    })
    expect(parseTask(JSON.stringify({ ...TASK, id: 'My task' }))).toEqual({
      problems: ['id: expected 1 to 64 lower-case letters, digits and hyphens']
    })
    const patterns = { reading: { kind: 'pattern', pattern: '(' }, rightPattern: '[', checks: { pattern: '*' } }
    expect(parseTask(JSON.stringify({ ...TASK, ...patterns }))).toEqual({
      problems: [/^reading\.pattern: .*\//, /^rightPattern: .*\//, /^checks\.pattern: .*\//].map((field) =>
        expect.stringMatching(field)
      )
    })
    const prompts = Array.from({ length: 12 }, () => ({ ...TASK.prompts[0], text: '' }))
    const parsed = parseTask(JSON.stringify({ ...TASK, prompts }))
    expect('problems' in parsed && parsed.problems).toHaveLength(9)
    expect('problems' in parsed && parsed.problems.at(0)).toMatch(/^prompts\[0\]\.text: /)
    expect('problems' in parsed && parsed.problems.at(-1)).toBe('and 4 more')
  })
})
