import type { RankEvent } from '../../../../src/contract/documents/rank-table'
import type { ServingEvent } from '../../../../src/contract/procedures/served-models'
import { describe, expect, it, vi } from 'vitest'
import type { Selection, SweepDocument } from '../../../../src/contract/documents/crc'
import type { EvaluationSummary } from '../../../../src/contract/documents/evaluation'
import type { ProjectState, SweepSummary } from '../../../../src/contract/documents/project'
import { briefScoring } from '../../../../src/contract/documents/scored-by'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { elementAt } from '../../../../src/contract/model/look-up'
import type { RestorationRange } from '../../../../src/contract/model/recipe'
import { resourcePath } from '../../../../src/main/base/resources'
import { inspectPair } from '../../../../src/main/checkpoint/pair'
import { BackgroundJob } from '../../../../src/renderer/app/background-job.svelte'
import { evaluationRun } from '../../../fixtures/evaluation-documents'
import { TYPED } from '../../../../src/renderer/export/exports.svelte'
import { summarizeEvaluation } from '../../../../src/main/project/documents/evaluation-files'
import { summarizeSweep } from '../../../../src/main/project/documents/sweep-files'
import { DEFAULT_LOOK } from '../../../../src/renderer/app/place'
import { OfferedVariants } from '../../../../src/renderer/recipes/offered-variants.svelte'
import { ProjectDraft } from '../../../../src/renderer/models/start/start.svelte'
import { GREEDY_SETTINGS } from '../../../fixtures/few-answers'
import { Later } from '../../../fixtures/later'
import { KEPT_AT, NOT_SCORED, PROMPTS, sweepFixture } from '../../../fixtures/project-documents'
import { historyRun } from '../../../fixtures/run-computation'
import { sweepSummary } from '../../../fixtures/sweep-summary'
import { tinyCheck, tinySearch, tinyTaskSweep } from '../../../fixtures/tiny-sweep'
import {
  PAIR_REPORT,
  projectState,
  ScriptedLine,
  showSweep,
  settled,
  openSession
} from '../../../fixtures/scripted-line'
import { selectionOf } from '../../../fixtures/verdict-evidence'
import { waitFor } from '../../../fixtures/wait-for'

const selection = (selected: RestorationRange, rho = 0.9): Selection => ({ ...selectionOf(selected, []), rho })

/** A sweep as it is saved, with a range selected in it. */
const sweep = (id: string, selected: RestorationRange): SweepDocument => ({
  ...sweepFixture({ id }),
  selection: selection(selected)
})

const FIRST = sweep('first', { start: 0, end: 0 })
const SECOND = sweep('second', { start: 1, end: 1 })

/** The export of what was typed, of the demo, into a folder. */
async function exporting(typed: string, parent: string) {
  const line = new ScriptedLine()
  const pair = await inspectPair(resourcePath('blend-pair', 'base'), resourcePath('blend-pair', 'post'))
  const { exports } = (await line.openProject(projectState({ pair }))).session
  exports.setTyped(typed)
  exports.setParent(parent)
  return { line, exports }
}

