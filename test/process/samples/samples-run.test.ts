import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRouterClient } from '@orpc/server'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { DEFAULT_RENDERING } from '../../../src/contract/documents/crc'
import {
  PAPER_SAMPLING,
  type SampleEvent,
  SampleLine,
  type SampleSettings,
  type Variant
} from '../../../src/contract/documents/samples'
import { resourcePath } from '../../../src/main/base/resources'
import { createWorkbench } from '../../../src/main/workbench/router'
import { defaultSampleSettings } from '../../../src/main/samples/default-settings'
import { prepareSampleRun, type SampleRunRequest } from '../../../src/main/samples/prepare-run'
import { collect } from '../../fixtures/collect'
import { temporaryFolder } from '../../fixtures/checkpoint-builder'
import { answers, HeldEngine } from '../../fixtures/held-engine'
import { problemOf } from '../../fixtures/problems'
import { SAMPLE_SETTINGS } from '../../fixtures/sample-documents'
import { sharedEngine } from '../../fixtures/shared-engine'
import { textFolder } from '../../fixtures/text-folder'

const SETTINGS: SampleSettings = { ...SAMPLE_SETTINGS, maxTokens: 24, sampleCount: 6 }

const POST: Variant = { kind: 'post', name: 'post' }
const VARIANTS: Variant[] = [
  { kind: 'base', name: 'base' },
  POST,
  { kind: 'recipe', name: '4-11', recipe: { name: '4-11', ranges: [[4, 11]] } }
]

/** The first pair of a project, by the words of a procedure. */
const firstPairOf = (path: string) => ({ path, pair: 'pair-1' }) as const

const DEMO = { base: resourcePath('blend-pair', 'base'), post: resourcePath('blend-pair', 'post') }

