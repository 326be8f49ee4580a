import { describe, expect, it, vi } from 'vitest'
import type { ProjectState } from '../../../../src/contract/documents/project'
import {
  PAPER_SAMPLING,
  type SampledCrc,
  type SampleEvent,
  type SampleRun,
  type SampleSetup
} from '../../../../src/contract/documents/samples'
import { elementAt } from '../../../../src/contract/model/look-up'
import { summarizeSampleRun } from '../../../../src/main/project/documents/sample-files'
import type { Session } from '../../../../src/renderer/app/session.svelte'
import { SAMPLE_SETTINGS as PLAIN, sampleLine, sampleLines, sampleRunFixture } from '../../../fixtures/sample-documents'
import type { ScriptedLine } from '../../../fixtures/scripted-line'
import { PAIR_REPORT, projectState, settled, openSession } from '../../../fixtures/scripted-line'
import { Stream } from '../../../fixtures/stream'
import { waitFor } from '../../../fixtures/wait-for'

/** Its memory is a number that the field can hold. */
const SAMPLE_SETTINGS = { ...PLAIN, memoryBytes: 2 ** 30 }
const PROMPT = { text: 'Name a colour.', category: '', raw: false }
const NO_MEASURES = { cells: [], variants: [] }

const summary = (run: SampleRun) => summarizeSampleRun(run, 12)

const stateOf = (changes: Partial<ProjectState> = {}): ProjectState =>
  projectState({ pair: PAIR_REPORT, samplePrompts: [PROMPT], ...changes })

/** Returns a state as {@link stateOf} does, with the settings of the next run. */
const keeping = (samples: SampleSetup, changes: Partial<ProjectState> = {}): ProjectState => {
  const state = stateOf(changes)
  return {
    ...state,
    document: { ...state.document, settings: { ...state.document.settings, samples } }
  }
}

async function opened(state = stateOf()) {
  const { line, session, workbench } = await openSession(state)
  void session.samples.setup.attach()
  await line.answer('samples.defaults', 0, SAMPLE_SETTINGS)
  return { line, session, workbench, state }
}

/** Shows a stored run with all of its answers, but for those left out. */
async function show(line: ScriptedLine, session: Session, run: SampleRun, answers = 12): Promise<void> {
  const place = line.of('samples.get').length
  void session.samples.show(run.id)
  await line.answer('samples.get', place, {
    run,
    samples: sampleLines(run).slice(0, answers),
    measures: NO_MEASURES
  })
}

