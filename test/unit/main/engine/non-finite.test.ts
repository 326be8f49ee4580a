import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GenerateRequest } from '../../../../src/contract/procedures/engine'
import { layersModel, type Model, rangeModel } from '../../../../src/contract/model/model'
import { OPEN_SAMPLING, type Sampling } from '../../../../src/contract/model/sampling'
import { NonFiniteCount } from '../../../../src/main/checkpoint/non-finite'
import { generate } from '../../../../src/main/engine/generate/generate'
import { probe } from '../../../../src/main/engine/questions/probe'
import { readAnswers } from '../../../../src/main/engine/questions/read-answers'
import { sweep } from '../../../../src/main/engine/sweep/sweep'
import type { PairFolders } from '../../../fixtures/exported-pair'
import { damagedPair } from '../../../fixtures/damaged-pair'
import { decodeFloat, FLOAT_FORMATS } from '../../../fixtures/float-formats'
import { ONE_ANSWER } from '../../../fixtures/few-answers'
import { problemOf } from '../../../fixtures/problems'

const POST: Model = { kind: 'post' }
const UPPER = rangeModel({ start: 1, end: 1 })
const PROMPT = [1, 2, 3]

async function runToEnd(events: AsyncIterable<unknown>): Promise<void> {
  const iterator = events[Symbol.asyncIterator]()
  while ((await iterator.next()).done !== true);
}

type Run = (pair: PairFolders, model: Model) => Promise<unknown>

function answers(changes: Partial<GenerateRequest>): Run {
  return (pair, model) => {
    const request = { ...ONE_ANSWER, ...pair, device: 'cpu' as const, models: [model], prompts: [PROMPT] }
    return runToEnd(
      generate({ ...request, sampling: OPEN_SAMPLING, sampleCount: 2, maxTokens: 6, ...changes }, () => null)
    )
  }
}

function scores(sampling?: Sampling): Run {
  return (pair, model) => {
    const prompts = [{ tokens: PROMPT, groups: [[[4]], [[5], [6]]] }]
    return runToEnd(sweep({ ...pair, device: 'cpu', models: [model], prompts, memoryBytes: 2 ** 30, sampling }))
  }
}

const RUNS: Record<string, Run> = {
  'a sample drawn in the graph of the head': answers({}),
  'a greedy sample': answers({ sampling: { ...OPEN_SAMPLING, temperature: 0 } }),
  'a sample with top-p': answers({ sampling: { ...OPEN_SAMPLING, topP: 0.9 } }),
  'a sample from int8 weights': answers({ weights: 'int8' }),
  'a sweep': scores(),
  'a sweep under a sampler': scores({ ...OPEN_SAMPLING, topP: 0.9 }),
  'a probe': (pair, model) => probe({ ...pair, device: 'cpu', model, prompts: [[4, 5], PROMPT] }),
  'a reading of answers': (pair, model) => {
    const prompts = [{ tokens: PROMPT, answers: [[4, 5]] }]
    return runToEnd(readAnswers({ ...pair, device: 'cpu', model, prompts, stateBytes: 2 ** 20, embeds: false }))
  }
}

const DOWN = { tensor: 'model.layers.1.mlp.down_proj.weight', element: 17, value: NaN }

/** A pair whose post has finite weights in a layer's MLP that are too large to be multiplied. */
const overflowingPair = (layer: number): ReturnType<typeof damagedPair> =>
  damagedPair({
    post: ['up', 'down'].flatMap((name) =>
      Array.from({ length: 8 * 12 }, (_, element) => ({
        tensor: `model.layers.${layer}.mlp.${name}_proj.weight`,
        element,
        value: 3e38
      }))
    )
  })