describe('the Ranges view', () => {
  it('shows the sweep that was chosen last, although it was read first', async () => {
    const { line, ranges } = await openSession()
    void ranges.show('first')
    void ranges.show('second')
    await settled()
    expect(ranges.opening).toBe('second')
    await line.answer('checks.get', 1, null)
    await line.answer('sweeps.get', 1, SECOND)
    await line.answer('checks.get', 0, null)
    await line.answer('sweeps.get', 0, FIRST)
    expect(ranges.sweep?.id).toBe('second')
    expect(ranges.opening).toBeNull()
    expect(ranges.choices.chosen).toBe('1-1')
  })

  it('shows the place of an address, and requests only the prompt scores of what is shown', async () => {
    const { line, session, ranges } = await openSession()
    await showSweep(line, { ranges }, FIRST)
    expect(line.call('sweeps.scores', 0).input).toMatchObject({ sweepId: 'first', model: '0-0' })
    expect(session.lookOf('ranges')).toEqual(DEFAULT_LOOK)

    ranges.choices.applyPlace({ model: '0-1', metric: 'gain', against: null, tab: null })
    await settled()
    expect([ranges.choices.chosen, ranges.choices.metric]).toEqual(['0-1', 'gain'])
    expect(session.lookOf('ranges')).toEqual({ ...DEFAULT_LOOK, model: '0-1', metric: 'gain' })
    expect(session.lookOf('models')).toEqual(DEFAULT_LOOK)
    expect(line.call('sweeps.scores', 0).signal?.aborted).toBe(true)
    expect(ranges.choices.detail.shown).toBeNull()
    await line.answer('sweeps.scores', 1, [])
    expect(ranges.choices.detail.shown).toEqual({ sweepId: 'first', model: '0-1', prompts: [] })

    // For a model of another sweep or an unknown metric, the selected range and diversity are shown.
    ranges.choices.applyPlace({ model: '7-9', metric: 'taste', against: null, tab: null })
    expect([ranges.choices.chosen, ranges.choices.metric]).toEqual(['0-0', 'diversity'])
  })

  it('makes inspected or measured ranges a place for Back, but not pointed ones', async () => {
    const line = new ScriptedLine()
    const { session, workbench } = await line.openProject(projectState({ sweeps: [summarizeSweep(FIRST, null)] }))
    const { ranges } = session
    const location = { hash: '' }
    const pushed: (string | null)[] = []
    const pushState = (_data: null, _unused: string, hash: string): void => {
      location.hash = hash
      pushed.push(new URLSearchParams(hash.slice(1)).get('model'))
    }
    vi.stubGlobal('window', { location, history: { pushState } })
    workbench.go('ranges')
    await showSweep(line, { ranges }, FIRST)
    ranges.choices.hover('0-1')
    ranges.choices.inspect('0-1')
    ranges.choices.inspect('0-1')
    ranges.choices.inspect('1-1')
    ranges.choices.measure('gain')
    ranges.choices.hover(null)
    vi.unstubAllGlobals()
    expect(pushed).toEqual([null, '0-1', '1-1', '1-1'])
    expect(location.hash).toMatch(/model=1-1&metric=gain$/)
  })

  it('does not take a selection in one sweep for one in another', async () => {
    const { line, ranges } = await openSession()
    await showSweep(line, { ranges }, FIRST)
    ranges.limit(0.8)
    await waitFor(() => expect(line.of('sweeps.select')).toHaveLength(1))
    // Where the second sweep was saved, so that nothing has to be selected in it.
    ranges.limited.rho = 0.9
    void ranges.show('second')
    await line.answer('checks.get', 1, null)
    await line.answer('sweeps.get', 1, SECOND)
    await line.answer('sweeps.select', 0, selection({ start: 0, end: 1 }, 0.8))
    expect(ranges.selection?.selected).toEqual({ start: 1, end: 1 })
    expect(ranges.selecting).toBe(false)
  })

  it('ignores answers after its project was left', async () => {
    const { line, workbench, ranges } = await openSession()
    void ranges.show('first')
    await settled()
    void workbench.leave()
    await settled()
    expect(line.call('sweeps.get', 0).signal?.aborted).toBe(true)
    expect(line.of('projects.close')).toHaveLength(1)
    await line.refuse('checks.get', 0, new Error('The project is closed.'))
    expect([workbench.session, workbench.complaints]).toEqual([null, []])
  })
})

describe('the Evaluate view', () => {
  const view = (id: string) => ({ run: evaluationRun({ id }), results: { variants: [] }, complete: true })

  const showingFirst = async () => {
    const { line, evaluations } = await openSession()
    void evaluations.show('first')
    await line.answer('evaluations.get', 0, view('first'))
    return { line, evaluations }
  }

  it('shows the evaluation that was chosen last, and no prompt of another', async () => {
    const { line, evaluations } = await showingFirst()
    void evaluations.inspect(2)
    void evaluations.show('second')
    void evaluations.show('third')
    await settled()
    expect(evaluations.opening).toBe('third')
    await line.answer('evaluations.get', 2, view('third'))
    await line.answer('evaluations.get', 1, view('second'))
    await line.answer('evaluations.prompt', 0, { samples: [], scores: null })
    expect(evaluations.shownView?.run.id).toBe('third')
    expect(evaluations.inspected).toBeNull()
  })

  const summary = (id: string): EvaluationSummary => summarizeEvaluation(evaluationRun({ id }), 24)

  it('runs nothing before it knows the task of the last evaluation', async () => {
    const line = new ScriptedLine()
    const state = projectState({ evaluations: [summary('last')] })
    const { evaluations } = (await line.openProject(state)).session
    const { setup } = evaluations
    void evaluations.attach(null)
    await line.answer('evaluations.tasks', 0, [{ task: evaluationRun().task, origin: 'project' }])
    expect([setup.ready, setup.incomplete]).toEqual([false, 'The last evaluation is being read.'])
    expect([setup.task, setup.size]).toEqual([null, ''])
    const last = evaluationRun({ variants: [{ variant: { kind: 'base', name: 'base' } }] })
    await line.answer('evaluations.get', 0, { run: last, results: { variants: [] }, complete: true })
    expect([setup.ready, setup.incomplete, setup.task?.id]).toEqual([true, null, last.task.id])
    expect(setup.variants.map(({ variant }) => variant.name)).toEqual(['base', 'post'])
  })

  it('shows an evaluation that ended while the connection was lost, in place of the one before', async () => {
    const { line, session, evaluations } = await openSession()
    const adopted = async (place: number, ids: readonly string[]): Promise<void> => {
      session.accept(projectState({ evaluations: ids.map(summary) }))
      void evaluations.attach(null)
      await line.answer('evaluations.tasks', place, [])
    }
    await adopted(0, ['first'])
    await line.answer('evaluations.get', 0, view('first'))
    await adopted(1, ['second', 'first'])
    await line.answer('evaluations.get', 1, view('second'))
    expect(evaluations.shownView?.run.id).toBe('second')
    // One that the user left for an older one is no news.
    void evaluations.show('first')
    await line.answer('evaluations.get', 2, view('first'))
    await adopted(2, ['second', 'first'])
    expect(line.of('evaluations.get')).toHaveLength(3)
  })

  it('takes axes that were measured once there are answers, and keeps those that were chosen', async () => {
    const { line, evaluations } = await openSession()
    const shown = async (place: number, measured: readonly string[]): Promise<void> => {
      void evaluations.show('first')
      await settled()
      const measures = Object.fromEntries(measured.map((id) => [id, {}]))
      await line.answer('evaluations.get', place, {
        run: evaluationRun({ id: 'first' }),
        results: { variants: [{ measures }] },
        complete: true
      })
    }
    await shown(0, [])
    const measured = ['cosineDistance', 'formatKept', 'repetition']
    await shown(1, measured)
    expect([evaluations.diversity, evaluations.quality]).toEqual(['cosineDistance', 'formatKept'])
    evaluations.quality = 'repetition'
    await shown(2, measured)
    expect(evaluations.quality).toBe('repetition')
  })

  it('shows the answers to the prompt that was picked last', async () => {
    const { line, evaluations } = await showingFirst()
    void evaluations.inspect(0)
    void evaluations.inspect(1)
    await line.answer('evaluations.prompt', 1, { samples: [], scores: null })
    await line.answer('evaluations.prompt', 0, { samples: [], scores: null })
    expect(evaluations.inspected?.prompt).toBe(1)
  })
})