describe('the setup of the next sample run', () => {
  it('begins with the model’s own settings, leaves out and adds variants, and is saved', async () => {
    const { line, session, state } = await opened()
    const { setup } = session.samples
    const { variants } = session
    const names = (): string[] => variants.sampled.map(({ name }) => name)
    expect(names()).toEqual(['base', 'post'])
    const baseline = {
      kind: 'baseline',
      name: 'hot',
      baseline: { kind: 'sampler', temperature: 2, minP: 0 }
    } as const
    variants.add([baseline], 'samples')
    const base = elementAt(variants.options, 0, 'option')
    variants.choose(base, 'samples', false)
    expect(variants.isChosen(base, 'evaluate')).toBe(false)
    setup.edit({ temperature: '0.5' })
    expect(names()).toEqual(['post', 'hot'])
    // The same model is not added twice.
    variants.add([baseline], 'samples')
    expect(variants.options).toHaveLength(4)

    void setup.buffer.flush()
    await settled()
    const samples = {
      settings: { ...SAMPLE_SETTINGS, sampling: { ...SAMPLE_SETTINGS.sampling, temperature: 0.5 } }
    }
    // The first change of the variants is stored before the settings.
    await line.answer('pairs.update', 0, stateOf())
    expect(line.call('pairs.update', 1).input).toMatchObject({ seen: 1, changes: { settings: { samples } } })
    await line.answer('pairs.update', 1, keeping(samples, { revision: 2 }))
    void session.history.undo()
    await line.answer('pairs.update', 2, keeping(samples, { revision: 3 }))
    expect(line.of('pairs.update')).toHaveLength(3)
    await line.answer('projects.revert', 0, keeping(samples, { revision: 4 }))
    expect(setup.draft?.temperature).toBe('0.5')
    void session.history.undo()
    await settled()
    expect(line.call('projects.revert', 1).input).toMatchObject({ changes: [2] })
    await line.answer('projects.revert', 1, stateOf({ revision: 5 }))
    expect(setup.draft?.temperature).toBe(String(PAPER_SAMPLING.temperature))
    variants.remove(0)
    expect(variants.options).toHaveLength(3)
    expect(state.document.settings.samples).toBeUndefined()
  })

  it('is saved again when saving failed, and not while a setting is none', async () => {
    const { line, session } = await opened()
    const { setup } = session.samples
    setup.edit({ sampleCount: 'many' })
    await setup.buffer.flush()
    expect([line.of('pairs.update'), session.samples.incomplete]).toEqual([[], 'Some settings need attention.'])
    expect(session.samples.size).toBe('')
    setup.edit({ sampleCount: '3' })
    void setup.buffer.flush()
    await line.refuse('pairs.update', 0, new Error('The disk is full.'))
    void setup.buffer.flush()
    await settled()
    expect(line.of('pairs.update')).toHaveLength(2)
  })

  it('takes the sampler of the paper or of the model, and says which it is', async () => {
    const { session } = await opened()
    const { setup } = session.samples
    expect(setup.preset).toEqual({ model: true, paper: true, same: true })
    setup.edit({ temperature: '0.3', seed: '9' })
    expect(setup.preset).toMatchObject({ model: false, paper: false })
    setup.useSampling(PAPER_SAMPLING)
    expect(setup.preset.paper).toBe(true)
    setup.edit({ greedy: true })
    setup.useSampling(SAMPLE_SETTINGS.sampling)
    expect([setup.draft?.greedy, setup.draft?.seed]).toEqual([false, '9'])
  })

  const theirs: SampleSetup = { settings: { ...SAMPLE_SETTINGS, seed: 77 } }

  it('is the one that another window saves, where the user takes it', async () => {
    const { session } = await opened()
    const { setup } = session.samples
    setup.edit({ temperature: '0.5' })
    session.accept(keeping(theirs, { revision: 2 }))
    // Unsaved settings wait for the user.
    expect([setup.draft?.seed, setup.buffer.conflict?.value?.settings.seed]).toEqual(['1', 77])
    await setup.buffer.flush()
    void setup.buffer.takeTheirs()
    expect(setup.draft?.seed).toBe('77')
  })

  it('replaces what another window has saved, where the user keeps it', async () => {
    const { line, session } = await opened()
    const { setup } = session.samples
    setup.edit({ seed: '5' })
    session.accept(keeping(theirs, { revision: 2 }))
    void setup.buffer.keepMine()
    await settled()
    expect(line.call('pairs.update', 0).input).toMatchObject({
      seen: 2,
      changes: { settings: { samples: { settings: { seed: 5 } } } }
    })
  })

  it('continues from the newest run where the project keeps none', async () => {
    const run = sampleRunFixture({
      settings: { ...SAMPLE_SETTINGS, sampleCount: 7 },
      variants: [
        { kind: 'post', name: 'post' },
        { kind: 'baseline', name: 'mixed', baseline: { kind: 'mix', share: 0.5 } }
      ]
    })
    const { line, session } = await opened(stateOf({ sampleRuns: [summary(run)] }))
    const { samples } = session
    void samples.attach(null)
    await line.answer('samples.get', 0, { run, samples: sampleLines(run), measures: NO_MEASURES })
    expect(samples.setup.draft?.sampleCount).toBe('7')
    expect(samples.incomplete).toBeNull()
    expect(samples.size).toMatch(
      /^1 prompt × 2 variants × 7 = 14 answers\. Time unknown before a first run of 64 answers\.$/
    )
    // A line that was made again brings nothing new.
    void samples.attach(null)
    await settled()
    expect(line.of('samples.get')).toHaveLength(1)
  })
})

