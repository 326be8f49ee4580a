import { elementAt } from '../../../../src/contract/model/look-up'
import { layersModel } from '../../../../src/contract/model/model'
import { describe, expect, it } from 'vitest'
import type { EngineGenerateEvent, EngineAnswer, GenerateRequest } from '../../../../src/contract/procedures/engine'
import { OPEN_SAMPLING } from '../../../../src/contract/model/sampling'
import { floatTensor, openDevice, runSession } from '../../../../src/main/engine/device/device'
import { generate } from '../../../../src/main/engine/generate/generate'
import { cacheCapacity, planGeneration } from '../../../../src/main/engine/generate/generation-plan'
import { buildRecipeTrie } from '../../../../src/main/engine/tries/recipe-trie'
import { closePairWeights, openPairWeights } from '../../../../src/main/engine/weights/pair-weights'
import { findSharing } from '../../../../src/main/engine/weights/sharing'
import { quantiseBlocks } from '../../../../src/main/engine/weights/quantise'
import { probe } from '../../../../src/main/engine/questions/probe'
import type { StopText } from '../../../../src/main/engine/generate/stop-text'
import { OnnxGraph } from '../../../../src/main/graphs/onnx-model'
import { finishedAnswers, ONE_ANSWER } from '../../../fixtures/few-answers'
import { GOLDEN_FAMILIES, goldenPath, readGolden } from '../../../fixtures/goldens'

function requestFor(family: string, changes: Partial<GenerateRequest>): GenerateRequest {
  return {
    base: goldenPath(family, 'base-bf16'),
    post: goldenPath(family, 'post-bf16'),
    device: 'cpu',
    models: readGolden(family).models.map(({ model }) => model),
    prompts: [[1, 2, 3]],
    ...ONE_ANSWER,
    ...changes
  }
}

type Plan = Extract<EngineGenerateEvent, { type: 'plan' }>

/** All samples, by "model/prompt/index". */
async function samplesOf(request: GenerateRequest, stop: StopText = () => null): Promise<Map<string, EngineAnswer>> {
  const finished = await finishedAnswers(generate(request, stop))
  return new Map(finished.map((answer) => [`${answer.model}/${answer.prompt}/${answer.index}`, answer]))
}

describe('the order of answers', () => {
  it('is first one to every prompt, then some to each prompt in turn', async () => {
    const prompts = [[1], [2], [3]]
    const order = new Set<string>()
    const request = requestFor('llama3', { models: [{ kind: 'post' }], prompts, sampleCount: 5, batchRows: 4 })
    for await (const event of generate({ ...request, maxTokens: 1 }, () => null)) {
      if (event.type === 'step') for (const { prompt, index } of event.tokens) order.add(`${prompt}/${index}`)
    }
    const inTurn = [0, 1, 2].flatMap((prompt) => [`${prompt}/1`, `${prompt}/2`])
    const last = [0, 1, 2].flatMap((prompt) => [`${prompt}/3`, `${prompt}/4`])
    expect([...order]).toEqual(['0/0', '1/0', '2/0', ...inTurn, ...last])
  })
})