describe('a new project', () => {
  it('cannot be created before both folders are known to hold models that fit together', async () => {
    const line = new ScriptedLine()
    const draft = new ProjectDraft(await line.openWindow())
    expect(draft.blocked).toBe('Choose the folders of both models.')
    draft.base = '/models/base'
    draft.post = '/models/post'
    draft.folder = '/projects'
    void draft.inspect()
    await settled()
    expect(draft.blocked).toBe('Reading both…')
    await line.refuse('pair.inspect', 0, new Error('There is no folder /models/post.'))
    expect(draft.problem?.message).toBe('There is no folder /models/post.')
    expect(draft.blocked).toBe('The models cannot be read; see above.')
    void draft.inspect()
    await line.answer('pair.inspect', 1, { compatible: false })
    expect(draft.blocked).toBe('The models do not fit together; see above.')
    void draft.inspect()
    await line.answer('pair.inspect', 2, { compatible: true })
    expect(draft.blocked).toBeNull()
  })

  it('reports at once an error of one folder, and asks whether the two are exchanged', async () => {
    const line = new ScriptedLine()
    const draft = new ProjectDraft(await line.openWindow())
    draft.base = '/models/Wrong-7B-Instruct'
    void draft.inspect()
    await settled()
    expect(line.call('pair.inspect', 0).input).toEqual({ base: draft.base, post: draft.base })
    await line.refuse('pair.inspect', 0, new Error('There is no folder /models/Wrong-7B-Instruct.'))
    expect(draft.problem?.message).toBe('There is no folder /models/Wrong-7B-Instruct.')
    expect(draft.blocked).toBe('The models cannot be read; see above.')
    draft.base = '/models/Llama-8B-Instruct'
    void draft.inspect()
    await line.answer('pair.inspect', 1, { compatible: true })
    expect([draft.report, draft.blocked, draft.looksExchanged]).toEqual([
      null,
      'Choose the folders of both models.',
      false
    ])
    draft.post = '/models/Llama-8B'
    expect(draft.looksExchanged).toBe(true)
    void draft.exchange()
    await settled()
    expect([draft.base, draft.post, draft.looksExchanged]).toEqual([
      '/models/Llama-8B',
      '/models/Llama-8B-Instruct',
      false
    ])
  })

  it('drops the error of folders that were chosen before', async () => {
    const line = new ScriptedLine()
    const draft = new ProjectDraft(await line.openWindow())
    draft.base = '/models/base'
    draft.post = '/models/wrong'
    void draft.inspect()
    draft.post = '/models/post'
    void draft.inspect()
    await line.answer('pair.inspect', 1, { compatible: true })
    await line.refuse('pair.inspect', 0, new Error('There is no folder /models/wrong.'))
    expect(draft.problem).toBeNull()
    expect(draft.report?.compatible).toBe(true)
  })
})