describe('a model whose numbers are not finite', () => {
  describe.each(Object.entries(RUNS))('stops %s', (_, run) => {
    it('naming the model, and the first bad tensor with its file and the place of the value', async () => {
      const pair = await damagedPair({ post: [DOWN] })
      const problem = await problemOf(run(pair, POST))
      expect(problem.code).toBe('bad-file')
      expect(problem.message).toBe(
        `${join(pair.post, 'model.safetensors')}: ` +
          'tensor "model.layers.1.mlp.down_proj.weight" holds NaN at [1, 5]. post cannot be computed with it.'
      )
      expect(problem.hint).toMatch(/Models that do not use this tensor can be computed\. .*slr inspect --values/)
      // The layer that holds it comes from base.
      await run(pair, UPPER)
    })

    it('also for a head with only -Infinity, which sums over a vocabulary do not show', async () => {
      const pair = await damagedPair({ post: [{ tensor: 'lm_head.weight', element: 0, value: -Infinity }] })
      expect((await problemOf(run(pair, POST))).message).toContain('tensor "lm_head.weight" holds -Infinity at [0, 0]')
    })
  })

  it('names a recipe by its layers, and the tensor of base that it restores', async () => {
    const pair = await damagedPair({ base: [DOWN, { ...DOWN, element: 20, value: Infinity }] })
    const { message } = await problemOf(scores()(pair, UPPER))
    expect(message).toContain(
      `${join(pair.base, 'model.safetensors')}: tensor "${DOWN.tensor}" holds 2 values that are not finite, the first NaN at [1, 5]`
    )
    expect(message).toContain('. Neither base nor post restored in layer 1 can be computed with it.')
    await scores()(pair, POST)
  })

  it('names an embedding that only one prompt has', async () => {
    const pair = await damagedPair({
      post: [{ tensor: 'model.embed_tokens.weight', element: 30, value: Infinity }]
    })
    const { message } = await problemOf(answers({ prompts: [[4], PROMPT] })(pair, POST))
    expect(message).toContain('tensor "model.embed_tokens.weight" holds Infinity at [3, 6]')
  })

  it('names the tensor that extrapolating takes beyond what post can store', async () => {
    const pair = await damagedPair({ base: [{ ...DOWN, value: -3e38 }], post: [{ ...DOWN, value: 3e38 }] })
    const halves = [0, -1].map((mlp) => ({ attention: 0, mlp }))
    const { code, message, hint } = await problemOf(scores()(pair, layersModel(halves)))
    expect(code).toBe('unsupported')
    expect(message).toBe(
      `At −1 (extrapolated) of base, rounded to BF16 as post stores it, tensor "${DOWN.tensor}" holds Infinity at [1, 5]. ` +
        'post restored in MLP 1 at −1 (extrapolated) cannot be computed with it.'
    )
    expect(hint).toContain('closer to the range 0 to 1')
  })

  it('is reported as an overflow, with its place, when all its weights are finite', async () => {
    const pair = await overflowingPair(1)
    const { code, message, hint } = await problemOf(scores()(pair, POST))
    expect(code).toBe('overflow')
    expect(message).toBe(
      'Computing post in fp32 on CPU overflowed in layer 1. Its output is not finite, though all its weights are.'
    )
    expect(hint).toContain('SHA-256')
  })
})

it('names post where the layer above the overflow is inspected first', async () => {
  const pair = await overflowingPair(0)
  const models: Model[] = [UPPER, POST]
  const prompts = [{ tokens: PROMPT, groups: [[[4]], [[5], [6]]] }]
  const swept = sweep({ ...pair, device: 'cpu', models, prompts, memoryBytes: 2 ** 30 })
  expect((await problemOf(runToEnd(swept))).message).toContain('Computing post in fp32 on CPU overflowed in layer 0')
})

describe('NonFiniteCount', () => {
  it.each(['F32', 'F16', 'BF16'] as const)('finds in %s what looking at every value finds', (dtype) => {
    const width = dtype === 'F32' ? 4 : 2
    const whole = 2 ** (8 * width)
    // Around all exponent bits set there is everything: infinities, quiet and other NaNs, the largest numbers.
    const topExponent = { F32: 0x7f800000, F16: 0x7c00, BF16: 0x7f80 }[dtype]
    const bits = fc.oneof(
      fc.nat(whole - 1),
      fc.integer({ min: -3, max: 3 }).map((step) => topExponent + step),
      fc.integer({ min: -3, max: 3 }).map((step) => (topExponent + whole / 2 + step) % whole)
    )
    fc.assert(
      fc.property(fc.array(bits, { minLength: 1, maxLength: 40 }), fc.nat(3), fc.nat(40), (all, shift, cut) => {
        const stored = Buffer.alloc(shift + width * all.length)
        all.forEach((value, i) => stored.writeUIntLE(value, shift + width * i, width))
        const count = new NonFiniteCount({ name: 't', file: 'f', shape: [all.length, 1] }, dtype)
        const split = shift + width * Math.min(cut, all.length)
        count.add(stored.subarray(shift, split))
        count.add(stored.subarray(split))
        const values = all.map((value) => decodeFloat(value, FLOAT_FORMATS[dtype]))
        const first = values.findIndex((value) => !Number.isFinite(value))
        expect(count.result).toEqual(
          first === -1
            ? null
            : {
                file: 'f',
                tensor: 't',
                nan: values.filter(Number.isNaN).length,
                infinite: values.filter((value) => Math.abs(value) === Infinity).length,
                first: String(values[first]),
                at: [first, 0]
              }
        )
      })
    )
  })
})