describe('preparing a run', () => {
  function request(changes: Partial<SampleRunRequest> = {}): SampleRunRequest {
    return {
      ...DEMO,
      prompts: [{ text: 'Name a colour.', category: '', raw: false }],
      rendering: DEFAULT_RENDERING,
      variants: VARIANTS,
      settings: SETTINGS,
      ...changes
    }
  }

  /** The demo pair in a folder of its own, with some files of one member changed; null removes one. */
  async function changedPair(
    member: 'base' | 'post',
    files: Record<string, ((content: string) => string) | null>
  ): Promise<{ base: string; post: string }> {
    const folder = join(await temporaryFolder(), member)
    await cp(DEMO[member], folder, { recursive: true })
    for (const [name, change] of Object.entries(files)) {
      const file = join(folder, name)
      if (change === null) await rm(file)
      else await writeFile(file, change(await readFile(file, 'utf8')))
    }
    return { ...DEMO, [member]: folder }
  }

  it('stores the prompts that the models see: the template, a system turn of the prompt, and unchanged raw text', async () => {
    const { run } = await prepareSampleRun(
      request({
        rendering: { ...DEFAULT_RENDERING, systemPrompt: 'Be brief.' },
        prompts: [
          { text: 'Name a colour.', category: '', raw: false },
          { text: 'Name a colour.', category: '', raw: false, system: 'Be long.' },
          { text: 'Once upon a time', category: '', raw: true }
        ]
      })
    )
    const [ofProject, own, raw] = run.prompts
    expect(ofProject?.rendered).toMatch(/Be brief\.[^]*Name a colour\.[^]*assistant/)
    expect(own?.rendered).toMatch(/Be long\.[^]*Name a colour\./)
    expect(own?.rendered).not.toContain('Be brief.')
    expect(raw?.rendered).toBe('Once upon a time')
    expect(run.stopTokens).toEqual([5])
    expect(run.notices).toEqual([])
  })

  it('refuses an empty prompt by its number', async () => {
    const prompts = ['Name a colour.', ' \n '].map((text) => ({ text, category: '', raw: false }))
    const problem = await problemOf(prepareSampleRun(request({ prompts })))
    expect(problem).toMatchObject({ code: 'bad-input', message: 'Prompt 2 is empty.' })
  })

  it('refuses variants that share a name, and a recipe for layers the model does not have', async () => {
    const twice = await problemOf(prepareSampleRun(request({ variants: [POST, POST] })))
    expect(twice.message).toBe('Two variants are named "post".')
    const deep: Variant = { kind: 'recipe', name: 'deep', recipe: { name: 'deep', ranges: [[4, 12]] } }
    const problem = await problemOf(prepareSampleRun(request({ variants: [deep] })))
    expect(problem.message).toMatch(/recipe "deep" ends at layer 12/)
  })

  it('refuses base by name when its tokenizer reads the prompts otherwise, and does without it', async () => {
    const pair = await changedPair('base', {
      'tokenizer.json': (text) => text.replace('"<|user|>"', '"<|USER|>"').replace('"<|user|>"', '"<|USER|>"')
    })
    const { code, message } = await problemOf(prepareSampleRun(request(pair)))
    expect(code).toBe('bad-input')
    expect(message).toMatch(/variant "base" cannot be sampled.*other tokens under base's own tokenizer/)
    const { run } = await prepareSampleRun(request({ ...pair, variants: VARIANTS.slice(1) }))
    expect(run.variants).toHaveLength(2)
  })

  it('finds the tokens that end an answer in generation config, config or tokenizer, or says that there are none', async () => {
    const stopTokens = async (
      files: Record<string, ((content: string) => string) | null>
    ): Promise<{ stopTokens: number[]; notices: string[] }> => {
      const pair = await changedPair('post', files)
      // Base would name the same token.
      const { run } = await prepareSampleRun(request({ ...pair, base: pair.post, variants: [POST] }))
      return { stopTokens: run.stopTokens, notices: run.notices }
    }
    const without = (text: string): string => text.replace(/"eos_token(_id)?"/g, '"sep_token$1"')
    const list = (text: string): string => text.replace('"eos_token_id": 5', '"eos_token_id": [5, 7]')
    expect((await stopTokens({ 'generation_config.json': list })).stopTokens).toEqual([5, 7])
    expect((await stopTokens({ 'generation_config.json': null })).stopTokens).toEqual([5])
    const byTokenizer = { 'generation_config.json': null, 'config.json': without }
    expect((await stopTokens(byTokenizer)).stopTokens).toEqual([5])
    expect(
      await stopTokens({ ...byTokenizer, 'tokenizer_config.json': without, 'special_tokens_map.json': null })
    ).toEqual({
      stopTokens: [],
      notices: [expect.stringMatching(/answers end only at the most tokens allowed/)]
    })
  })

  it('names the field of a generation config that is wrong', async () => {
    const pair = await changedPair('post', {
      'generation_config.json': (text) => text.replace('"temperature": 1.0', '"temperature": "hot"')
    })
    const problem = await problemOf(prepareSampleRun(request(pair)))
    expect(problem.message).toMatch(/generation_config\.json: temperature/)
  })
})

describe('default settings', () => {
  const defaultsFor = async (config: object | null): Promise<SampleSettings> => {
    const folder = await temporaryFolder()
    if (config !== null) await writeFile(join(folder, 'generation_config.json'), JSON.stringify(config))
    return defaultSampleSettings(folder)
  }

  it("are the model's own where it has some", async () => {
    const config = { do_sample: true, temperature: 0.6, top_k: 20, top_p: 0.95, max_new_tokens: 96 }
    expect(await defaultsFor(config)).toMatchObject({
      sampling: { temperature: 0.6, topK: 20, topP: 0.95, minP: 0, repetitionPenalty: 1 },
      maxTokens: 96,
      sampleCount: 8,
      seed: 1
    })
    expect((await defaultsFor({ do_sample: false, temperature: 0.6 })).sampling.temperature).toBe(0)
    expect((await defaultsFor({ top_k: 0 })).sampling.topK).toBeNull()
    expect((await defaultsFor({ do_sample: true, top_k: null })).sampling.topK).toBeNull()
    expect((await defaultsFor({ max_new_tokens: 32_768 })).maxTokens).toBe(256)
  })

  it('have the top-k of transformers where a model samples and names none', async () => {
    expect((await defaultsFor({ do_sample: true, temperature: 0.6, top_p: 0.9 })).sampling.topK).toBe(50)
  })

  it("are the paper's where it has none", async () => {
    expect((await defaultsFor(null)).sampling).toEqual(PAPER_SAMPLING)
    expect((await defaultsFor({ eos_token_id: [1, 2] })).sampling).toEqual(PAPER_SAMPLING)
  })
})

/** Runs of real projects with the demo pair and the built engine process. */
describe('a run', () => {
  let folder: string
  let engine: HeldEngine
  const started: ReturnType<typeof createWorkbench>[] = []
  /** A run over all prompts that went through at once, and its answers to the first two. */
  let whole: { path: string; runId: string; events: SampleEvent[]; answers: string[] }

  beforeAll(async () => {
    await enterFolder()
    const client = startWorkbench()
    const { path } = await client.projects.openDemo({ pair: 'blend' })
    const { runId } = await client.samples.start({
      ...firstPairOf(path),
      settings: SETTINGS,
      variants: VARIANTS
    })
    const events = await collect(await client.samples.watch(firstPairOf(path)))
    const all = await answersOf(path, runId)
    whole = { path, runId, events, answers: all.filter((answer) => /^[^/]*\/[01]\//.test(answer)) }
    await leaveFolder()
  })
  beforeEach(enterFolder)
  afterEach(leaveFolder)

  async function enterFolder(): Promise<void> {
    folder = await textFolder({})
    vi.stubEnv('SLR_CONFIG_DIR', join(folder, 'config'))
    vi.stubEnv('SLR_PROJECTS_DIR', join(folder, 'projects'))
    engine = new HeldEngine(sharedEngine)
  }

  async function leaveFolder(): Promise<void> {
    await Promise.all(started.splice(0).map((workbench) => workbench.close()))
    vi.unstubAllEnvs()
  }

  function startWorkbench() {
    const workbench = createWorkbench({ engine, entry: 'browser', initial: { project: null } })
    started.push(workbench)
    return createRouterClient(workbench.router)
  }
  type Client = ReturnType<typeof startWorkbench>

  /** Returns the stored answers by their keys, regardless of their order. */
  async function answersOf(path: string, runId: string): Promise<string[]> {
    const text = await readFile(join(path, 'pairs/pair-1/samples', `${runId}.jsonl`), 'utf8')
    const lines = text.split('\n')
    expect(lines.pop()).toBe('')
    return lines
      .map((line) => SampleLine.parse(JSON.parse(line)))
      .map(({ variant, prompt, index, text }) => `${variant}/${prompt}/${index} ${text}`)
      .toSorted()
  }

  /** For what does not depend on the prompts: two are enough. */
  async function twoPrompts(client: Client): Promise<string> {
    const { path, samplePrompts } = await client.projects.openDemo({ pair: 'blend' })
    await client.samples.savePrompts({ ...firstPairOf(path), seen: 0, prompts: samplePrompts.slice(0, 2) })
    return path
  }

  /** Starts a run that stands still when some of its answers are stored. */
  async function halfway(client: Client, path: string, settings: SampleSettings, count: number) {
    const reached = engine.holdAt(answers(count))
    const { runId } = await client.samples.start({ ...firstPairOf(path), settings, variants: VARIANTS })
    await reached()
    return runId
  }

  it('shows post repeating itself and the restored range not, and is all there after a restart', async () => {
    const client = startWorkbench()
    const { path, runId, events } = whole
    const { samplePrompts } = await client.projects.open({ path })
    expect(events[0]).toMatchObject({ type: 'snapshot', run: { id: runId } })
    expect(events.at(-1)).toMatchObject({ type: 'finished' })
    const told = events.flatMap((event) =>
      event.type === 'samples' ? event.finished : event.type === 'snapshot' ? event.samples : []
    )
    const total = 3 * samplePrompts.length * 6

    const { run, samples, measures } = await client.samples.get({ ...firstPairOf(path), runId })
    expect(told).toHaveLength(total)
    expect(samples).toEqual(expect.arrayContaining(told))
    expect(samples).toHaveLength(total)
    expect(run).toMatchObject({ weights: 'fp32', precision: 'fp32', settings: SETTINGS, variants: VARIANTS })
    const [base, post, hybrid] = measures.variants.map((variant) => variant.measures.values.answerEntropy ?? NaN)
    expect(post).toBeLessThan(0.6)
    expect(hybrid).toBeGreaterThan(0.8)
    expect(base).toBeGreaterThan(0.8)
    // Special tokens are no part of an answer.
    for (const { text } of samples) expect(text).not.toMatch(/<\|/)

    await started.splice(0)[0]?.close()
    const later = startWorkbench()
    const state = await later.projects.open({ path })
    expect(state.sampleRuns).toMatchObject([
      { id: runId, sampleCount: total, sampleTotal: total, variantNames: ['base', 'post', '4-11'] }
    ])
    expect(await later.samples.get({ ...firstPairOf(path), runId })).toEqual({ run, samples, measures })
    expect(await collect(await later.samples.watch(firstPairOf(path)))).toEqual([])
  })

  it('keeps its answers when the engine is killed, and continues a run that requested all at once', async () => {
    const client = startWorkbench()
    const path = await twoPrompts(client)
    const runId = await halfway(client, path, { ...SETTINGS, sampleCount: 3 }, 10)
    const events = await client.samples.watch(firstPairOf(path))
    engine.kill()
    expect((await collect(events)).at(-1)).toMatchObject({ type: 'failed', problem: { code: 'engine-lost' } })
    const kept = await answersOf(path, runId)
    expect(kept).toHaveLength(10)
    expect((await client.projects.open({ path })).sampleRuns).toMatchObject([
      { id: runId, sampleCount: 10, sampleTotal: 3 * 2 * 3 }
    ])

    const fewer = await client.samples
      .more({ ...firstPairOf(path), runId, sampleCount: 2 })
      .catch((error: unknown) => error)
    expect(fewer).toMatchObject({ data: { code: 'bad-input' } })
    await client.samples.more({ ...firstPairOf(path), runId, sampleCount: 6 })
    const more = await collect(await client.samples.watch(firstPairOf(path)))
    expect(more[0]).toMatchObject({ type: 'snapshot', samples: { length: 10 } })
    expect(more.at(-1)).toMatchObject({ type: 'finished' })
    const all = await answersOf(path, runId)
    expect(all).toEqual(expect.arrayContaining(kept))
    expect(all).toEqual(whole.answers)
    // Nothing was generated twice.
    expect(all).toHaveLength(3 * 2 * 6)
  })

  it('is the only job of its project, until it is cancelled; keeps marks, and can be gone on with', async () => {
    const client = startWorkbench()
    const path = await twoPrompts(client)
    const settings = SETTINGS
    const busy = { data: { code: 'busy' } }
    const reached = engine.holdAt(answers(5))
    const starts = await Promise.allSettled(
      [0, 1].map(() => client.samples.start({ ...firstPairOf(path), settings, variants: VARIANTS }))
    )
    expect(starts.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    await reached()
    await expect(client.sweeps.start(firstPairOf(path))).rejects.toMatchObject(busy)
    const request = { ...firstPairOf(path), settings, variants: VARIANTS }
    await expect(client.samples.start(request)).rejects.toMatchObject(busy)
    await expect(client.samples.scoreCrc(request).then(collect)).rejects.toMatchObject(busy)

    const [{ id: runId } = { id: '' }] = (await client.projects.open({ path })).sampleRuns
    const among = VARIANTS.map(({ name }) => name)
    const marks = [{ prompt: 0, index: 0, size: 1, among, verdict: 'preferred' as const, variant: '4-11' }]
    await client.samples.vote({ ...firstPairOf(path), runId, decided: marks, undecided: [] })
    const events = (await client.samples.watch(firstPairOf(path)))[Symbol.asyncIterator]()
    expect((await events.next()).value).toMatchObject({ type: 'snapshot', run: { marks } })
    await client.samples.cancel(firstPairOf(path))
    const watched = await collect(await client.samples.watch(firstPairOf(path)))
    expect(watched.at(-1)).toEqual({ type: 'cancelled' })
    expect(await answersOf(path, runId)).toHaveLength(5)
    await client.sweeps.start(firstPairOf(path))
    await expect(client.samples.start(request)).rejects.toMatchObject(busy)
    await client.sweeps.cancel(firstPairOf(path))
    await collect(await client.sweeps.watch(firstPairOf(path)))

    await client.samples.more({ ...firstPairOf(path), runId, sampleCount: SETTINGS.sampleCount })
    const [snapshot] = await collect(await client.samples.watch(firstPairOf(path)))
    expect(snapshot).toMatchObject({ type: 'snapshot', samples: { length: 5 } })
    expect((await client.samples.get({ ...firstPairOf(path), runId })).run).toMatchObject({
      marks,
      weights: 'fp32'
    })
    const { content } = await client.samples.export({ ...firstPairOf(path), runId, format: 'jsonl' })
    expect(content.trimEnd().split('\n')).toHaveLength(3 * 2 * SETTINGS.sampleCount)
    expect(await answersOf(path, runId)).toEqual(whole.answers)
  })

  it('refuses to continue when a checkpoint has changed', async () => {
    const client = startWorkbench()
    const post = join(folder, 'post')
    await cp(DEMO.post, post, { recursive: true })
    const { path, revision } = await client.projects.create({ folder, name: 'Own', base: DEMO.base, post })
    await client.samples.savePrompts({
      ...firstPairOf(path),
      seen: revision,
      prompts: [{ text: 'Name a colour.', category: '', raw: false }]
    })
    const settings = { ...SETTINGS, sampleCount: 1 }
    const { runId } = await client.samples.start({ ...firstPairOf(path), settings, variants: [POST] })
    expect((await collect(await client.samples.watch(firstPairOf(path)))).at(-1)).toMatchObject({
      type: 'finished'
    })
    await cp(join(DEMO.base, 'model.safetensors'), join(post, 'model.safetensors'))
    await expect(client.samples.more({ ...firstPairOf(path), runId, sampleCount: 3 })).rejects.toMatchObject({
      data: { code: 'mismatch' }
    })
  })

  it('can have the built-in prompts, those of a file, their rendering and default settings', async () => {
    const client = startWorkbench()
    const { path, samplePrompts } = await client.projects.openDemo({ pair: 'blend' })
    expect(samplePrompts.map(({ text }) => text)).toContain('Name a colour.')
    expect((await client.samples.builtinPrompts()).length).toBeGreaterThan(5)
    const prompts = await client.samples.readPrompts({ fileName: 'mine.txt', content: 'One\nTwo\n' })
    expect(prompts.map(({ text }) => text)).toEqual(['One', 'Two'])
    expect(await client.samples.savePrompts({ ...firstPairOf(path), seen: 0, prompts })).toMatchObject({
      samplePrompts: prompts
    })
    const [prompt] = prompts
    if (prompt === undefined) throw new Error('no prompt')
    const { rendered, tokens } = await client.samples.render({ ...firstPairOf(path), prompt })
    expect(rendered).toContain('One')
    expect(tokens.length).toBeGreaterThan(1)
    expect(await client.samples.defaults(firstPairOf(path))).toMatchObject({
      sampling: { temperature: 1, minP: 0 },
      maxTokens: 96
    })
  })

  describe('over CRC prompts', () => {
    /** Few of the demo's prompts, swept, and how to check them with a sampler. */
    let swept: string

    beforeAll(async () => {
      await enterFolder()
      const client = startWorkbench()
      swept = (await crcProject(client)).path
      expect(await client.samples.crcScores({ path: swept, pair: 'pair-1' })).toBeNull()
      const changes = { settings: { uniformBlendCount: 0 } }
      await client.pairs.update({ ...firstPairOf(swept), seen: Number.MAX_SAFE_INTEGER, changes })
      await client.sweeps.start({ path: swept, pair: 'pair-1' })
      await collect(await client.sweeps.watch({ path: swept, pair: 'pair-1' }))
      await leaveFolder()
    })

    async function crcProject(client: Client) {
      const { path, prompts } = await client.projects.openDemo({ pair: 'blend' })
      return client.prompts.save({
        path,
        pair: 'pair-1',
        seen: 0,
        prompts: prompts.filter((_, place) => place % 10 === 0)
      })
    }

    async function check(
      client: Client,
      path: string,
      sampling: Partial<SampleSettings['sampling']>,
      sampleCount: number
    ) {
      const settings = {
        ...SETTINGS,
        sampling: { ...PAPER_SAMPLING, ...sampling },
        maxTokens: 8,
        sampleCount
      }
      const request = { ...firstPairOf(path), settings, variants: VARIANTS }
      const events = await collect(await client.samples.scoreCrc(request))
      const last = events.at(-1)
      if (last?.type !== 'scores') throw new Error('no scores came')
      expect(events.length).toBeGreaterThan(1)
      return last.result
    }

    it('scores full answers beside their first tokens and the newest sweep, and keeps the scores', async () => {
      const client = startWorkbench()
      await client.projects.open({ path: swept })
      const result = await check(client, swept, { minP: 0 }, 16)
      for (const { exact, firstToken } of result.scores) {
        // Without truncation the sampler draws from the very distribution that the sweep scored.
        expect(firstToken.validity).toBeCloseTo(exact?.validity ?? NaN, 5)
        expect(firstToken.diversity).toBeCloseTo(exact?.diversity ?? NaN, 5)
      }
      const [, post, hybrid] = result.scores
      expect(post?.answers.validity).toBeGreaterThan(0.9)
      expect(post?.answers.diversity).toBeLessThan(0.6)
      expect(hybrid?.answers.diversity).toBeGreaterThan(post?.answers.diversity ?? 1)

      await started.splice(0)[0]?.close()
      const later = startWorkbench()
      await later.projects.open({ path: swept })
      expect(await later.samples.crcScores({ path: swept, pair: 'pair-1' })).toEqual(result)
      expect(result).toMatchObject({ weights: 'fp32', variants: VARIANTS, settings: { sampleCount: 16 } })
      expect(result.postPath.fingerprint).not.toBe('')
    })

    it('compares answers with first tokens under the same sampler, whatever it cuts off', async () => {
      const client = startWorkbench()
      await client.projects.open({ path: swept })
      const { scores } = await check(client, swept, { minP: 0.1 }, 32)
      const [base, post, hybrid] = scores
      // Min-p leaves the hybrid valid tokens only: beside the untruncated score that would look like a finding.
      expect(hybrid?.answers.validity).toBeGreaterThan((hybrid?.exact?.validity ?? 1) + (hybrid?.tolerance ?? 1))
      expect([post?.disagrees, hybrid?.disagrees]).toEqual([false, false])
      // Base goes on after a valid first character.
      expect(base?.answers.validity).toBeLessThan((base?.firstToken.validity ?? 0) - 0.1)
      expect(base?.disagrees).toBe(true)
    })

    it('needs no sweep, and sees greedy answers as certain', async () => {
      const client = startWorkbench()
      const { path } = await crcProject(client)
      const { scores } = await check(client, path, { temperature: 0 }, 2)
      for (const { exact, firstToken, answers, disagrees } of scores) {
        expect(exact).toBeNull()
        expect(firstToken.diversity).toBe(0)
        expect(answers.validity).toBe(firstToken.validity)
        expect(disagrees).toBe(false)
      }
    })
  })
})