describe('the Export view', () => {
  it('names a new folder after a single folder', async () => {
    const { session } = await openSession(projectState({ sweeps: [] }))
    const { exports } = session
    exports.setParent('/models')
    for (const name of ['../../x', 'a\\b', '..', 'a/b', 'con', 'Nul.bin']) {
      exports.setName(name)
      expect([exports.nameProblem === null, exports.target], name).toEqual([false, null])
    }
    exports.setName('..')
    expect(exports.nameProblem).toMatch(/^Name one folder/)
    exports.setName('..x')
    expect(exports.target).toBe('/models/..x')
  })

  it('stays at the recipe that the user chose, whatever is selected, renamed or removed since', async () => {
    const line = new ScriptedLine()
    const recipe = { name: 'mine', ranges: [[0, 1] satisfies [number, number]] }
    const kept = { id: 'mine-1', mark: 0, recipe, keptAt: KEPT_AT, ...NOT_SCORED }
    const state = (selected: RestorationRange, recipes: (typeof kept)[]): ProjectState => {
      const project = projectState({ sweeps: [summarizeSweep({ ...FIRST, selected }, null)] })
      return { ...project, document: { ...project.document, recipes } }
    }
    const { session } = await line.openProject(state({ start: 0, end: 0 }, [kept]))
    const { exports } = session
    const chosen = (): string => (exports.chosen === TYPED ? 'typed' : exports.chosen.variant.name)
    // Without a choice, the export follows the sweep.
    session.accept(state({ start: 1, end: 1 }, [kept]))
    expect(chosen()).toBe('Layer 1')
    const [selected] = exports.choices
    if (selected === undefined) throw new Error('nothing is offered')
    exports.choose(selected)
    session.accept(state({ start: 0, end: 0 }, [kept]))
    expect(chosen()).toBe('Layer 1')
    expect(exports.recipe).toEqual({ name: 'Layer 1', ranges: [[1, 1]] })
    expect(exports.choices.map(({ origin }) => origin)).toEqual([
      'selected by the sweep',
      'kept recipe',
      'was selected when you chose it'
    ])
    exports.chooseKept('mine-1')
    session.accept(state({ start: 0, end: 0 }, [{ ...kept, recipe: { ...recipe, name: 'renamed' } }]))
    expect(chosen()).toBe('renamed')
    session.accept(state({ start: 0, end: 0 }, []))
    expect(chosen()).toBe('mine')
    expect(exports.choices.at(-1)?.origin).toBe('not kept any more')
  })

  it('shows the ranks that another window scored, and keeps the form of an adapter for the next page', async () => {
    const { line, session } = await openSession()
    const { exports } = session
    exports.setForm('adapter')
    exports.choose(TYPED)
    exports.setTyped('1')
    const score = { validity: 0.9, diversity: 0.8 }
    const table = {
      recipe: 'x',
      promptCount: 1,
      post: score,
      complete: score,
      fullRank: 8,
      ranks: [],
      notes: []
    }
    void exports.ranks.follow()
    const scored = await line.stream<RankEvent>('ranks.watch', 0)
    await scored.tell({ type: 'finished', recipe: { name: 'x', ranges: [[1, 1]] }, table })
    await scored.over()
    expect(exports.rankTable).toEqual(table)
    exports.setTyped('0')
    expect(exports.rankTable).toBeNull()
    expect((await openSession()).session.exports.form).toBe('adapter')
  })

  it('shows an export whose end another window saw before this page was loaded', async () => {
    const { line, session } = await openSession()
    const result = { path: '/models/mine', files: ['config.json'], bytes: 8, seconds: 1 }
    session.attach({ ...DEFAULT_LOOK, view: 'export', shown: null })
    await line.answer('exports.last', 0, result)
    expect(session.exports.result).toEqual(result)

    session.exports.dismissResult()
    const reloaded = await openSession()
    reloaded.session.attach({ ...DEFAULT_LOOK, view: 'export', shown: null })
    await reloaded.line.answer('exports.last', 0, result)
    expect(reloaded.session.exports.result).toBeNull()
  })

  it('promises that the model card carries a warning only where a card is written', async () => {
    const { exports } = await exporting('3-7', '/models')
    const promising = (['model', 'adapter', 'server'] as const).filter((form) => {
      exports.setForm(form)
      return exports.doubtHint.includes('The model card carries')
    })
    expect(promising).toEqual(['model', 'adapter'])
  })

  it('serves the recipe on the port, and follows the server to its end', async () => {
    const { line, exports } = await exporting('3-7', '/models')
    exports.setForm('server')
    await exports.replan()
    expect([exports.blocked, exports.plan, line.of('exports.plan')]).toEqual([null, null, []])
    exports.port = 8001
    void exports.start()
    await waitFor(() => expect(line.of('serving.start')).toHaveLength(1))
    const recipe = { name: 'Layers 3-7', ranges: [[3, 7]] }
    expect(line.call('serving.start', 0).input).toMatchObject({ recipe, port: 8001 })
    await line.answer('serving.start', 0, undefined)
    const events = await line.stream<ServingEvent>('serving.watch', 0)
    expect(exports.blocked).toBe('The server is running.')
    void exports.serving.cancel()
    await line.answer('serving.cancel', 0, undefined)
    await events.tell({ type: 'cancelled' })
    await events.over()
    await waitFor(() => expect(exports.serving.busy).toBe(false))
    expect([exports.serving.failure, exports.blocked]).toEqual([null, null])
  })

  it('still offers the range that was checked on the character task, while the newest sweep is by a task', async () => {
    const line = new ScriptedLine()
    const scoredBy = briefScoring(tinyTaskSweep().scoredBy)
    const range = (layer: number): RestorationRange => ({ start: layer, end: layer })
    const newest = sweepSummary('task', { scoredBy, selected: range(1) })
    const checked = { selected: range(0), bestAnswers: { validity: 0.9, diversity: 0.8 } }
    const offeredBy = async (...sweeps: SweepSummary[]): Promise<[string, string][]> => {
      const { session } = await line.openProject(projectState({ sweeps }))
      // It is no default variant of evaluations.
      const { choices } = new OfferedVariants(session, session.ranges)
      expect(choices.some(({ origin }) => origin === 'selected by the character task')).toBe(false)
      return session.exports.choices.map(({ variant, origin }) => [variant.name, origin])
    }
    const own: [string, string] = ['Layer 1', 'selected by the sweep']
    expect(await offeredBy(newest, sweepSummary('tiny', checked))).toEqual([
      own,
      ['Layer 0', 'selected by the character task']
    ])
    expect(await offeredBy(newest, sweepSummary('tiny', { ...checked, selected: range(1) }))).toEqual([own])
    expect(await offeredBy(newest, sweepSummary('tiny', { ...checked, bestAnswers: null }))).toEqual([own])
  })

  it('explains why there is no plan of the typed settings', async () => {
    const { line, exports } = await exporting('3-99', '/models')
    const planned = exports.replan()
    await waitFor(() => expect(line.of('exports.plan')).toHaveLength(1))
    expect(exports.blocked).toBe('Reading the models…')
    line.call('exports.plan', 0).answer.reject(new Error('The model has no layer 99.'))
    await planned
    expect(exports.blocked).toBe('The model has no layer 99.')
  })

  it('plans no export beside a running one', async () => {
    const { line, exports } = await exporting('3-7', '/models')
    exports.job.starting = true
    void exports.replan()
    await settled()
    expect(exports.planning).toBe(false)
    exports.job.starting = false
    void exports.replan()
    await waitFor(() => expect(line.of('exports.plan')).toHaveLength(1))
  })

  it('replaces a model only on request', async () => {
    const { line, exports } = await exporting('3-7', '/models')
    void exports.replan()
    await waitFor(() => expect(line.of('exports.plan')).toHaveLength(1))
    await line.answer('exports.plan', 0, { targetProblem: null, target: { exists: true } })
    await exports.start()
    expect([exports.blocked, line.of('exports.start')]).toEqual(['The folder has a model already.', []])
    exports.overwrite = true
    expect(exports.blocked).toBeNull()
  })

  it('says why an export failed until something else is to be exported, whatever is planned meanwhile', async () => {
    const { line, exports } = await exporting('3-7', '/gone')
    const plan = { targetProblem: null, target: { exists: false } }
    void exports.replan()
    await waitFor(() => expect(line.of('exports.plan')).toHaveLength(1))
    await line.answer('exports.plan', 0, plan)
    void exports.start()
    await line.refuse('exports.start', 0, new Error('The folder is gone.'))
    expect(exports.job.failure?.message).toBe('The folder is gone.')
    void exports.replan()
    await waitFor(() => expect(line.of('exports.plan')).toHaveLength(2))
    await line.answer('exports.plan', 1, plan)
    expect(exports.job.failure?.message).toBe('The folder is gone.')
    exports.setParent('/there')
    expect(exports.job.failure).toBeNull()
  })
})

