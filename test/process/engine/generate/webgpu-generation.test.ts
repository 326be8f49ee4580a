import { elementAt } from '../../../../src/contract/model/look-up'
import type * as ort from 'onnxruntime-node'
import { describe, expect, it, vi } from 'vitest'
import type { GenerationDevice, Precision } from '../../../../src/contract/model/device'
import type { EngineGenerateEvent } from '../../../../src/contract/procedures/engine'
import type { SinglesRequest } from '../../../../src/main/engine/generate/drawn-models'
import type { WeightStorage } from '../../../../src/contract/model/sampling'
import { openDevice, type Device } from '../../../../src/main/engine/device/device'
import { generate, generateOn } from '../../../../src/main/engine/generate/generate'
import { cacheCapacity, planGeneration } from '../../../../src/main/engine/generate/generation-plan'
import { openResidentHead, type ResidentHead } from '../../../../src/main/engine/generate/resident-head'
import { closePairWeights, memberOf, openPairWeights } from '../../../../src/main/engine/weights/pair-weights'
import { findSharing } from '../../../../src/main/engine/weights/sharing'
import { prefill } from '../../../../src/main/engine/generate/prefill'
import { probe } from '../../../../src/main/engine/questions/probe'
import { buildRecipeTrie, type Origin } from '../../../../src/main/engine/tries/recipe-trie'
import { openRunner } from '../../../../src/main/engine/generate/open-runner'
import { rowAt } from '../../../../src/main/engine/rows/rows'
import { finishedAnswers, ONE_ANSWER } from '../../../fixtures/few-answers'
import {
  GENERATING_FAMILIES,
  type GoldenFamily,
  goldenPath,
  largestDifference,
  readGolden
} from '../../../fixtures/goldens'
import { FP16_TOLERANCE, FP32_TOLERANCE, whyNoWebGpu } from '../../../fixtures/webgpu'

const missing = await whyNoWebGpu()

/** Base, post and a hybrid. */
function requestFor(name: string, changes: Partial<SinglesRequest>): SinglesRequest {
  return {
    base: goldenPath(name, 'base-bf16'),
    post: goldenPath(name, 'post-bf16'),
    device: 'webgpu',
    models: readGolden(name)
      .models.slice(0, 3)
      .map(({ model }) => model),
    prompts: [[1, 2, 3]],
    ...ONE_ANSWER,
    ...changes
  }
}

describe.skipIf(missing !== null)('greedy continuations on WebGPU', () => {
  async function expectReferenceTokens(name: string, models: GoldenFamily['models'], maxTokens: number): Promise<void> {
    const family = readGolden(name)
    const prompts = [family.prompts.pre_window ?? []]
    const ofModels = models.map(({ model }) => model)
    const request = requestFor(name, { prompts, precision: 'fp32', models: ofModels, maxTokens })
    const answers: number[][] = []
    for (const { model, tokens } of await finishedAnswers(generate(request, () => null))) answers[model] = tokens
    expect(answers).toEqual(models.map((model) => family.greedy(model.name).slice(0, maxTokens)))
  }

  // Windows begin to matter with the fourth token.
  it.each(GENERATING_FAMILIES)('%s: a hybrid gives the reference tokens', (name) =>
    expectReferenceTokens(name, readGolden(name).models.slice(2, 3), 7)
  )

  // Rows of several models run in one batch in every family. Windows and caps are the likeliest to fail.
  it.each(['llama3', 'gemma2'] as const)('%s: base, post and a hybrid side by side give the reference tokens', (name) =>
    expectReferenceTokens(name, readGolden(name).models.slice(0, 3), ONE_ANSWER.maxTokens)
  )
})

