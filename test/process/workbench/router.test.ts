import { NO_VARIANT_CHANGES } from '../../../src/contract/documents/variant-selection'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRouterClient } from '@orpc/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { elementAt } from '../../../src/contract/model/look-up'
import { DEPTH_RAMPS } from '../../../src/contract/model/recipe'
import { DEFAULT_RENDERING, Rendering } from '../../../src/contract/documents/crc'
import { PairChanges } from '../../../src/contract/documents/project'
import type { EvaluationSetup } from '../../../src/contract/documents/evaluation'
import { PAPER_SAMPLING, type SampleSetup } from '../../../src/contract/documents/samples'
import { createEngineHost } from '../../../src/main/engine/host'
import type { JobNews } from '../../../src/main/jobs/job-news'
import { resourcePath } from '../../../src/main/base/resources'
import type { InitialProject } from '../../../src/main/workbench/entry'
import { createWorkbench, type WorkbenchOptions } from '../../../src/main/workbench/router'
import { collect } from '../../fixtures/collect'
import { HeldEngine, inOrder } from '../../fixtures/held-engine'
import { sharedEngine } from '../../fixtures/shared-engine'
import { demoPrompts, shortPair } from '../../fixtures/swept-project'

/** The program behind the window, with real project folders, the demo pair and the built engine process. */

let folder: string
let engine: HeldEngine
const started: ReturnType<typeof createWorkbench>[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slr-router-'))
  vi.stubEnv('SLR_CONFIG_DIR', join(folder, 'config'))
  vi.stubEnv('SLR_PROJECTS_DIR', join(folder, 'projects'))
  engine = new HeldEngine(sharedEngine)
})

