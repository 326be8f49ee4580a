import { PAPER_SAMPLING } from '../../../../src/contract/documents/samples'
import { describe, expect, it } from 'vitest'
import type { CheckEvent } from '../../../../src/contract/documents/answer-check'
import type { ProjectState } from '../../../../src/contract/documents/project'
import type { SweepEvent, SweepProgress } from '../../../../src/contract/documents/sweep-events'
import { elementAt } from '../../../../src/contract/model/look-up'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { runToEnd } from '../../../../src/main/base/steps'
import { recomputeSelection } from '../../../../src/main/crc/check/checked-selection'
import { summarizeSweep } from '../../../../src/main/project/documents/sweep-files'
import { scoredWords } from '../../../../src/renderer/ranges/board/readout'
import { sweepKey } from '../../../../src/renderer/ranges/new-sweep/sweep-planning.svelte'
import { taskFixture } from '../../../fixtures/evaluation-documents'
import { PAIR_REPORT, projectState, ScriptedLine, settled, openSession } from '../../../fixtures/scripted-line'
import { tinyCheck, tinySweep, whole } from '../../../fixtures/tiny-sweep'
import { waitFor } from '../../../fixtures/wait-for'

const SWEEP = { ...tinySweep(), selection: runToEnd(recomputeSelection(tinySweep(), null, 0.9)) }
const NEXT = { ...SWEEP, id: 'next' }
/** Key of a model that the sweep has not scored. */
const LAYER = { attention: 0.25, mlp: 0.5 }
const RECIPE = { name: 'half', ranges: [[0, 0] satisfies [number, number]] }

const progress: SweepProgress = {
  phase: 'sweeping',
  rowsDone: 1,
  rowsTotal: 4,
  rowsPerSecond: null,
  secondsLeft: 6,
  layer: 1,
  layerCount: 2,
  reusedPromptCount: 0
}
const scoreOf = (end: number, diversity: number) => ({
  model: { kind: 'range', range: { start: 0, end } } as const,
  score: { validity: 0.9, diversity, effectiveChoices: 1.5, promptCount: 1 }
})

const stateOf = (changes: Partial<ProjectState> = {}): ProjectState =>
  projectState({ pair: PAIR_REPORT, sweeps: [summarizeSweep(SWEEP, null)], prompts: [], ...changes })

/** A project that shows the tiny sweep. */
async function opened() {
  const { line, session } = await openSession(stateOf())
  void session.ranges.attach(null)
  await line.answer('checks.get', 0, null)
  await line.answer('sweeps.get', 0, SWEEP)
  return { line, session }
}

