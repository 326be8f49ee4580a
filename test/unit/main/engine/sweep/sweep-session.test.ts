import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { layersModel, type Model, rangeModel } from '../../../../../src/contract/model/model'
import type { SweepRequest } from '../../../../../src/contract/procedures/engine'
import type { WorkCounts } from '../../../../../src/contract/documents/sweep-work'
import { sweep } from '../../../../../src/main/engine/sweep/sweep'
import { endSweepSession, sweepSession } from '../../../../../src/main/engine/sweep/sweep-session'
import { cacheKey } from '../../../../../src/main/engine/weights/weight-cache'
import { goldenPath } from '../../../../fixtures/goldens'

const SESSION = 'a sweep'
const PLENTY = 2 ** 30
const pair = {
  base: goldenPath('llama3', 'base-bf16'),
  post: goldenPath('llama3', 'post-bf16'),
  device: 'cpu' as const
}
const POST: Model = { kind: 'post' }
const BASE: Model = { kind: 'base' }
/** A range of the pair's four layers. */
const restored = (start: number, end: number): Model => rangeModel({ start, end })
const ALL = [restored(0, 1), restored(1, 1), restored(1, 2), restored(1, 3), restored(2, 3)]

const prompt = (...tokens: number[]): SweepRequest['prompts'][number] => ({
  tokens,
  groups: [[[5], [6]], [[7]]]
})
const ONE = prompt(10, 11, 12)
const OTHERS = [prompt(10, 11, 13, 14), prompt(20, 21), prompt(20, 22, 23)]

interface Outcome {
  /** [model][prompt][group] */
  probabilities: number[][][]
  work: WorkCounts
  peakBytes: number
}

async function outcomeOf(
  asked: Pick<SweepRequest, 'models' | 'prompts'> & Partial<SweepRequest>,
  run = sweep
): Promise<Outcome> {
  const outcome: Outcome = {
    probabilities: asked.models.map(() => []),
    work: { blockEvaluations: 0, packedTokens: 0, promptTokens: 0, weightBytesRead: 0 },
    peakBytes: 0
  }
  for await (const event of run({ ...pair, memoryBytes: PLENTY, ...asked })) {
    if (event.type === 'plan') outcome.peakBytes = event.peakBytes
    if (event.type === 'done') outcome.work = event.work
    if (event.type !== 'probabilities') continue
    event.prompts.forEach((index, i) => {
      const ofModel = outcome.probabilities[event.model]
      if (ofModel !== undefined) ofModel[index] = event.probabilities[i] ?? []
    })
  }
  return outcome
}

/** The stages of a preview: a coarse one, post and base on all prompts, all ranges on one, some of them on the others, and one more. */
async function stages(memoryBytes: number, run = sweep): Promise<Outcome[]> {
  const nothing = { id: SESSION, keeps: 'nothing' as const }
  const weights = { id: SESSION, keeps: 'weights' as const }
  const states = { id: SESSION, keeps: 'states' as const }
  const coarse = { models: [restored(0, 1), restored(2, 3)], prompts: [ONE], session: nothing }
  const whole = { models: [POST, BASE], prompts: [ONE, ...OTHERS], session: states }
  const sample = { models: ALL, prompts: [ONE], session: weights }
  const finalists = { models: [restored(1, 1), restored(1, 2)], prompts: OTHERS, session: states }
  const last = { models: [restored(1, 3), restored(2, 3)], prompts: OTHERS, session: states }
  const outcomes: Outcome[] = []
  for (const stage of [coarse, whole, sample, finalists, last])
    outcomes.push(await outcomeOf({ ...stage, memoryBytes }, run))
  return outcomes
}

function expectSame(outcome: Outcome | undefined, plain: Outcome): void {
  const numbers = plain.probabilities.flat(2)
  expect(numbers.length).toBeGreaterThan(0)
  const got = outcome?.probabilities.flat(2) ?? []
  expect(got).toHaveLength(numbers.length)
  for (const [i, value] of numbers.entries()) expect(Math.abs((got[i] ?? NaN) - value)).toBeLessThan(1e-6)
}

/** The outcome of a sweep of all models on one prompt without a session, computed once. */
const alone = once(() => outcomeOf({ models: ALL, prompts: [ONE] }))

const finalistsAlone = once(() => outcomeOf({ models: [restored(1, 1), restored(1, 2)], prompts: OTHERS }))
const lastAlone = once(() => outcomeOf({ models: [restored(1, 3), restored(2, 3)], prompts: OTHERS }))

/** All stages with plenty of memory, and the bytes that the session held when they were over and when it was: run once. */
const plenty = once(async () => {
  const outcomes = await stages(PLENTY)
  const { weights, states } = sweepSession(SESSION)
  const held = [weights.bytes, states.bytes]
  await endSweepSession(SESSION)
  return { outcomes, held, left: [weights.bytes, states.bytes] }
})