afterEach(async () => {
  await Promise.all(started.splice(0).map((workbench) => workbench.close()))
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

const START_VIEW: InitialProject = { project: null }

function startWorkbench(options: Partial<WorkbenchOptions> = {}) {
  const workbench = createWorkbench({ engine, entry: 'browser', initial: START_VIEW, ...options })
  started.push(workbench)
  return createRouterClient(workbench.router)
}

/** A project of the short pair with an eighth of the demo's prompts, without uniform blends: where any sweep will do. */
async function quickProject(client: ReturnType<typeof startWorkbench>): Promise<string> {
  const { path } = await client.projects.create({ folder, name: 'Quick', ...(await shortPair()) })
  const prompts = await demoPrompts(8)
  const { revision } = await client.prompts.save({ path, pair: 'pair-1', seen: 0, prompts })
  await stirred(client, path, revision, 0)
  return path
}

/** Has the next sweep score so many blends. */
async function stirred(
  client: ReturnType<typeof startWorkbench>,
  path: string,
  seen: number,
  uniformBlendCount: number
): Promise<void> {
  await client.pairs.update({ path, pair: 'pair-1', seen, changes: { settings: { uniformBlendCount } } })
}

const SETTINGS = PairChanges.shape.settings.unwrap()
type Settings = NonNullable<PairChanges['settings']>

describe('projects', () => {
  it('creates the demo project the first time and shares it after that', async () => {
    const client = startWorkbench()
    const [first, second] = await Promise.all([
      client.projects.openDemo({ pair: 'blend' }),
      client.projects.openDemo({ pair: 'blend' })
    ])
    expect(first.path).toBe(join(folder, 'projects', 'Blend demo.slr'))
    expect(second).toEqual(first)
    const sound = { pair: { compatible: true }, pairProblem: null, readOnly: null, running: [] }
    expect(first).toMatchObject(sound)
    expect(first.prompts).toHaveLength(40)
    expect(await client.app.recent()).toMatchObject([{ path: first.path, exists: true }])
    expect(await client.app.forget({ path: first.path })).toEqual([])
  })

  it('is opened once, whichever way its path is written', async () => {
    const client = startWorkbench()
    const { path } = await client.projects.openDemo({ pair: 'blend' })
    await symlink(path, join(folder, 'link'))
    for (const other of [join(folder, 'link'), join(path, 'project.json'), `${path}/`]) {
      expect(await client.projects.open({ path: other })).toMatchObject({ path, readOnly: null })
    }
  })

  it('keeps changes, and lets other programs write it once it is closed', async () => {
    const client = startWorkbench()
    const { path } = await client.projects.openDemo({ pair: 'blend' })
    await client.projects.update({ path, pair: 'pair-1', seen: 0, changes: { notes: 'layer 4 matters' } })
    const change = { path, pair: 'pair-1', seen: 0, changes: { notes: 'mine' } }
    const message = expect.stringContaining(`in use by slr-workbench, process ${process.pid}`)
    const refusal = { data: { code: 'read-only', message } }
    await expect(startWorkbench().projects.update(change)).rejects.toMatchObject(refusal)
    await client.projects.close({ path })
    expect(existsSync(join(path, '.lock'))).toBe(false)
    expect(await startWorkbench().projects.open({ path })).toMatchObject({ notes: 'layer 4 matters' })
  })

  it('changes only the named fields', async () => {
    const client = startWorkbench()
    const { path } = await client.projects.openDemo({ pair: 'blend' })
    const sampler = { sampling: PAPER_SAMPLING, maxTokens: 8, stopTexts: [], seed: 1, sampleCount: 2 }
    const samples: SampleSetup = { settings: { ...sampler, device: 'cpu', memoryBytes: 1e9 } }
    const evaluation: EvaluationSetup = {
      ...{ taskId: 'demo-open', sampleCount: '3', embeddingModel: '', classifier: '' },
      computing: { device: 'cpu' }
    }
    // Two values of every field, so that each change can be seen.
    const settings: [Required<Settings>, Required<Settings>] = [
      {
        ...{ rho: 0.7, scoredBy: { kind: 'crc' }, source: null, uniformBlendCount: 5, device: 'cpu' },
        ...{ memoryBytes: 1e9, variants: NO_VARIANT_CHANGES, samples, evaluation }
      },
      {
        ...{ rho: 0.8, source: 'kept', uniformBlendCount: 9, device: 'auto', memoryBytes: null },
        scoredBy: { kind: 'task', taskId: 'demo-open', sampling: PAPER_SAMPLING, draws: 32, split: false },
        variants: { ...NO_VARIANT_CHANGES, leftOut: ['post'] },
        samples: { settings: { ...samples.settings, seed: 2 } },
        evaluation: { ...evaluation, sampleCount: '4' }
      }
    ]
    const rendering: Rendering = {
      ...{ systemPrompt: 'Be brief.', templateArguments: { enable_thinking: false }, date: '2026-02-03' },
      ...{ assistantPrefix: 'Answer: ', countLeadingSpace: true },
      fewShot: { preamble: 'Answer.', examples: [], stop: '\n' }
    }
    const values = [
      { rendering: DEFAULT_RENDERING, notes: 'a', settings: settings[0] },
      { rendering, notes: 'b', settings: settings[1] }
    ] as const
    const alone: PairChanges[] = [
      ...PairChanges.omit({ settings: true, rendering: true })
        .keyof()
        .options.map((field) => ({ [field]: values[1][field] })),
      ...Rendering.keyof().options.map((field) => ({ rendering: { [field]: values[1].rendering[field] } })),
      ...SETTINGS.keyof().options.map((field) => ({ settings: { [field]: settings[1][field] } }))
    ]
    // Lists are there too, that no such change may touch.
    const source = { sweepId: null, validity: null, diversity: null }
    await client.recipes.keep({ path, pair: 'pair-1', recipe: { name: 'kept', ranges: [[1, 2]] }, source })
    await client.checkpoints.add({ path, pair: 'pair-1', folder: resourcePath('blend-pair', 'base') })
    for (const change of alone) {
      const update = (changes: PairChanges) =>
        client.pairs.update({ path, pair: 'pair-1', seen: Number.MAX_SAFE_INTEGER, changes })
      const { document: before, revision } = await update(values[0])
      const { document, revision: next } = await update(change)
      expect(document, JSON.stringify(change)).toEqual({
        ...before,
        ...change,
        rendering: { ...before.rendering, ...change.rendering },
        settings: { ...before.settings, ...change.settings }
      })
      expect(document).not.toEqual(before)
      expect(next).toBe(revision + 1)
      expect([document.recipes.length, document.otherCheckpoints.length]).toEqual([1, 1])
    }
    for (const change of [{ name: 'B' }, { notes: 'b' }]) {
      const seen = Number.MAX_SAFE_INTEGER
      const changes = { name: 'A', notes: 'a' }
      const before = await client.projects.update({ path, pair: 'pair-1', seen, changes })
      const after = await client.projects.update({ path, pair: 'pair-1', seen, changes: change })
      const revision = before.revision + 1
      expect(after).toEqual({ ...before, ...change, revision, change: revision })
    }
  })

  it('fills in nothing that a change or a part of a rendering leaves out', () => {
    expect(PairChanges.parse({ settings: {} })).toEqual({ settings: {} })
    expect(PairChanges.parse({})).toEqual({})
    expect(Rendering.partial().parse({})).toEqual({})
  })

  it('opens with the reason when its pair cannot be read', async () => {
    await mkdir(join(folder, 'empty'))
    const pair = { base: join(folder, 'empty'), post: resourcePath('blend-pair', 'post') }
    const state = await startWorkbench().projects.create({ folder, name: 'Broken', ...pair })
    expect(state.pair).toBeNull()
    expect(state.pairProblem).toMatchObject({ message: expect.stringContaining(join(folder, 'empty')) })
  })

  it('shows the demo first when the program was started for it', async () => {
    const info = await startWorkbench({ initial: { project: null, demo: 'stages' } }).app.info()
    expect(info.initialProject).toBe(join(folder, 'projects', 'Demo in three stages.slr'))
    expect(existsSync(join(folder, 'projects', 'Demo in three stages.slr', 'project.json'))).toBe(true)
  })

  it('renders its prompts as the model will see them', async () => {
    const client = startWorkbench()
    const { path, prompts } = await client.projects.openDemo({ pair: 'blend' })
    const one = prompts.slice(0, 1)
    const saved = await client.prompts.save({ path, pair: 'pair-1', seen: 0, prompts: one })
    expect(saved).toMatchObject({ prompts: one })
    const { prompts: rendered } = await client.prompts.render({ path, pair: 'pair-1' })
    expect(rendered).toHaveLength(1)
    expect(rendered[0]?.rendered).toContain(one[0]?.text)
    expect(rendered[0]?.tokens.length).toBeGreaterThan(0)
  })
})

describe('folders', () => {
  it('are picked with the native dialog where there is one', async () => {
    const pickFolder = async (title: string, start: string) => `${start}/${title}`
    const desktop = startWorkbench({ entry: 'desktop', pickFolder })
    expect(await desktop.folders.pick({ title: 'Base', start: '/picked' })).toBe('/picked/Base')
    const elsewhere = startWorkbench().folders.pick({ title: 'Base', start: '' })
    await expect(elsewhere).rejects.toMatchObject({ data: { code: 'unsupported' } })
  })

  it('are listed for the browser', async () => {
    await mkdir(join(folder, 'models'))
    const { entries } = await startWorkbench().folders.list({ path: folder })
    expect(entries).toContainEqual({ name: 'models', path: join(folder, 'models'), kind: 'folder' })
  })
})

describe('a defect', () => {
  it('is logged with its details and reaches the window without them', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const defect = new Error('secret detail')
    const client = startWorkbench({ pickFolder: () => Promise.reject(defect) })
    const picking = client.folders.pick({ title: 'Base', start: '' })
    const error: unknown = await picking.catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'WORKBENCH', data: { code: 'internal' } })
    expect(JSON.stringify(error)).not.toContain('secret')
    expect(log).toHaveBeenCalledWith(expect.stringContaining('folders.pick'), defect)
    log.mockRestore()
  })
})