describe('greedy continuations', () => {
  it.each(GOLDEN_FAMILIES)(
    '%s: base, post and hybrids side by side give the reference tokens, and go on, across the growth of the cache, as without one',
    async (name) => {
      const family = readGolden(name)
      const { long = [], pre_window = [] } = family.prompts
      // Six places before its cache is full.
      const longest = [...long, ...long].slice(0, cacheCapacity(long.length, false) - 6)
      const prompts = [pre_window, longest]
      const [hybrid, maxTokens] = [2, 12]
      // Only the hybrid's answer to the long prompt is compared.
      const others = [...family.models.keys()].filter((model) => model !== hybrid)
      const finished = others.map((model) => ({ model, prompt: 1, index: 0 }))
      const samples = await samplesOf(requestFor(name, { prompts, maxTokens, finished }))
      family.models.forEach(({ name: modelName }, model) => {
        const reference = family.greedy(modelName)
        expect(samples.get(`${model}/0/0`)?.tokens.slice(0, reference.length), modelName).toEqual(reference)
      })
      const tokens = samples.get(`${hybrid}/1/0`)?.tokens ?? []
      expect(tokens).toHaveLength(maxTokens)
      // Every prefix of the answer at once, without any cache: the likeliest next token must be the one generated.
      const { base, post } = requestFor(name, {})
      const { model } = elementAt(family.models, hybrid, 'model')
      const prefixes = tokens.map((_, i) => [...longest, ...tokens.slice(0, i)])
      const logits = await probe({ base, post, device: 'cpu', model, prompts: prefixes })
      logits.forEach((vector, i) => {
        const best = Math.max(...vector)
        // Within a near-tie either is right.
        expect(best - (vector[tokens[i] ?? -1] ?? -Infinity), `token ${i}`).toBeLessThan(1e-3)
      })
    }
  )

  it.each(['qwen3_moe', 'mixtral', 'olmoe'])('%s: begin alike with experts in int8', async (name) => {
    const family = readGolden(name)
    const prompts = [family.prompts.pre_window ?? []]
    const samples = await samplesOf(requestFor(name, { prompts, weights: 'int8', maxTokens: 2 }))
    const begun = family.models.map((_, model) => samples.get(`${model}/0/0`)?.tokens)
    expect(begun).toEqual(family.models.map((model) => family.greedy(model.name).slice(0, 2)))
  })

  it('with experts are refused where no device but the CPU holds them', async () => {
    const models = [{ kind: 'post' as const }]
    const request = { ...requestFor('mixtral', {}), device: 'webgpu' as const, models }
    const pair = await openPairWeights(request.base, request.post)
    const trie = buildRecipeTrie(models, await findSharing(pair, models))
    await closePairWeights(pair)
    expect(() => planGeneration(request, pair.post.spec, trie, 'fp32')).toThrow(
      'Answers of Mixtral models cannot be generated on WebGPU'
    )
  })
})

describe('samples', () => {
  const prompts = [[28, 257, 105], [28, 257, 9, 4], [300]]

  it('depend on seed, prompt, model and index only, not on what runs beside them', async () => {
    const request = requestFor('llama3', { prompts, sampling: OPEN_SAMPLING, sampleCount: 3, maxTokens: 10 })
    const together = await samplesOf(request)
    const fewAtATime = await samplesOf({ ...request, batchRows: 10 })
    expect([...fewAtATime.entries()].sort()).toEqual([...together.entries()].sort())

    const twoModels = await samplesOf({ ...request, models: [0, 3].flatMap((m) => request.models[m] ?? []) })
    const otherOrder = await samplesOf({ ...request, prompts: prompts.toReversed() })
    const finished = [...together.values()].filter(({ index, model }) => index < 2 || model === 1)
    const later = await samplesOf({ ...request, finished })
    expect(later.size).toBe(together.size - finished.length)
    for (const [key, { tokens }] of together) {
      const [model = 0, prompt = 0, index = 0] = key.split('/').map(Number)
      if (model === 3) expect(twoModels.get(`1/${prompt}/${index}`)?.tokens).toEqual(tokens)
      expect(otherOrder.get(`${model}/${2 - prompt}/${index}`)?.tokens).toEqual(tokens)
      if (index >= 2 && model !== 1) expect(later.get(key)?.tokens).toEqual(tokens)
    }
    const otherSeed = await samplesOf({ ...request, seed: 2 })
    expect([...otherSeed.values()]).not.toEqual([...together.values()])
  })

  it('of a hybrid are those of the same weights loaded as a plain model', async () => {
    // Base with all its own layers restored is base. Draws go by a model's name, so the comparison is greedy.
    const base = goldenPath('llama3', 'base-bf16')
    const restored = layersModel(new Array(4).fill({ attention: 1, mlp: 1 }))
    const request = requestFor('llama3', { prompts, post: base, maxTokens: 30 })
    const hybrid = await samplesOf({ ...request, models: [restored] })
    const plain = await samplesOf({ ...request, models: [{ kind: 'base' }] })
    expect([...hybrid.entries()].sort()).toEqual([...plain.entries()].sort())
  })

  it('end at a stop token, at a stop text, or at the number of tokens asked for', async () => {
    const [greedy] = [...(await samplesOf(requestFor('llama3', {}))).values()]
    const tokens = greedy?.tokens ?? []
    expect(greedy?.finish).toBe('length')
    const models = requestFor('llama3', {}).models.slice(0, 1)
    const stopped = await samplesOf(requestFor('llama3', { models, stopTokens: [tokens[4] ?? 0] }))
    const first = tokens.indexOf(tokens[4] ?? 0)
    expect(stopped.get('0/0/0')).toMatchObject({ tokens: tokens.slice(0, first), finish: 'stop' })
    const byText = await samplesOf(requestFor('llama3', { models }), (answer) =>
      answer.length >= 6 ? answer.slice(0, 5) : null
    )
    expect(byText.get('0/0/0')).toMatchObject({ tokens: tokens.slice(0, 5), finish: 'stop' })
  })
})