describe('a sample run', () => {
  const run = sampleRunFixture()
  const progress = {
    phase: 'generating',
    samplesDone: 6,
    samplesTotal: 12,
    tokensPerSecond: 10,
    secondsLeft: 4
  } as const
  const snapshot: SampleEvent = { type: 'snapshot', run, samples: [sampleLine()], progress }

  async function started() {
    const all = await opened()
    const { line, session } = all
    const { samples } = session
    samples.tab = 'check'
    void samples.start()
    await line.answer('samples.start', 0, { runId: run.id })
    const events = await line.stream<SampleEvent>('samples.watch', 0)
    return { ...all, events }
  }

  it('is shown as its answers arrive, with its progress, and then as stored', async () => {
    const { line, session, events } = await started()
    const { samples } = session
    expect([samples.tab, samples.blocked]).toEqual(['answers', 'Answers are being generated.'])
    expect(line.call('samples.start', 0).input).toMatchObject({
      settings: SAMPLE_SETTINGS,
      variants: [{ kind: 'base' }, { kind: 'post' }]
    })
    await events.tell(snapshot)
    await waitFor(() => expect(samples.answers?.board.answerCount).toBe(1))
    expect(session.jobs.current?.progress).toEqual({ name: 'Samples', share: 0.5, secondsLeft: 4 })
    await events.tell(
      { type: 'samples', finished: [sampleLine({ index: 1 })], growing: [] },
      {
        type: 'progress',
        progress: { ...progress, samplesDone: 70, secondsLeft: 1 },
        weights: 'fp32',
        precision: 'fp32'
      }
    )
    await waitFor(() => expect(samples.live?.weights).toBe('fp32'))
    expect(samples.answers?.board.answerCount).toBe(2)

    await events.tell({ type: 'finished' })
    await events.over()
    const place = line.of('projects.open').length - 1
    await line.answer('projects.open', place, stateOf({ revision: 2, sampleRuns: [summary(run)] }))
    await line.answer('samples.get', 0, { run, samples: sampleLines(run), measures: NO_MEASURES })
    await waitFor(() => expect(samples.busy).toBe(false))
    expect([samples.shownRun?.board.answerCount, samples.shownTotal, samples.current]).toEqual([12, 12, 'run-1'])
    expect(samples.size).not.toMatch(/time unknown/i)
  })

  it('that failed continues with its stored part', async () => {
    const { line, session, events } = await started()
    const { samples } = session
    await events.tell(snapshot, {
      type: 'failed',
      problem: { code: 'engine-lost', message: 'It died.' }
    })
    await events.over()
    // How far it was is not told beside why it ended, while what it left is read.
    await waitFor(() => expect(samples.job.failure?.message).toBe('It died.'))
    expect([samples.busy, samples.job.hasFailed, samples.job.progress]).toEqual([true, true, null])
    await line.answer('projects.open', 0, stateOf({ revision: 2, sampleRuns: [summary(run)] }))
    await line.answer('samples.get', 0, { run, samples: [sampleLine()], measures: NO_MEASURES })
    await waitFor(() => expect(samples.busy).toBe(false))
    expect(samples.job.hasFailed).toBe(false)
    expect(samples.job.failure?.message).toBe('It died.')
    expect(samples.resumes).toBe(true)
    void samples.addAnswers(0)
    await settled()
    expect(line.call('samples.more', 0).input).toMatchObject({ runId: 'run-1', sampleCount: 3 })
    expect(samples.job.failure).toBeNull()
  })

  it('without any answer is run again with the settings of now', async () => {
    const { line, session, events } = await started()
    const { samples } = session
    await events.tell({ type: 'failed', problem: { code: 'bad-input', message: 'Too little memory.' } })
    await events.over()
    await line.answer('projects.open', 0, stateOf({ revision: 2 }))
    await waitFor(() => expect(samples.busy).toBe(false))
    samples.setup.edit({ memoryGibibytes: '2' })
    expect(samples.resumes).toBe(false)
    void samples.start()
    await settled()
    expect(line.call('samples.start', 1).input).toMatchObject({ settings: { memoryBytes: 2 ** 31 } })
  })

  it('is not begun with prompts or variants that it cannot have', async () => {
    const { line, session } = await opened()
    const { samples } = session
    const { variants } = session
    for (const option of variants.options) variants.choose(option, 'samples', false)
    expect(samples.incomplete).toBe('Choose at least one variant.')
    for (let share = 1; share <= 21; share++)
      variants.add([{ kind: 'baseline', name: `m${share}`, baseline: { kind: 'mix', share: share / 100 } }], 'samples')
    expect(samples.incomplete).toBe('Choose at most 20 variants.')
    const [draft] = samples.prompts.drafts
    if (draft === undefined) throw new Error('there is no prompt')
    samples.prompts.edit(draft.id, { text: '' })
    expect(samples.incomplete).toMatch(/^Prompt 1 needs attention: /)
    await samples.start()
    expect(line.of('samples.start')).toEqual([])
  })

  it('gets more answers, or those that it lacks', async () => {
    const { line, session } = await opened()
    await show(line, session, run, 5)
    void session.samples.addAnswers(8)
    await line.refuse('samples.more', 0, new Error('not now'))
    void session.samples.addAnswers(0)
    await settled()
    expect(line.of('samples.more').map(({ input }) => input)).toMatchObject([
      { runId: 'run-1', sampleCount: 11 },
      { runId: 'run-1', sampleCount: 3 }
    ])
  })

  it('is shown from its top, but keeps its position when it is read again', async () => {
    const { line, session } = await opened()
    const { samples } = session
    await show(line, session, run)
    samples.query = 'blue'
    samples.expand(['0 post', '1 post'], true)
    samples.expand(['1 post'], false)
    await show(line, session, run)
    expect([samples.query, [...samples.expanded]]).toEqual(['blue', ['0 post']])
    await show(line, session, sampleRunFixture({ id: 'run-2' }))
    expect([samples.query, samples.expanded.size]).toEqual(['', 0])
  })

  it('gives its place to one of another window, and leaves nothing where the only one is deleted', async () => {
    const { line, session, workbench } = await opened(stateOf({ sampleRuns: [summary(run)] }))
    const { samples } = session
    workbench.view = 'samples'
    await show(line, session, run)
    // Answers that were stored while the connection was lost are read.
    session.accept(stateOf({ revision: 2, sampleRuns: [summarizeSampleRun(run, 11)] }))
    await line.answer('samples.get', 1, { run, samples: [], measures: NO_MEASURES })
    const second = sampleRunFixture({ id: 'run-2' })
    session.accept(stateOf({ revision: 2, sampleRuns: [second, run].map(summary) }))
    await line.answer('samples.get', 2, { run: second, samples: [], measures: NO_MEASURES })
    expect(samples.shownRun?.run.id).toBe('run-2')
    session.accept(stateOf({ revision: 3, sampleRuns: [] }))
    expect(samples.shownRun).toBeNull()
    expect(workbench.complaints).toHaveLength(1)
  })

  it('is saved as a file with all its answers', async () => {
    const { line, session } = await opened()
    await session.samples.export('csv')
    expect(line.of('samples.export')).toEqual([])
    await show(line, session, run)
    const link = { href: '', download: '', click: vi.fn() }
    vi.stubGlobal('document', { createElement: () => link })
    vi.stubGlobal('URL', { createObjectURL: () => 'blob:1', revokeObjectURL: () => undefined })
    void session.samples.export('csv')
    await line.answer('samples.export', 0, { fileName: 'answers.csv', content: 'a,b' })
    expect([link.href, link.download, link.click.mock.calls.length]).toEqual(['blob:1', 'answers.csv', 1])
  })
})