describe('a sweep', () => {
  it('sends its watchers a snapshot, its scores and its end, and is saved with the project', async () => {
    const told: JobNews[] = []
    const client = startWorkbench({ onJobNews: (news) => told.push(news) })
    const path = await quickProject(client)
    await stirred(client, path, (await client.projects.open({ path })).revision, 21)
    const { sweepId } = await client.sweeps.start({ path, pair: 'pair-1' })
    expect(await client.projects.open({ path })).toMatchObject({ running: ['sweep'] })

    const events = await collect(await client.sweeps.watch({ path, pair: 'pair-1' }))
    expect(events[0]).toMatchObject({ type: 'snapshot', sweepId, layerCount: 6, promptCount: 5 })
    const work = { blockEvaluations: 68 + 19 * 6 + 8 * 5 }
    expect(events.at(-1)).toMatchObject({ type: 'finished', sweepId })
    const shares = told.flatMap((news) => (news.type === 'progress' ? [news.share] : []))
    expect(shares).toContain(1)
    expect(told.at(-1)).toEqual({ job: 'The sweep', type: 'finished' })
    const ranges = events.flatMap((event) => (event.type === 'scores' ? event.entries : []))
    expect(new Set(ranges.map(({ model }) => JSON.stringify(model))).size).toBe(21 + 2 + 21 + DEPTH_RAMPS.length)

    const { sweeps, running } = await client.projects.open({ path })
    expect(running).toEqual([])
    expect(sweeps.map((sweep) => sweep.id)).toEqual([sweepId])
    const own = { path, pair: 'pair-1', sweepId }
    expect(await client.sweeps.get(own)).toMatchObject({ id: sweepId, selected: sweeps[0]?.selected, work })
    expect(await client.sweeps.select({ ...own, rho: 0 })).toMatchObject({ rho: 0, minimumValidity: 0 })
    const asked = { rho: 0, sampler: { temperature: 2, minP: 0.05 }, draws: null, mix: null }
    const { sweep, selection } = await client.sweeps.whatIf({ path, pair: 'pair-1', sweepId, asked })
    expect(selection).toMatchObject({ rho: 0, minimumValidity: 0 })
    expect([sweep.ranges.length, sweep.selected]).toEqual([21, selection.selected])
    expect('prompts' in elementAt(sweep.ranges, 0, 'range')).toBe(false)
    const foreign = { ...asked, sampler: { temperature: 2.01, minP: 0.05 } }
    const refused = client.sweeps.whatIf({ ...own, asked: foreign })
    await expect(refused).rejects.toMatchObject({ data: { code: 'bad-input' } })
    expect(await collect(await client.sweeps.watch({ path, pair: 'pair-1' }))).toEqual([])
  })

  it('scores exactly, in a preview, the range that is looked at meanwhile', async () => {
    const client = startWorkbench()
    const { path, revision } = await client.projects.openDemo({ pair: 'blend' })
    await stirred(client, path, revision, 0)
    const own = { path, pair: 'pair-1' }
    const sampling = engine.holdAt(inOrder('done', 'done', 'progress'))
    const { sweepId } = await client.sweeps.start({ ...own, preview: true, fresh: true })
    await sampling()
    // Nobody looks at this range in the test of previews, where it is estimated.
    const range = { start: 9, end: 9 }
    await client.sweeps.prioritize({ ...own, range })
    engine.letGo()
    await collect(await client.sweeps.watch(own))
    const { ranges, preview } = await client.sweeps.get({ ...own, sweepId })
    expect(ranges).toContainEqual(expect.objectContaining(range))
    expect(preview?.rows).toBeLessThan((preview?.wholeRows ?? 0) / 4)
  })

  it('continues when a watcher leaves, and shows a later one all scores so far', async () => {
    const client = startWorkbench()
    const path = await quickProject(client)
    const sweeping = engine.holdAt(inOrder('progress'))
    await client.sweeps.start({ path, pair: 'pair-1' })
    const leaving = new AbortController()
    const early = await client.sweeps.watch({ path, pair: 'pair-1' }, { signal: leaving.signal })
    expect((await early.next()).value).toMatchObject({ type: 'snapshot' })
    await sweeping()
    leaving.abort()
    const later = await client.sweeps.watch({ path, pair: 'pair-1' })
    const { value: first } = await later.next()
    expect(first).toMatchObject({ type: 'snapshot', progress: { phase: 'sweeping' } })
    engine.letGo()
    const events = await collect(later)
    expect(events.at(-1)).toMatchObject({ type: 'finished' })
  })

  it('keeps its project open until it is saved, and ends with the program and its engine', async () => {
    const own = createEngineHost()
    const client = startWorkbench({ engine: own })
    const { path } = await client.projects.openDemo({ pair: 'blend' })
    await client.sweeps.start({ path, pair: 'pair-1' })
    await client.projects.close({ path })
    expect(existsSync(join(path, '.lock'))).toBe(true)
    await started.splice(0)[0]?.close()
    expect(existsSync(join(path, '.lock'))).toBe(false)
    expect(own.pid).toBeUndefined()
  })
})