describe('memory', () => {
  async function planOf(changes: Partial<GenerateRequest>): Promise<Plan> {
    for await (const event of generate(requestFor('llama3', changes), () => null)) {
      if (event.type === 'plan') return event
    }
    throw new Error('there was no plan')
  }

  it('holds weights in int8 when float32 does not fit, and says so', async () => {
    const one = { prompts: [[1, 2, 3]], batchRows: 1 }
    const roomy = await planOf(one)
    const int8 = await planOf({ ...one, weights: 'int8' })
    const tight = await planOf({ ...one, memoryBytes: (roomy.peakBytes + int8.peakBytes) / 2 })
    expect(roomy.weights).toBe('fp32')
    expect(tight).toEqual(int8)
    expect(tight.weightBytes).toBeLessThan(0.7 * roomy.weightBytes)
    // However tight, never int4 unasked.
    const int4 = await planOf({ ...one, weights: 'int4' })
    await expect(planOf({ ...one, memoryBytes: int4.peakBytes })).rejects.toThrow(
      'with weights in int8, one sequence of each model and the longest prompt: more than'
    )
  })

  it('stays within the bound by running fewer sequences side by side', async () => {
    const request = { prompts: [[1, 2, 3]], sampleCount: 64, batchRows: 320, maxTokens: 400 }
    const { peakBytes, keyValueBytes, rows } = await planOf(request)
    const memoryBytes = peakBytes - keyValueBytes / 2
    const bounded = await planOf({ ...request, memoryBytes, weights: 'fp32' })
    expect(bounded.rows).toBeLessThan(rows)
    expect(bounded.rows).toBeGreaterThanOrEqual(rows / 2)
    expect(bounded.peakBytes).toBeLessThanOrEqual(memoryBytes)
  })

  it('says before starting what would fit when nothing does', async () => {
    await expect(samplesOf(requestFor('llama3', { memoryBytes: 1000 }))).rejects.toThrow('Generating takes at least')
  })

  it('refuses a prompt that leaves no room in the context window', async () => {
    const long = new Array<number>(512).fill(3)
    await expect(samplesOf(requestFor('llama3', { prompts: [long] }))).rejects.toThrow(
      'Prompt 1 has 512 tokens. The context window of 512 tokens leaves no room for an answer.'
    )
  })
})