describe('a job', () => {
  it('that holds the engine is reported, and keeps every other job of the engine from starting', async () => {
    const line = new ScriptedLine()
    const state = projectState()
    const { session } = await line.openProject(state)
    const pair = await inspectPair(resourcePath('blend-pair', 'base'), resourcePath('blend-pair', 'post'))
    session.accept({ ...state, readOnly: null, pair })
    const { ranges, samples, evaluations, distances } = session
    expect([samples.blocked, evaluations.blocked, session.whyNot('sweep')]).toEqual([null, null, null])
    distances.job.live = { bytesDone: 1, bytesTotal: 4, bytesPerSecond: null, secondsLeft: 3 }
    expect(session.jobs.current?.progress).toEqual({ name: 'Comparison', share: 0.25, secondsLeft: 3 })
    expect(samples.blocked).toBeNull()
    ranges.search.job.starting = true
    expect(samples.blocked).toBe('A search is running; generate when that is done.')
    expect(evaluations.blocked).toBe('A search is running; evaluate when that is done.')
    ranges.search.job.starting = false
    samples.job.starting = true
    expect(samples.blocked).toBe('Answers are being generated.')
    session.accept({
      ...state,
      readOnly: null,
      pair: { ...pair, post: { ...pair.post, hasTokenizer: false } }
    })
    const untold = 'Post has no tokenizer.json, and prompts need one; see Models.'
    expect([samples.blocked, evaluations.blocked, session.whyNot('sweep')]).toEqual([untold, untold, untold])
  })

  it('keeps other jobs from starting as long as main reports it, although this window has seen its end', async () => {
    const { line, session } = await openSession(projectState({ pair: PAIR_REPORT }))
    session.accept({ ...session.state, running: ['sweep'] })
    await line.answer('sweeps.watch', 0, [{ type: 'cancelled' }])
    expect(session.ranges.busy).toBe(false)
    expect(session.whyNot('check')).toBe('A sweep is running; check when that is done.')
    session.accept({ ...session.state, running: ['answer check'] })
    expect(session.whyNot('check')).toBe('Full answers are being checked; check when that is done.')
    session.accept({ ...session.state, running: [] })
    expect(session.whyNot('check')).toBeNull()
  })

  it('can be cancelled again when cancelling failed', async () => {
    const { session, workbench } = await openSession()
    const end = new Later<void>()
    const cancel = vi.fn(() => Promise.reject(new Error('not now')))
    const job = new BackgroundJob<{ type: string }, { done: number }>(session, {
      kind: 'sweep',
      holdsEngine: null,
      describeProgress: ({ done }) => ({ name: 'Work', share: done, secondsLeft: null }),
      calls: () => ({
        cancel,
        watch: () =>
          Promise.resolve(
            (async function* () {
              yield { type: 'progress' }
              await end.promise
            })()
          )
      }),
      advance: () => ({ done: 1 }),
      draw: (live) => live,
      ended: () => undefined
    })
    const followed = job.follow()
    await waitFor(() => expect(job.live).not.toBeNull())
    await job.cancel()
    expect(job.cancelling).toBe(false)
    await waitFor(() => expect(workbench.complaints).not.toEqual([]))
    expect(workbench.complaints.map(({ message }) => message)).toEqual(['not now'])
    await job.cancel()
    expect(cancel).toHaveBeenCalledTimes(2)
    end.resolve()
    await followed
    vi.unstubAllGlobals()
  })
})