describe.skipIf(missing !== null)('prompts on WebGPU', () => {
  it('leave their keys and values on the device, from where rows take them', async () => {
    const { long = [] } = readGolden('llama3').prompts
    const request = requestFor('llama3', { precision: 'fp32', prompts: [long] })
    const pair = await openPairWeights(request.base, request.post)
    const device = await openDevice('webgpu')
    const moved = () => ({ toDevice: 0, fromDevice: 0, ...device.moved })
    const trie = buildRecipeTrie(request.models, await findSharing(pair, []))
    const { spec } = pair.post
    const plan = planGeneration(request, spec, trie, 'fp32')
    const heads = new Map<Origin, ResidentHead>()
    for (const origin of trie.roots) heads.set(origin, await openResidentHead(device, memberOf(pair, origin), 'fp32'))
    const parts = { models: request.models, device, precision: 'fp32', pair, trie, heads, plan } as const
    const runner = await openRunner(parts)

    const before = moved()
    const prefilled = await prefill(parts, { prompts: [long] })
    // For each model: the states that predict a next token, and the logits.
    const perModel = (spec.hiddenSize + spec.vocabularySize) * Float32Array.BYTES_PER_ELEMENT
    expect(moved().fromDevice - before.fromDevice).toBe(request.models.length * perModel)

    const uploaded = moved().toDevice
    const rows = request.models.map((_, model) => ({
      model,
      prompt: long,
      tokens: [1],
      position: long.length
    }))
    await runner.admit(rows, prefilled)
    const tokenBytes = 2 * spec.layerCount * spec.kvHeadCount * spec.headSize * Float32Array.BYTES_PER_ELEMENT
    const keyValueBytes = rows.length * long.length * tokenBytes
    // Only the indices of rows and of their targets are copied to the device.
    expect(moved().toDevice - uploaded).toBeLessThan(keyValueBytes / 2)

    prefilled.dispose()
    await runner.close()
    for (const head of heads.values()) await head.close()
    await device.close()
    await closePairWeights(pair)
  })
})