describe('quantised weights', () => {
  const columns = 40
  const weights = Float32Array.from({ length: 3 * columns }, (_, i) => Math.sin(i * i) * (i % 7))

  /** Returns the weights, [3, columns], with which onnxruntime multiplies after rounding to a number of bits. */
  async function readBack(bits: 4 | 8): Promise<{ values: Float32Array; scales: Float32Array }> {
    const scales = new Float32Array(3 * 2)
    const quantised = new Uint8Array((scales.length * 32 * bits) / 8)
    quantiseBlocks(weights, columns, bits, quantised, scales)
    const graph = new OnnxGraph('product')
    const rows = graph.input('rows', 'float32', ['rows', columns])
    const whole = (file: string, byteLength: number) => ({ file, offset: 0, byteLength })
    graph.externalConstant('w', 'uint8', [3, 2, (32 * bits) / 8], whole('w', quantised.byteLength))
    graph.externalConstant('s', 'float32', [6], whole('s', scales.byteLength))
    const sizes = { K: { int: columns }, N: { int: 3 }, bits: { int: bits }, block_size: { int: 32 } }
    graph.output(graph.node('product', 'MatMulNBits', [rows, 'w', 's'], sizes), 'out', ['rows', 3])
    const device = await openDevice('cpu')
    const session = await device.createSession(graph.encode(), {
      files: [
        { path: 'w', data: quantised },
        { path: 's', data: new Uint8Array(scales.buffer) }
      ]
    })
    // The product with the identity is the transposed weights.
    const identity = new Float32Array(columns * columns)
    for (let i = 0; i < columns; i++) identity[i * columns + i] = 1
    const outputs = await runSession(session, { rows: floatTensor(identity, [columns, columns]) })
    await session.release()
    const product = outputs.get('out') ?? new Float32Array()
    const values = weights.map((_, i) => product[(i % columns) * 3 + Math.floor(i / columns)] ?? NaN)
    return { values, scales }
  }

  it.each([4, 8] as const)(
    'of %i bits are within half a step of the float32 ones, as the product reads them',
    async (bits) => {
      const { values, scales } = await readBack(bits)
      weights.forEach((weight, i) => {
        const block = Math.floor(i / columns) * 2 + Math.floor((i % columns) / 32)
        const step = scales[block] ?? NaN
        const whole = (values[i] ?? NaN) / step
        expect(Math.abs(whole - Math.round(whole))).toBeLessThan(1e-4)
        expect(Math.abs((values[i] ?? NaN) - weight)).toBeLessThanOrEqual(step / 2 + 1e-5)
      })
    }
  )

  it('of 4 bits lie two in a byte, 8 for zero, seven steps to the largest', () => {
    const [quantised, scales] = [new Uint8Array(16), new Float32Array(1)]
    quantiseBlocks(Float32Array.of(1.4, -0.65, 0.19, 0.0, -1.4), 5, 4, quantised, scales)
    expect(scales[0]).toBeCloseTo(0.2)
    // 7, -3, 1, 0, -7 steps: 15, 5, 9, 8, 1; what is left of the block is zero.
    expect(Array.from(quantised)).toEqual([0x5f, 0x89, 0x81, ...new Array<number>(13).fill(0x88)])
  })

  it('of an all-zero block are zero', () => {
    for (const [bits, zero] of [
      [8, 128],
      [4, 0x88]
    ] as const) {
      const [quantised, scales] = [new Uint8Array(4 * bits), new Float32Array(1)]
      quantiseBlocks(new Float32Array(32), 32, bits, quantised, scales)
      expect(new Set(quantised)).toEqual(new Set([zero]))
    }
  })

  it('of 4 bits are held only when asked for, and are wrong by several times what 8 bits are', async () => {
    const family = readGolden('llama3')
    const answers = async (held: GenerateRequest['weights']): Promise<(number[] | undefined)[]> => {
      const samples = await samplesOf(requestFor('llama3', { prompts: [family.prompts.long ?? []], weights: held }))
      return [...samples.values()].map(({ tokens }) => tokens)
    }
    expect(await answers('int4')).not.toEqual(await answers('fp32'))
    const error = async (bits: 4 | 8): Promise<number> => {
      const { values } = await readBack(bits)
      return Math.hypot(...values.map((value, i) => value - (weights[i] ?? NaN))) / Math.hypot(...weights)
    }
    expect(await error(4)).toBeLessThan(0.1)
    expect(await error(4)).toBeGreaterThan(5 * (await error(8)))
  })
})