describe('a project that another window changes', () => {
  const before = projectState()
  const changed = (revision: number, changes: Partial<ProjectState> = {}): ProjectState =>
    projectState({ revision, ...changes })
  const [first, second] = PROMPTS
  const theirs = [first, { text: 'Theirs.', category: 'letter', valid: ['A', 'B'] }].flatMap((one) => one ?? [])

  async function openPrompts() {
    const { line, session } = await openSession(before)
    return { line, session }
  }

  /** Opened, and the first prompt edited. */
  async function editedPrompts() {
    const { line, session } = await openPrompts()
    const { prompts } = session
    const { id } = elementAt(prompts.drafts, 0, 'draft')
    const edit = (text: string): void => prompts.edit(id, { text })
    edit('Mine.')
    return { line, session, prompts, edit }
  }

  it('is shown with its new state, and never with an earlier one', async () => {
    const { session } = await openPrompts()
    session.accept(changed(3, { prompts: theirs }))
    expect(session.prompts.current()).toEqual(theirs)
    session.accept(changed(2, { prompts: PROMPTS }))
    expect(session.prompts.current()).toEqual(theirs)
  })

  it('says which prompt keeps the set from being saved, and leads there', async () => {
    const { session, workbench } = await openSession(before)
    const { prompts } = session
    workbench.view = 'ranges'
    prompts.edit(prompts.drafts[0]?.id ?? 0, { valid: '' })
    expect(session.unsaved?.why).toMatch(/^Prompts: prompt 1: .+\.$/)
    session.unsaved?.show?.()
    expect(workbench.view).toBe('prompts')
  })

  it('does not take an edit away that is not saved, and asks which to keep', async () => {
    const { line, session, prompts } = await editedPrompts()
    // It is about to be saved; from here on it waits for the user, and the page asks before it is left.
    expect(prompts.waits).toBe(false)
    session.accept(changed(2, { prompts: theirs }))
    expect(prompts.waits).toBe(true)
    expect(session.unsaved?.why).toBe('Prompts: changed in another window.')
    expect(prompts.drafts[0]?.text).toBe('Mine.')
    expect(prompts.buffer.conflict?.value).toEqual(theirs)
    await prompts.flush()
    expect(line.of('prompts.save')).toHaveLength(0)

    void prompts.buffer.keepMine()
    await settled()
    expect(line.call('prompts.save', 0).input).toMatchObject({
      seen: 2,
      prompts: [{ text: 'Mine.' }, second]
    })
    expect(prompts.buffer.conflict).toBeNull()
    expect(prompts.waits).toBe(false)
  })

  it('says of an edit that could not be saved that it is not, and saves it again', async () => {
    const { line, session, prompts } = await editedPrompts()
    void prompts.flush()
    await line.refuse('prompts.save', 0, new Error('Its folder is gone.'))
    expect(session.unsaved?.why).toBe('Prompts: could not be saved.')
    expect(prompts.drafts[0]?.text).toBe('Mine.')
    void prompts.flush()
    await line.answer('prompts.save', 1, changed(2, { prompts: prompts.current() }))
    await settled()
    expect([session.unsaved, prompts.buffer.dirty]).toEqual([null, false])
  })

  it('has the step started by its key only where its button could be pressed, and from no other step', async () => {
    const { line, session, workbench } = await openSession(before)
    for (const view of ['models', 'prompts', 'ranges', 'chat', 'next-token', 'evaluate', 'export'] as const) {
      workbench.view = view
      session.startJobOf(view)
      await settled()
      expect(workbench.view).toBe(view)
    }
    // The pair cannot be computed, which is why the button of Ranges is off.
    expect(session.whyNot('sweep')).not.toBeNull()
    expect(line.of('sweeps.start')).toHaveLength(0)

    session.accept(changed(2, { pair: PAIR_REPORT }))
    session.startJobOf('prompts')
    await settled()
    expect(line.of('sweeps.start')).toHaveLength(0)
    session.startJobOf('ranges')
    await settled()
    expect(line.of('sweeps.start')).toHaveLength(1)
  })

  it('is not called saved while the setup of samples waits, or after a write that failed', async () => {
    const { line, session } = await openSession(before)
    const { setup } = session.samples
    void setup.attach()
    await line.answer('samples.defaults', 0, GREEDY_SETTINGS)
    setup.edit({ maxTokens: 'many' })
    expect([session.isSaving, session.unsaved?.why]).toEqual([true, 'Sampler: some settings need attention.'])
    setup.edit({ maxTokens: '9' })
    expect(session.unsaved).toBeNull()
    void setup.buffer.flush()
    await line.refuse('pairs.update', 0, new WorkbenchError('read-only', 'The disk is full.'))
    expect(session.unsaved?.why).toBe('Sampler: could not be saved.')
    void setup.buffer.flush()
    await settled()
    const samples = { settings: { ...GREEDY_SETTINGS, maxTokens: 9 } }
    const { document } = before
    const stored = { document: { ...document, settings: { ...document.settings, samples } } }
    await line.answer('pairs.update', 1, changed(2, stored))
    expect([session.isSaving, session.unsaved]).toEqual([false, null])

    void session.attempt(() => session.recipes.keep({ name: 'Layer 0', ranges: [[0, 0]] }, null))
    await line.refuse('recipes.keep', 0, new WorkbenchError('read-only', 'The disk is full.'))
    expect([session.waits, session.unsaved?.why]).toEqual([false, 'The last change could not be written.'])
    void session.set('compute on the GPU', { settings: { device: 'webgpu' } })
    await line.answer('pairs.update', 2, changed(3, stored))
    expect(session.unsaved).toBeNull()
  })

  it('recognises its own change, in whichever order the answers arrive', async () => {
    const { line, session, prompts, edit } = await editedPrompts()
    const mine = prompts.current()
    void prompts.flush()
    await settled()
    expect(line.call('prompts.save', 0).input).toMatchObject({ seen: 1 })
    session.accept(changed(2, { prompts: mine }))
    await line.answer('prompts.save', 0, changed(2, { prompts: mine }))
    expect([prompts.buffer.conflict, prompts.buffer.dirty]).toEqual([null, false])
    // The next edit is made from what was saved.
    edit('Mine again.')
    void prompts.flush()
    await settled()
    expect(line.call('prompts.save', 1).input).toMatchObject({ seen: 2 })
    const again = prompts.current()
    await line.answer('prompts.save', 1, changed(3, { prompts: again }))
    expect([prompts.buffer.conflict, prompts.buffer.dirty]).toEqual([null, false])
  })

  it('is not asked to keep another limit of validity when it cannot be saved', async () => {
    const { line, ranges } = await openSession(projectState({ readOnly: 'It belongs to somebody else.' }))
    await showSweep(line, { ranges }, FIRST)
    ranges.limit(0.8)
    await waitFor(() => expect(line.of('sweeps.select')).toHaveLength(1))
    await settled()
    expect(line.of('pairs.update')).toHaveLength(0)
  })

  it('shows a limit that another window has set with its selection, and keeps the range that is being named', async () => {
    const { line, session, ranges } = await openSession(before)
    await showSweep(line, { ranges }, FIRST)
    const [rho, selected] = [ranges.rho, ranges.choices.chosen]
    expect(ranges.choices.chosen).toBe(ranges.selected)
    ranges.choices.namedModel = ranges.choices.chosen
    const document = { ...before.document, settings: { ...before.document.settings, rho: 0.5 } }
    session.accept(changed(2, { document }))
    await settled()
    expect([ranges.rho, ranges.selected, ranges.selecting]).toEqual([rho, selected, true])
    expect(line.call('sweeps.select', 0).input).toMatchObject({ rho: 0.5 })
    await line.answer('sweeps.select', 0, selection({ start: 1, end: 1 }))
    expect([ranges.rho, ranges.selected, ranges.choices.chosen]).toEqual([0.5, '1-1', selected])
  })

  it('notifies every window of a check, a search and a task that another one has saved', async () => {
    const { line, session, ranges, evaluations } = await openSession(before)
    await showSweep(line, { ranges }, FIRST)
    await line.answer('searches.get', 0, null)
    const saved = { ...before.saved, answerChecks: 1 }
    session.accept(changed(1, { saved }))
    await settled()
    const check = { ...tinyCheck([]), sweepId: 'first' }
    await line.answer('checks.get', 1, check)
    await line.answer('sweeps.select', 0, selection({ start: 1, end: 1 }))
    expect([ranges.check.document, ranges.selection?.selected]).toEqual([check, { start: 1, end: 1 }])
    const history = {
      runs: [historyRun({ kind: 'search', id: 'tiny-search', sweepId: 'first' })],
      deleted: []
    }
    session.accept(changed(1, { saved, history }))
    await settled()
    const search = { ...tinySearch({ name: 'found', ranges: [[1, 1]] }), sweepId: 'first' }
    await line.answer('searches.get', 1, search)
    expect(ranges.search.document).toEqual(search)

    const asked = line.of('evaluations.tasks').length
    session.accept(changed(1, { history, saved: { ...saved, tasks: 1 } }))
    await settled()
    const entry = { task: evaluationRun().task, origin: 'project' }
    await line.answer('evaluations.tasks', asked, [entry])
    expect(evaluations.setup.tasks).toEqual([entry])
    // Unchanged results are not fetched again.
    session.accept(changed(2, { history, saved: { ...saved, tasks: 1 } }))
    await settled()
    expect(['checks.get', 'searches.get', 'evaluations.tasks'].map((name) => line.of(name).length)).toEqual([
      2,
      2,
      asked + 1
    ])
  })

  it('has every window say why a job failed, although it was over before that window could follow it', async () => {
    const { session } = await openSession(before)
    const problem = { code: 'not-found' as const, message: 'There is no post.' }
    const { job } = session.ranges
    session.accept(changed(1, { failed: [{ kind: 'sweep', id: 'job-1', problem }] }))
    expect(job.failure).toEqual(problem)
    expect(session.samples.job.failure).toBeNull()
    // A dismissed failure stays away until another job fails.
    job.failure = null
    session.accept(changed(2, { failed: [{ kind: 'sweep', id: 'job-1', problem }] }))
    expect(job.failure).toBeNull()
    session.accept(changed(3, { failed: [{ kind: 'sweep', id: 'job-2', problem }] }))
    expect(job.failure).toEqual(problem)
    session.accept(changed(4))
    expect(job.failure).toBeNull()
  })

  it('says why its job failed, although another window saw the end first', async () => {
    const { line, session } = await openSession(before)
    const problem = { code: 'not-found' as const, message: 'There is no post.' }
    const { job } = session.ranges
    void job.begin(() => line.connection.client.sweeps.start({ ...session.here, fresh: true }))
    session.accept(changed(1, { failed: [{ kind: 'sweep', id: 'job-1', problem }] }))
    await line.answer('sweeps.start', 0, { sweepId: 'job-1' })
    // Main has no more to tell of a job whose end was seen.
    await line.answer('sweeps.watch', 0, [])
    expect([job.failure, job.busy]).toEqual([problem, false])
  })

  it('stops a job that main still prepares, and shows that until it has ended', async () => {
    const { line, session } = await openSession(before)
    const { job } = session.ranges
    void job.begin(() => line.connection.client.sweeps.start({ ...session.here, fresh: true }))
    void job.cancel()
    await line.answer('sweeps.cancel', 0, undefined)
    expect([job.pauseNotice, job.busy]).toEqual(['Stopping…', true])
    await line.refuse('sweeps.start', 0, new WorkbenchError('cancelled', 'A sweep was cancelled.'))
    expect([job.failure, job.pauseNotice, job.busy]).toEqual([null, null, false])
    // A job that begins all the same, for main had heard of the stop before the start, is stopped again.
    void job.begin(() => line.connection.client.sweeps.start({ ...session.here, fresh: true }))
    void job.cancel()
    await line.answer('sweeps.start', 1, { sweepId: 'job-2' })
    expect(line.of('sweeps.cancel')).toHaveLength(3)
  })

  it('says which other project its jobs wait for, and asks no question meanwhile', async () => {
    const { session } = await openSession(before)
    const pair = PAIR_REPORT
    session.accept(changed(1, { pair, busyProject: 'Other' }))
    expect(session.ranges.job.pauseNotice).toBe('Waiting for “Other”')
    expect(session.whyNotAsk('ask again')).toBe('The engine works for the project “Other”.')
    expect(session.whyNot('sweep')).toBeNull()
    session.accept(changed(2, { pair }))
    expect([session.ranges.job.pauseNotice, session.whyNotAsk('ask again')]).toEqual([null, null])
  })

  it('has its jobs followed by every window', async () => {
    const { line, session } = await openSession(before)
    session.accept(changed(1, { running: ['sweep', 'samples', 'evaluation'] }))
    await settled()
    for (const kind of ['sweeps', 'samples', 'evaluations']) expect(line.of(`${kind}.watch`)).toHaveLength(1)
    session.accept(changed(1, { running: ['judging'] }))
    expect(session.jobs.whyNot(session.state.running, 'go on')).toBe('Answers are being judged elsewhere.')
    expect(session.samples.blocked).not.toBeNull()
  })
})