describe.skipIf(missing !== null)('rows that come and go', () => {
  /**
   * Runs given answers, not the likeliest ones, so that an error cannot hide behind an equal choice, nor grow by one.
   * Rows of other lengths and variants start and end in between, and the longest outgrow the caches.
   *
   * @returns the largest difference of any step's logits from those of the whole sequence computed at once, without a
   *   cache and on the CPU
   */
  async function largestError(
    name: string,
    device: GenerationDevice,
    precision: Precision,
    weights: WeightStorage = precision
  ): Promise<number> {
    const { long = [] } = readGolden(name).prompts
    const answer = Array.from({ length: 14 }, (_, i) => (i * 37 + 11) % 200)
    // Six places before the caches are full.
    const longest = [...long, ...answer, ...answer].slice(0, cacheCapacity(long.length, true) - 6)
    const request = requestFor(name, {
      device,
      precision,
      weights,
      prompts: [longest, [5, 6, 7]],
      maxTokens: answer.length
    })
    const { models, prompts } = request
    const row = (model: number, prompt: number) => ({
      model,
      prompt: elementAt(prompts, prompt, 'prompt'),
      tokens: answer.slice(0, 1),
      position: prompts[prompt]?.length ?? 0
    })
    const [first, second, third, fourth, fifth] = [row(0, 0), row(1, 1), row(2, 0), row(0, 1), row(1, 0)]
    const starts = new Map([
      [0, [first, second, third]],
      [4, [fourth]],
      [5, [fifth]]
    ])
    const ends = new Map([
      [2, [first]],
      [3, [second]],
      [9, [fourth]]
    ])

    const pair = await openPairWeights(request.base, request.post)
    const opened = await openDevice(device)
    const trie = buildRecipeTrie(models, await findSharing(pair, []))
    const plan = planGeneration(request, pair.post.spec, trie, precision)
    const heads = new Map<Origin, ResidentHead>()
    for (const origin of trie.roots)
      heads.set(origin, await openResidentHead(opened, memberOf(pair, origin), plan.weights))
    const parts = { models, device: opened, precision, pair, trie, heads, plan }
    const runner = await openRunner(parts)
    const prefilled = await prefill(parts, { prompts })
    const seen: { row: ReturnType<typeof row>; length: number; logits: Float32Array }[] = []
    let running: ReturnType<typeof row>[] = []
    for (let step = 0; step < 13; step++) {
      const starting = starts.get(step) ?? []
      running.push(...starting)
      await runner.admit(starting, prefilled)
      const logits = await runner.step(running, async (head, hidden, indices) => {
        const all = await head.logits(hidden)
        return indices.map((_, at) => rowAt(all, at, all.length / indices.length))
      })
      for (const [i, each] of running.entries()) {
        seen.push({ row: each, length: each.tokens.length, logits: Float32Array.from(logits[i] ?? []) })
        each.tokens.push(answer[each.tokens.length] ?? 0)
        each.position++
      }
      const ending = ends.get(step) ?? []
      running = running.filter((each) => !ending.includes(each))
      await runner.dismiss(ending)
    }
    prefilled.dispose()
    await runner.close()
    for (const head of heads.values()) await head.close()
    await opened.close()
    await closePairWeights(pair)

    const { base, post } = request
    let worst = 0
    for (const [m, model] of models.entries()) {
      const ofModel = seen.filter((each) => each.row.model === m)
      const whole = ofModel.map(({ row: { prompt }, length }) => [...prompt, ...answer.slice(0, length)])
      const expected = await probe({ base, post, device: 'cpu', model, prompts: whole })
      for (const [i, { logits }] of ofModel.entries()) {
        worst = Math.max(worst, largestDifference(Array.from(logits), expected[i]))
      }
    }
    return worst
  }

  // Grouped queries; soft caps and windows.
  it.each(['llama3', 'gemma2'] as const)('%s: as without a cache, in fp32', async (name) => {
    expect(await largestError(name, 'webgpu', 'fp32')).toBeLessThan(FP32_TOLERANCE)
  })

  it('as without a cache to half precision', async () => {
    const error = await largestError('qwen3', 'webgpu', 'fp16')
    expect(error).toBeLessThan(FP16_TOLERANCE)
    // Half precision was really used: float32 would be far closer.
    expect(error).toBeGreaterThan(FP32_TOLERANCE)
  })

  it('with int8 weights as close to the exact logits as on the CPU', async () => {
    const onCpu = await largestError('llama3', 'cpu', 'fp32', 'int8')
    expect(onCpu).toBeGreaterThan(FP32_TOLERANCE)
    expect(await largestError('llama3', 'webgpu', 'fp32', 'int8')).toBeLessThan(1.5 * onCpu)
  })
})