describe('a sweep that runs', () => {
  async function started(isPreview = false) {
    const all = await opened()
    const { line, session } = all
    void session.ranges.start()
    await line.answer('sweeps.start', 0, undefined)
    const events = await line.stream<SweepEvent>('sweeps.watch', 0)
    await events.tell({
      type: 'snapshot',
      ...{
        sweepId: 'next',
        scoredBy: { kind: 'crc' },
        layerCount: 2,
        source: null,
        promptCount: 3,
        isPreview
      },
      ...{ progress, entries: [scoreOf(0, 0.25)], notices: [] }
    })
    await waitFor(() => expect(session.ranges.run).not.toBeNull())
    return { ...all, events }
  }

  it('is drawn as its scores come, with the sweep before it, and nothing of that is inspected', async () => {
    const { session, events } = await started()
    const { ranges } = session
    expect(session.jobs.current?.progress).toEqual({ name: 'Sweep', share: 0.25, secondsLeft: 6 })
    expect([ranges.choices.chosen, ranges.chosenModel, ranges.selectedScore, ranges.planning.outdated]).toEqual([
      null,
      null,
      null,
      false
    ])
    expect(ranges.before?.ranges).toHaveLength(3)
    await events.tell(
      { type: 'notice', message: 'The engine was started again.' },
      { type: 'progress', progress: { ...progress, rowsDone: 2 } },
      { type: 'scores', entries: [scoreOf(1, 0.75)] }
    )
    await waitFor(() => expect(ranges.board?.ranges.map(({ diversity }) => diversity)).toEqual([0.25, 0.75]))
    expect([ranges.run?.notices, ranges.run?.progress.rowsDone]).toEqual([['The engine was started again.'], 2])
  })

  it('is called a preview where it is one, and says on how many prompts its scores are', async () => {
    const { session, events } = await started(true)
    const { ranges } = session
    expect([ranges.run?.isPreview, session.jobs.current?.progress?.name]).toEqual([true, 'Preview'])
    const full = { ...scoreOf(1, 0.75).score, promptCount: 3 }
    await events.tell({ type: 'scores', entries: [{ ...scoreOf(1, 0.75), score: full }] })
    await waitFor(() => expect(ranges.board?.ranges).toHaveLength(2))
    const { board } = ranges
    expect(board === null ? null : scoredWords(board)).toBe('1 of 3 ranges on all prompts, 1 on fewer')
    const none = board === null ? null : { ...board, ranges: [] }
    expect(none === null ? null : scoredWords(none)).toBe('Scores arrive with the last layers')
    await events.tell({ type: 'notice', message: 'Too few.', endsPreview: true })
    await waitFor(() => expect(ranges.run?.isPreview).toBe(false))
  })

  it('keeps the range in sight that was chosen while it ran', async () => {
    const { line, session, events } = await started()
    const { ranges } = session
    ranges.choices.inspect('0-1')
    await events.tell({ type: 'finished', sweepId: 'next' })
    await line.answer(
      'projects.open',
      0,
      stateOf({ revision: 2, sweeps: [NEXT, SWEEP].map((sweep) => summarizeSweep(sweep, null)) })
    )
    await line.answer('checks.get', 1, null)
    await line.answer('sweeps.get', 1, NEXT)
    await line.answer('searches.get', 1, null)
    await line.answer('searches.unfinished', 0, null)
    await events.over()
    await waitFor(() => expect(ranges.busy).toBe(false))
    expect([ranges.sweep?.id, ranges.choices.chosen, ranges.selected]).toEqual(['next', '0-1', '1-1'])
  })

  it('that is stopped leaves the one before, and says how much of it is kept', async () => {
    const { line, session, events } = await started()
    const { ranges } = session
    await events.tell({ type: 'cancelled' })
    await events.over()
    const known = { known: { prompts: 1, of: 2, begun: null }, interrupted: true }
    await line.answer('sweeps.known', 0, known)
    expect([ranges.sweep?.id, ranges.choices.chosen, ranges.run]).toEqual(['tiny', '1-1', null])
    expect(ranges.planning.reusable).toEqual(known)
  })
})