describe('the character task on full answers', () => {
  const result = (state: ProjectState): SampledCrc => ({
    schemaVersion: 2,
    createdAt: '2026-01-02T03:04:05.000Z',
    basePath: { path: '/models/base', fingerprint: 'aa' },
    postPath: { path: '/models/post', fingerprint: 'bb' },
    rendering: state.document.rendering,
    prompts: state.prompts,
    settings: SAMPLE_SETTINGS,
    variants: [{ kind: 'post', name: 'post' }],
    weights: 'fp32',
    precision: 'fp32',
    scores: []
  })

  it('is checked with the variants of the setup, and says when prompts have changed since', async () => {
    const { line, session, state } = await opened()
    const { check } = session.samples
    expect(check.outdated).toBe(false)
    session.samples.tab = 'check'
    void session.samples.startShown()
    await settled()
    expect(line.of('samples.start')).toEqual([])
    expect(line.call('samples.scoreCrc', 0).input).toMatchObject({ settings: SAMPLE_SETTINGS })
    const events = new Stream<
      { type: 'progress'; done: number; total: number } | { type: 'scores'; result: SampledCrc }
    >()
    await line.answer('samples.scoreCrc', 0, events)
    await events.tell({ type: 'progress', done: 1, total: 4 })
    expect(session.jobs.current?.progress).toEqual({
      name: 'Character task',
      share: 0.25,
      secondsLeft: null
    })
    // One at a time.
    await check.start()
    await events.tell({ type: 'scores', result: result(state) })
    await events.over()
    expect([check.busy, check.result?.scores, check.outdated]).toEqual([false, [], false])
    session.accept(stateOf({ revision: 2, prompts: state.prompts.slice(1) }))
    expect(check.outdated).toBe(true)
    expect(line.of('samples.scoreCrc')).toHaveLength(1)
  })

  it('is fetched when another window has checked it, and says why it failed', async () => {
    const { line, session, state } = await opened()
    const { check } = session.samples
    session.accept(stateOf({ revision: 2, running: ['character check'] }))
    expect(session.jobs.whyNot(session.state.running, 'go on')).toBe('The character task is being checked elsewhere.')
    await check.start()
    expect(line.of('samples.scoreCrc')).toEqual([])
    session.accept(stateOf({ revision: 3 }))
    await line.answer('samples.crcScores', 0, result(state))
    expect(check.result?.variants).toHaveLength(1)
    void check.start()
    await line.refuse('samples.scoreCrc', 0, new Error('no memory'))
    expect([check.busy, check.job.failure?.message]).toEqual([false, 'no memory'])
  })
})