describe.skipIf(missing !== null)('a run on WebGPU', () => {
  /** A device that remembers every tensor that it was asked to hold, and those there still were when their session ended. */
  function recorded(device: Device): {
    device: Device
    held: () => ort.Tensor[]
    outlived: readonly ort.Tensor[]
  } {
    const outlived: ort.Tensor[] = []
    const uploads: ort.Tensor[] = []
    const spies: { mock: { settledResults: readonly { type: string; value: unknown }[] } }[] = []
    const isTensor = (value: unknown): value is ort.Tensor =>
      typeof value === 'object' && value !== null && 'dispose' in value
    const madeBy = (spy: (typeof spies)[number]): ort.Tensor[] =>
      spy.mock.settledResults.flatMap(({ value }) => Object.values(value ?? {}).filter(isTensor))
    return {
      outlived,
      device: {
        ...device,
        createSession: async (model, settings) => {
          const session = await device.createSession(model, settings)
          if (settings?.outputsStay === undefined) return session
          const spy = vi.spyOn(session, 'run')
          spies.push(spy)
          const release = session.release.bind(session)
          vi.spyOn(session, 'release').mockImplementation(() => {
            outlived.push(...madeBy(spy).filter(({ location }) => location === 'gpu-buffer'))
            return release()
          })
          return session
        },
        resident: async (...args) => {
          const tensor = await device.resident(...args)
          uploads.push(tensor)
          return tensor
        },
        outlive: async (tensor) => {
          const kept = await device.outlive(tensor)
          uploads.push(kept)
          return kept
        }
      },
      held: () => [...uploads, ...spies.flatMap(madeBy)]
    }
  }

  it.each([
    ['cancelled while prompts are read', 4, 20],
    ['cancelled while answers are written', 16, 100],
    ['that ends', Infinity, 100]
  ])('%s leaves nothing in the memory of the device', async (_, endingCheck, leastTensors) => {
    const request = requestFor('llama3', { precision: 'fp16' })
    const pair = await openPairWeights(request.base, request.post)
    const device = await openDevice('webgpu')
    const { device: watched, held, outlived } = recorded(device)
    const { signal } = new AbortController()
    let checks = 0
    vi.spyOn(signal, 'aborted', 'get').mockImplementation(() => ++checks >= endingCheck)
    const run = async (): Promise<void> => {
      for await (const event of generateOn(watched, pair, request, () => null, signal)) void event
    }
    if (endingCheck === Infinity) await run()
    else await expect(run()).rejects.toThrow('cancelled')
    expect(held().length).toBeGreaterThan(leastTensors)
    expect(held().filter((tensor) => tensor.location === 'gpu-buffer')).toEqual([])
    // A tensor that is disposed of after its session may kill the process.
    expect(outlived).toEqual([])
    await device.close()
    await closePairWeights(pair)
  })
})

describe.skipIf(missing !== null)('the plan of a run on WebGPU', () => {
  type Plan = Extract<EngineGenerateEvent, { type: 'plan' }>

  async function planOf(name: string, changes: Partial<SinglesRequest>): Promise<Plan> {
    for await (const event of generate(requestFor(name, changes), () => null)) {
      if (event.type === 'plan') return event
    }
    throw new Error('there was no plan')
  }

  it('holds weights, keys and values in half the bytes in fp16', async () => {
    const half = await planOf('llama3', {})
    const single = await planOf('llama3', { precision: 'fp32' })
    expect(half).toMatchObject({ precision: 'fp16', weights: 'fp16' })
    expect(single).toMatchObject({ precision: 'fp32', weights: 'fp32' })
    // Half, and one of the four layers in float32, which attention reads.
    expect(half.keyValueBytes).toBe(0.75 * single.keyValueBytes)
    expect(half.weightBytes).toBeLessThan(single.weightBytes)
  })

  it('runs no more sequences than a shader can address the keys of, which on the CPU is no matter', async () => {
    const many = { prompts: [[1, 2, 3]], sampleCount: 4096, maxTokens: 253, batchRows: 8192 }
    const models = requestFor('llama3', {}).models.slice(1)
    const request = { ...many, models, memoryBytes: 2 ** 40 }
    const onCpu = await planOf('llama3', { ...request, device: 'cpu' })
    const onGpu = await planOf('llama3', { ...request, precision: 'fp32' })
    expect(onCpu.rows).toBe(8192)
    // Post and the hybrid share layers: 2^27 bytes over 2 x 256 places x 2 heads x 16 floats are 2048 sequences of each.
    expect(onGpu.rows).toBe(4096)
  })

  it('keeps Gemma in fp32', async () => {
    expect(await planOf('gemma2', {})).toMatchObject({ precision: 'fp32', weights: 'fp32' })
    await expect(planOf('gemma2', { precision: 'fp16' })).rejects.toThrow('overflows in fp16')
  })

  it('refuses floats of another width than the products', async () => {
    const mixed = planOf('llama3', { precision: 'fp16', weights: 'fp32' })
    await expect(mixed).rejects.toThrow('Weights in fp32 cannot be computed in fp16.')
  })
})