describe('the shown sweep', () => {
  it('takes a recipe that was scored, and shows it', async () => {
    const { line, session } = await opened()
    const { ranges } = session
    const scoring = ranges.scoring.score(RECIPE)
    await settled()
    expect(line.call('sweeps.scoreRecipe', 0).input).toMatchObject({ sweepId: 'tiny', recipe: RECIPE })
    const events = await line.stream<unknown>('sweeps.scoreRecipe', 0)
    await events.tell({ type: 'progress', progress })
    expect(session.jobs.current?.progress).toEqual({ name: 'Score', share: 0.25, secondsLeft: 6 })
    expect(await ranges.scoring.score(RECIPE)).toBeNull()
    const score = SWEEP.ranges[0]
    await events.tell({ type: 'scored', score })
    await line.answer('sweeps.get', 1, { ...SWEEP, recipes: [] })
    await events.over()
    expect(await scoring).toEqual(score)
    expect(ranges.choices.chosen).toBe('0-0')
  })

  it('gives up a scoring that is closed, without a word', async () => {
    const { line, session } = await opened()
    const { scoring } = session.ranges
    const scored = scoring.score(RECIPE)
    await settled()
    scoring.close()
    expect(line.call('sweeps.scoreRecipe', 0).signal?.aborted).toBe(true)
    line.call('sweeps.scoreRecipe', 0).answer.reject(new Error('aborted'))
    expect([await scored, scoring.job.failure]).toEqual([null, null])
  })

  it('is read again when another window has scored a recipe in it', async () => {
    const { line, session } = await opened()
    session.accept(stateOf({ revision: 2, running: ['recipe score'] }))
    expect(session.jobs.whyNot(session.state.running, 'go on')).toBe('A recipe is being scored elsewhere.')
    session.accept(stateOf({ revision: 3 }))
    await settled()
    expect(line.of('sweeps.get')).toHaveLength(2)
  })

  it('is checked on full answers, and selected again with the result', async () => {
    const { line, session } = await opened()
    const { ranges } = session
    void ranges.check.start('tiny', 0.9, [RECIPE])
    await settled()
    expect(line.call('checks.start', 0).input).toMatchObject({ sweepId: 'tiny', rho: 0.9, recipes: [RECIPE] })
    await line.answer('checks.start', 0, undefined)
    const events = await line.stream<CheckEvent>('checks.watch', 0)
    await events.tell({ type: 'progress', sweepId: 'tiny', progress })
    await waitFor(() => expect(session.jobs.current?.progress?.share).toBe(0.25))
    await ranges.check.start('tiny', 0.9)
    expect(line.of('checks.start')).toHaveLength(1)
    await events.tell({ type: 'finished', sweepId: 'tiny' })
    const check = { ...tinyCheck([]), post: whole(0.97, 0.4) }
    await line.answer('checks.get', 1, check)
    await line.answer('sweeps.select', 0, { ...SWEEP.selection, selected: { start: 0, end: 0 } })
    await events.over()
    expect([ranges.check.document?.post.answers.validity, ranges.selected, ranges.choices.chosen]).toEqual([
      0.97,
      '0-0',
      '0-0'
    ])
  })

  it('says when it was swept with other prompts, and shows a recipe only where it has its scores', async () => {
    const { session } = await opened()
    const { ranges } = session
    expect(ranges.planning.outdated).toBe(true)
    const { document } = session.state
    const scoredBy = {
      kind: 'task' as const,
      ...{ taskId: 'demo-open', sampling: PAPER_SAMPLING, draws: 32, split: false }
    }
    session.accept({
      ...stateOf({ revision: 2 }),
      document: { ...document, settings: { ...document.settings, scoredBy } }
    })
    expect([ranges.planning.outdated, ranges.planning.changedSince]).toEqual([false, true])
    const prompts = SWEEP.prompts.map(({ text, category, valid }) => ({ text, category, valid }))
    const state = stateOf({ revision: 3, prompts })
    session.accept({ ...state, document: { ...state.document, rendering: SWEEP.rendering } })
    expect(ranges.planning.outdated).toBe(false)
    ranges.choices.inspectRecipe({ name: 'unknown', layers: [LAYER, LAYER] })
    expect([ranges.choices.chosen, ranges.choices.inspectorShown]).toEqual(['1-1', false])
    ranges.choices.inspectRecipe(RECIPE)
    expect([ranges.choices.chosen, ranges.choices.inspectorShown]).toEqual(['0-0', true])
  })

  it('has the limit of What if moved while that is shown, and its own otherwise', async () => {
    const { line, session } = await opened()
    const { ranges } = session
    void ranges.whatIf.change({ rho: 0.6 })
    ranges.limit(0.5)
    await waitFor(() => expect(line.of('sweeps.whatIf').at(-1)?.input).toMatchObject({ asked: { rho: 0.5 } }))
    expect([ranges.rho, ranges.wantedRho, ranges.numbers.rho]).toEqual([0.9, 0.5, 0.9])
    ranges.whatIf.close()
    ranges.limit(0.8)
    expect([ranges.rho, ranges.numbers.rho]).toEqual([0.8, 0.8])
  })
})

