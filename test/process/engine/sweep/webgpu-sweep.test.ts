import { cp, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type * as ort from 'onnxruntime-node'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { demoPrompts, packTokens, spreadPrompts, trieOf } from '../../../../src/bench/workload'
import type { EngineSweepEvent, SweepRequest } from '../../../../src/contract/procedures/engine'
import { type Model, rangeModel } from '../../../../src/contract/model/model'
import { InferenceSession } from '../../../../src/main/base/onnxruntime'
import { floatTensor, openDevice } from '../../../../src/main/engine/device/device'
import { forward } from '../../../../src/main/engine/forward/forward'
import { closePairWeights, openPairWeights } from '../../../../src/main/engine/weights/pair-weights'
import { planEngineSweep } from '../../../../src/main/engine/sweep/plan'
import { sweep } from '../../../../src/main/engine/sweep/sweep'
import { collect } from '../../../fixtures/collect'
import { largestDifference } from '../../../fixtures/goldens'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { shortPair } from '../../../fixtures/swept-project'
import { whyNoWebGpu } from '../../../fixtures/webgpu'

const missing = await whyNoWebGpu()

const LAYERS = 6
const HIDDEN = 128
const VOCABULARY = 2048
const FLOAT_BYTES = 4

/** Measured on llvmpipe: 2.4e-6 and 6.7e-4. */
const FP32_PROBABILITY = 2e-5
const FP16_PROBABILITY = 5e-3

const range = (start: number, end: number): Model => rangeModel({ start, end })
const MODELS: Model[] = [{ kind: 'base' }, { kind: 'post' }, range(0, 2), range(2, 5), range(2, 3)]

/** Read once: what they are hangs on no test. */
const prompts = missing === null ? await demoPrompts() : []

/** @param promptCount few, for what holds of any; groups and a share of the states that goes there need some */
async function requestFor(changes: Partial<SweepRequest>, promptCount = 2): Promise<SweepRequest> {
  return {
    ...(await shortPair()),
    device: 'webgpu',
    models: MODELS,
    prompts: spreadPrompts(prompts, promptCount),
    memoryBytes: 2 ** 31,
    ...changes
  }
}

const run = (request: SweepRequest, signal?: AbortSignal): Promise<EngineSweepEvent[]> =>
  collect(sweep(request, signal))

let onCpu: number[] | null = null

/** Returns the CPU results of eight prompts, computed once. */
async function cpuProbabilities(): Promise<number[]> {
  return (onCpu ??= probabilitiesOf(await run(await requestFor({ device: 'cpu' }, 8))))
}

/** Probabilities of all models, prompts and groups in this order. */
function probabilitiesOf(events: readonly EngineSweepEvent[]): number[] {
  const all: number[][][] = []
  for (const event of events) if (event.type === 'probabilities') all[event.model] = event.probabilities
  return all.flat(2)
}

interface Watched {
  /** How many tensors runs have left in the device's memory, disposed or not. */
  count: number
  /** Tensors that may still be alive. */
  tensors: ort.Tensor[]
  /** Maximum bytes of tensors alive at once. */
  peakBytes: number
}

function watchDevice(): Watched {
  const watched: Watched = { count: 0, tensors: [], peakBytes: 0 }
  const create = InferenceSession.create.bind(InferenceSession)
  vi.spyOn(InferenceSession, 'create').mockImplementation(async (...args: Parameters<typeof create>) => {
    const session = await create(...args)
    const runSession = session.run.bind(session)
    vi.spyOn(session, 'run').mockImplementation(async (...inputs: Parameters<typeof runSession>) => {
      const results = await runSession(...inputs)
      const left = Object.values(results).filter(({ location }) => location === 'gpu-buffer')
      watched.count += left.length
      watched.tensors = [...held(watched), ...left]
      const bytes = watched.tensors.reduce(
        (sum, { size, type }) => sum + (type === 'float16' ? size / 2 : size) * FLOAT_BYTES,
        0
      )
      watched.peakBytes = Math.max(watched.peakBytes, bytes)
      return results
    })
    return session
  })
  return watched
}

const held = ({ tensors }: Watched): ort.Tensor[] => tensors.filter(({ location }) => location !== 'none')

describe.skipIf(missing !== null)('a sweep on WebGPU', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('gives what the CPU gives in fp16', async () => {
    const onGpu = probabilitiesOf(await run(await requestFor({ precision: 'fp16' }, 8)))
    expect(largestDifference(onGpu, await cpuProbabilities())).toBeLessThan(FP16_PROBABILITY)
  })

  it('gives what the CPU gives in fp32, leaving hidden states on the device: weights go there once, and only last states and scores come back', async () => {
    const request = await requestFor({ precision: 'fp32' }, 8)
    const events = await run(request)
    expect(largestDifference(probabilitiesOf(events), await cpuProbabilities())).toBeLessThan(FP32_PROBABILITY)
    const done = events.find((event) => event.type === 'done')
    const { work, moved } = done ?? {}
    if (work === undefined || moved === undefined || moved === null) throw new Error('nothing was counted')
    const tokens = new Set(request.prompts.flatMap(({ groups }) => groups.flat(2))).size
    const finals = MODELS.length * new Set(request.prompts.map((prompt) => prompt.tokens.join())).size
    // For each row of logits: the requested tokens, the maximum, the sum of exponentials and the total.
    expect(moved.fromDevice).toBe(FLOAT_BYTES * finals * (HIDDEN + 3 + tokens))
    // bfloat16 is uploaded as float32; base and post have a head each.
    const weights = 2 * work.weightBytesRead + 2 * FLOAT_BYTES * VOCABULARY * HIDDEN
    const states = FLOAT_BYTES * work.blockEvaluations * work.packedTokens * HIDDEN
    expect(moved.toDevice).toBeGreaterThan(weights)
    // 0.27 of them, embeddings and masks: every evaluation's own states would be all of them once more.
    expect(moved.toDevice - weights).toBeLessThan(0.3 * states)
  })

  it('says that rows are done when the device has done them, and keeps the device no more than some runs behind', async () => {
    const { base, post, prompts } = await requestFor({})
    const pair = await openPairWeights(base, post)
    const device = await openDevice('webgpu')
    let settled = 0
    const counted = {
      ...device,
      finishRuns: async () => {
        settled++
        await device.finishRuns()
      }
    }
    const packed = packTokens(prompts)
    const trie = trieOf(MODELS.slice(1), LAYERS)
    const rowsOf = new Array<number>(LAYERS).fill(0)
    for await (const event of forward({ device: counted, precision: 'fp32', pair, trie, packed })) {
      if (event.type !== 'rows') continue
      rowsOf[event.layer] = (rowsOf[event.layer] ?? 0) + event.rows
      // The results of the last layer come back, and with them the end of their run.
      if (event.layer < LAYERS - 1) expect(settled).toBe(1)
      settled = 0
    }
    const finals = new Set(packed.paths.map((path) => path.at(-1))).size
    const expected = trie.levels.map(
      ({ nodes }, layer) => nodes.length * (layer === LAYERS - 1 ? finals : packed.tokens.length)
    )
    expect(rowsOf).toEqual(expected)
    await device.close()
    await closePairWeights(pair)
  })

  it('gives the same states in fp16 from weights that each run copies and converts', async () => {
    const { base, post, prompts } = await requestFor({})
    const pair = await openPairWeights(base, post)
    const device = await openDevice('webgpu')
    const copying = {
      ...device,
      keepsTensors: false,
      copiesTensors: true,
      createSession: (model: Uint8Array) => device.createSession(model),
      resident: (data: Float32Array, dims: readonly number[]) => Promise.resolve(floatTensor(data, dims))
    }
    const packed = packTokens(prompts)
    const trie = trieOf(MODELS.slice(1), LAYERS)
    const finalsOn = async (computing: typeof device): Promise<number[]> => {
      const finals: number[][] = []
      for await (const event of forward({ device: computing, precision: 'fp16', pair, trie, packed }))
        if (event.type === 'final') finals[event.leaf] = [...event.hidden]
      return finals.flat()
    }
    const [uploaded, copied] = [await finalsOn(device), await finalsOn(copying)]
    const largest = Math.max(...uploaded.map(Math.abs))
    const difference = largestDifference(copied, uploaded)
    expect(difference / largest).toBeLessThan(1e-5)
    await device.close()
    await closePairWeights(pair)
  })

  it('takes no more of the device than its plan says, in as many groups as the budget asks for', async () => {
    const whole = await planEngineSweep(await requestFor({}, 8))
    const { states, weights, activations, finals } = whole.memory
    expect(whole.deviceBytes).toBeGreaterThan(states + activations)
    expect(whole.deviceBytes).toBeLessThan(states + weights + activations + finals)
    const request = await requestFor({ memoryBytes: whole.peakBytes - 1e5 }, 8)
    const plan = await planEngineSweep(request)
    expect(plan.groups.length).toBeGreaterThan(1)
    const watched = watchDevice()
    await run(request)
    expect(watched.peakBytes).toBeGreaterThan(plan.memory.states)
    expect(watched.peakBytes).toBeLessThan(plan.deviceBytes)
  })

  it('gives all memory back when it is done, cancelled in a layer or in the head, or its files fail', async () => {
    const watched = watchDevice()
    await run(await requestFor({}))
    expect(watched.count).toBeGreaterThan(MODELS.length * LAYERS)
    expect(held(watched)).toEqual([])

    /** @returns how many tensors were held when it was stopped */
    const stoppedAt = async (stops: (event: EngineSweepEvent) => boolean): Promise<number> => {
      const stop = new AbortController()
      let heldThen = 0
      const stopped = (async () => {
        for await (const event of sweep(await requestFor({}), stop.signal)) {
          if (!stop.signal.aborted && stops(event)) {
            heldThen = held(watched).length
            stop.abort()
          }
        }
      })()
      await expect(stopped).rejects.toMatchObject({ problem: { code: 'cancelled' } })
      expect(held(watched)).toEqual([])
      return heldThen
    }
    expect(await stoppedAt((event) => event.type === 'progress' && event.layer === 3)).toBeGreaterThan(0)
    // One head is done, and the other has begun.
    await stoppedAt((event) => event.type === 'probabilities')

    const post = await temporaryFolder()
    await cp((await shortPair()).post, post, { recursive: true })
    watched.count = 0
    const failed = (async () => {
      for await (const event of sweep(await requestFor({ post }))) {
        if (event.type === 'progress' && event.layer === 3) {
          await utimes(join(post, 'model.safetensors'), new Date(), new Date(0))
        }
      }
    })()
    await expect(failed).rejects.toMatchObject({ problem: { code: 'bad-file' } })
    expect(watched.count).toBeGreaterThan(0)
    expect(held(watched)).toEqual([])
  })
})