function once<T>(compute: () => Promise<T>): () => Promise<T> {
  let computed: Promise<T> | null = null
  return () => (computed ??= compute())
}

describe('the stages of a sweep', () => {
  afterEach(async () => {
    await endSweepSession(SESSION)
  })

  it('open the pair once, and make every graph once', async () => {
    // Loaded anew: another file of this worker may have loaded what is watched here.
    vi.resetModules()
    vi.doMock(import('../../../../../src/main/checkpoint/pair'), { spy: true })
    onTestFinished(() => {
      vi.doUnmock('../../../../../src/main/checkpoint/pair')
      vi.resetModules()
    })
    const { InferenceSession } = await import('../../../../../src/main/base/onnxruntime')
    const { readPair } = await import('../../../../../src/main/checkpoint/pair')
    const anew = await import('../../../../../src/main/engine/sweep/sweep')
    const sessions = await import('../../../../../src/main/engine/sweep/sweep-session')
    const create = vi.spyOn(InferenceSession, 'create')
    await sessions.sweepSession(SESSION).open({ id: SESSION, ...pair })
    await stages(PLENTY, anew.sweep)
    expect(readPair).toHaveBeenCalledTimes(1)
    // Two sessions of blocks for each of four sets of prompts, one of which the last two stages share.
    // Two sessions of heads for each of base and post.
    expect(create).toHaveBeenCalledTimes(2 * 4 + 2 * 2)
    create.mockRestore()
    await sessions.endSweepSession(SESSION)
  })

  it('report errors of the pair, whether or not it was opened before them', async () => {
    const missing = { ...pair, post: goldenPath('llama3', 'nothing') }
    const problem = { problem: { code: 'not-found' } }
    await expect(sweepSession(SESSION).open({ id: SESSION, ...missing })).rejects.toMatchObject(problem)
    const session = { id: SESSION, keeps: 'weights' as const }
    const events = sweep({ ...missing, memoryBytes: PLENTY, models: [POST], prompts: [ONE], session })
    await expect(events.next()).rejects.toMatchObject(problem)
    await expect(outcomeOf({ models: [POST], prompts: [ONE], session })).resolves.toBeDefined()
  })

  it('continue after a stage that was stopped', async () => {
    const session = { id: SESSION, keeps: 'weights' as const }
    const asked = { models: ALL, prompts: [ONE] }
    const plain = await alone()
    for await (const event of sweep({ ...pair, memoryBytes: PLENTY, ...asked, session }))
      if (event.type === 'progress') break
    const controller = new AbortController()
    const stopped = sweep({ ...pair, memoryBytes: PLENTY, ...asked, session }, controller.signal)
    const stopping = (async () => {
      for await (const event of stopped) if (event.type === 'progress') controller.abort()
    })()
    await expect(stopping).rejects.toMatchObject({ problem: { code: 'cancelled' } })
    expectSame(await outcomeOf({ ...asked, session }), plain)
  })

  it('have all weights read before them, each once, if the memory is known', async () => {
    const session = sweepSession(SESSION)
    await session.open({ id: SESSION, ...pair, memoryBytes: PLENTY })
    const { prefetch } = session.weights
    for (const reads of prefetch?.reads ?? []) await prefetch?.waitFor(cacheKey(reads))
    const { bytes } = session.weights
    expect(bytes).toBeGreaterThan(0)
    expect(prefetch?.reads.filter((reads) => session.weights.has(cacheKey(reads)))).toEqual(prefetch?.reads)
    const [coarse, whole, sample, finalists, last] = await stages(PLENTY)
    const pairAlone = await outcomeOf({ models: [POST, BASE], prompts: [ONE] })
    expect(coarse?.work.weightBytesRead).toBe(pairAlone.work.weightBytesRead)
    expect([whole, sample, finalists, last].map((stage) => stage?.work.weightBytesRead)).toEqual([0, 0, 0, 0])
    expect(session.weights.bytes).toBe(bytes)
    expectSame(sample, await alone())
  })

  it('compute with the first weights while the others are read, and with blends', async () => {
    const half = { attention: 0.5, mlp: 0.5 }
    const models = [POST, BASE, restored(0, 3), layersModel([half, half, half, half])]
    const plain = await outcomeOf({ models, prompts: [ONE] })
    await sweepSession(SESSION).open({ id: SESSION, ...pair, memoryBytes: PLENTY })
    const session = { id: SESSION, keeps: 'weights' as const }
    expectSame(await outcomeOf({ models, prompts: [ONE], session }), plain)
  })

  it('have weights pass by one that leaves nothing while much is unread, and the next of them kept', async () => {
    const plain = await alone()
    const session = sweepSession(SESSION)
    const { weights } = session
    vi.spyOn(weights, 'readBatch').mockResolvedValueOnce(false)
    await session.open({ id: SESSION, ...pair, memoryBytes: PLENTY })
    await weights.prefetch?.waitFor(cacheKey(weights.prefetch.reads[0] ?? []))
    vi.spyOn(weights, 'bytesWith').mockReturnValueOnce(PLENTY)
    const keptDuring = new Set<number>()
    const watched: typeof sweep = async function* (request) {
      for await (const event of sweep(request)) {
        if (event.type === 'progress' || event.type === 'part') keptDuring.add(weights.bytes)
        yield event
      }
    }
    const asked = { models: ALL, prompts: [ONE] }
    expectSame(await outcomeOf({ ...asked, session: { id: SESSION, keeps: 'nothing' } }, watched), plain)
    expect([...keptDuring]).toEqual([0])
    const { prefetch } = weights
    for (const reads of prefetch?.reads ?? []) await prefetch?.waitFor(cacheKey(reads))
    expect(prefetch?.reads.filter((reads) => weights.has(cacheKey(reads)))).toEqual(prefetch?.reads)
    const next = await outcomeOf({ ...asked, session: { id: SESSION, keeps: 'weights' } })
    expectSame(next, plain)
    expect(weights.bytes).toBeGreaterThan(0)
  })

  it('have no weights read before them where too few would fit, nor after their end', async () => {
    const session = sweepSession(SESSION)
    await session.open({ id: SESSION, ...pair, memoryBytes: 2 ** 20 })
    expect([session.weights.prefetch, session.weights.bytes]).toEqual([null, 0])
    await session.open({ id: SESSION, ...pair, memoryBytes: PLENTY })
    await endSweepSession(SESSION)
    expect([session.weights.prefetch, session.weights.bytes]).toEqual([null, 0])
  })

  it('read every weight once, and compute no layer twice that models have in common', async () => {
    const [coarse, whole, sample, finalists, last] = (await plenty()).outcomes
    const { work } = await alone()
    expect(coarse?.work.weightBytesRead).toBe(work.weightBytesRead)
    expect([whole, sample, finalists, last].map((stage) => stage?.work.weightBytesRead)).toEqual([0, 0, 0, 0])
    expect(whole?.work.blockEvaluations).toBe(8)
    // Post's first two layers are there: 0-1 has four of its own, 1-1 three, 1-2 shares one of three, 1-3 two of three, 2-3 has two.
    expect(work.blockEvaluations).toBe(2 + 4 + 3 + 2 + 1 + 2)
    expect(sample?.work.blockEvaluations).toBe(4 + 3 + 2 + 1 + 2)
    // Stored: post's first layer of 1-1 and 1-2, the layers that 1-3 shares with 1-2, and post's first two of 2-3.
    expect(finalists?.work.blockEvaluations).toBe(3 + 2)
    expect(last?.work.blockEvaluations).toBe(1 + 2)
  })

  it.each(['plenty of memory', 'hardly any'])(
    'score as a sweep of each by itself does, within what is planned, with %s',
    async (memory) => {
      const plain = [await alone(), await finalistsAlone(), await lastAlone()]
      const hardlyAny = Math.max(...plain.map(({ peakBytes }) => peakBytes)) + 1000
      const [memoryBytes, outcomes] =
        memory === 'hardly any' ? [hardlyAny, await stages(hardlyAny)] : [PLENTY, (await plenty()).outcomes]
      const [, , ...some] = outcomes
      for (const [stage, expected] of plain.entries()) {
        expectSame(some[stage], expected)
        expect(some[stage]?.peakBytes).toBeLessThanOrEqual(memoryBytes)
      }
    }
  )

  it('score blends as well, whose weights are not kept', async () => {
    const half = { attention: 0.5, mlp: 0.5 }
    const models = [POST, restored(0, 3), layersModel([half, half, half, half])]
    const plain = await outcomeOf({ models, prompts: [ONE] })
    const session = { id: SESSION, keeps: 'weights' as const }
    expectSame(await outcomeOf({ models, prompts: [ONE], session }), plain)
    expectSame(await outcomeOf({ models, prompts: [ONE], session }), plain)
  })

  it('leave nothing behind when they are over', async () => {
    const { held, left } = await plenty()
    for (const bytes of held) expect(bytes).toBeGreaterThan(0)
    expect(left).toEqual([0, 0])
  })

  it('are not left without their weights when they end in the middle of one', async () => {
    const asked = { models: ALL, prompts: [ONE], session: { id: SESSION, keeps: 'weights' as const } }
    const plain = await alone()
    await outcomeOf(asked)
    const session = sweepSession(SESSION)
    const probabilities: number[][][] = ALL.map(() => [])
    for await (const event of sweep({ ...pair, memoryBytes: PLENTY, ...asked })) {
      if (event.type === 'plan') await endSweepSession(SESSION)
      if (event.type !== 'probabilities') continue
      expect(session.weights.bytes).toBeGreaterThan(0)
      probabilities[event.model] = event.probabilities
    }
    expectSame({ ...plain, probabilities }, plain)
    expect(session.weights.bytes).toBe(0)
  })
})