describe('the plan of the next sweep', () => {
  const plan = { rows: 1 }

  it('is requested once the wanted settings rest, with the known part, and not while none is wanted', async () => {
    const { line, session } = await opened()
    const { planning } = session.ranges
    planning.planFor('one')
    planning.planFor('two')
    planning.planFor('two')
    await waitFor(() => expect(line.of('sweeps.known')).toHaveLength(1))
    expect(planning.working).toBe(true)
    await line.answer('sweeps.known', 0, { known: { prompts: 0, begun: null } })
    await line.answer('sweeps.plan', 0, plan)
    expect([planning.working, planning.plan, planning.reusable]).toEqual([false, plan, null])
    planning.planFor('three')
    planning.planFor(null)
    expect(planning.working).toBe(false)
    expect(line.of('sweeps.plan')).toHaveLength(1)
  })

  it('says why there is none, but not that the engine is busy with another job', async () => {
    const { line, session } = await opened()
    const { planning } = session.ranges
    const refused = async (what: string, place: number, error: Error): Promise<void> => {
      planning.planFor(what)
      await waitFor(() => expect(line.of('sweeps.known')).toHaveLength(place + 1))
      await line.refuse('sweeps.known', place, new Error('no pair'))
      await line.refuse('sweeps.plan', place, error)
    }
    await refused('one', 0, new Error('Layers do not fit.'))
    expect([planning.plan, planning.failure?.message]).toEqual([null, 'Layers do not fit.'])
    await refused('two', 1, new WorkbenchError('busy', 'A check runs.', ''))
    expect([planning.failure, planning.impossible]).toEqual([null, null])
    await refused('three', 2, new WorkbenchError('out-of-memory', 'This sweep needs at least 300 MiB.'))
    expect(planning.impossible).toBe('This sweep needs at least 300 MiB.')
    void session.ranges.start()
    await settled()
    expect(line.of('sweeps.start')).toEqual([])
  })

  it('is another one for other prompts, tasks or settings, and for a preview', () => {
    const state = stateOf()
    const settings = { ...state.document.settings, uniformBlendCount: 3 }
    const keys = [
      sweepKey(state, false),
      sweepKey(state, true),
      sweepKey({ ...state, prompts: SWEEP.prompts }, false),
      sweepKey({ ...state, saved: { ...state.saved, tasks: 1 } }, false),
      sweepKey({ ...state, document: { ...state.document, settings } }, false)
    ]
    expect(new Set(keys).size).toBe(keys.length)
    expect(sweepKey({ ...state, revision: 9, notes: 'other' }, false)).toBe(keys[0])
  })

  it('names its scores, its source and the blends', async () => {
    const { line, session } = await opened()
    const { ranges } = session
    expect([ranges.planning.scoring.kind, ranges.planning.askedCount]).toEqual(['crc', 0])
    ranges.planning.setUniformBlends(true)
    await settled()
    ranges.planning.setSource(null)
    expect(line.call('pairs.update', 0).input).toMatchObject({
      changes: { settings: { uniformBlendCount: 21 } }
    })
    const task = taskFixture({
      name: 'Colours',
      prompts: [
        { text: 'Name a colour.', category: '', raw: false, answers: ['red'] },
        { text: 'Write.', category: '', raw: false }
      ]
    })
    session.tasks.list = [{ task, origin: 'project' }]
    const state = stateOf({ revision: 2 })
    const { sampling } = task.settings
    const scoredBy = { kind: 'task', taskId: 'task-1', sampling, draws: 4, split: false } as const
    session.accept({
      ...state,
      document: { ...state.document, settings: { ...state.document.settings, scoredBy } }
    })
    expect(ranges.planning.scoring).toMatchObject({ kind: 'task', task: { name: 'Colours' } })
    expect(ranges.planning.askedCount).toBe(1)
    // The sweep is of another task: other prompts do not make it another.
    expect(ranges.planning.outdated).toBe(false)
  })

  it('is a preview unless one of the same prompts is to be completed', async () => {
    const { line, session } = await opened()
    const { ranges } = session
    ranges.planning.preview = true
    expect(ranges.planning.previews).toBe(true)
    ranges.planning.planFor('a preview')
    await waitFor(() => expect(line.of('sweeps.known')).toHaveLength(1))
    await line.answer('sweeps.known', 0, { known: { prompts: 0, begun: null } })
    expect(line.call('sweeps.plan', 0).input).toMatchObject({ preview: true })
    void ranges.start(true)
    await settled()
    expect(line.call('sweeps.start', 0).input).toMatchObject({ fresh: true, preview: true })
    expect(elementAt(line.of('sweeps.start'), 0, 'call').input).toMatchObject({ pair: 'pair-1' })
  })
})

describe('what the newest sweep selects', () => {
  it('is not known before its check is, and stays known while another sweep is shown', async () => {
    const line = new ScriptedLine()
    const other = { ...SWEEP, id: 'other' }
    const state = { sweeps: [SWEEP, other].map((sweep) => summarizeSweep(sweep, null)) }
    const { ranges, chat } = (await line.openProject(stateOf(state))).session
    void ranges.attach(null)
    await settled()
    expect(SWEEP.selected).not.toBeNull()
    expect([ranges.selectedOfNewest, chat.awaitsRange, chat.rangeName]).toEqual([null, true, 'the selected range'])
    await line.answer('checks.get', 0, null)
    await line.answer('sweeps.get', 0, { ...SWEEP, selection: null })
    expect([ranges.selectedOfNewest, chat.awaitsRange]).toEqual([null, false])
    void ranges.show(other.id)
    await line.answer('checks.get', 1, null)
    await line.answer('sweeps.get', 1, other)
    expect([ranges.sweep?.id, ranges.selectedOfNewest]).toEqual(['other', null])
  })
})
