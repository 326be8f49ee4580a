import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DistanceComponent, Distance } from '../../../../src/contract/documents/distances'
import { DistanceSums } from '../../../../src/main/checkpoint/distance-sums'
import { isWeightDtype, type WeightDtype } from '../../../../src/main/checkpoint/dtype'
import { compareLayers, type LayerDistances } from '../../../../src/main/checkpoint/layer-distances'
import { openPair } from '../../../../src/main/checkpoint/pair'
import { closePairWeights, openPairWeights } from '../../../../src/main/engine/weights/pair-weights'
import { findSharing } from '../../../../src/main/engine/weights/sharing'
import { buildSweptModels } from '../../../../src/main/engine/sweep/sweep'
import {
  type CheckpointFixture,
  checkpointFixture,
  floatTensor,
  temporaryFolder,
  TINY_LLAMA,
  type TensorFixture,
  writeCheckpoint
} from '../../../fixtures/checkpoint-builder'
import { decodeFloat, FLOAT_FORMATS } from '../../../fixtures/float-formats'

/** Reference: computes the definition weight by weight, in float64. */
function plainDistance(base: readonly number[], post: readonly number[]): Omit<Distance, 'changed'> {
  const pairs = base.map((value, i) => [value, post[i] ?? NaN] as const).filter((pair) => pair.every(Number.isFinite))
  const norm = (values: number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0))
  const baseNorm = norm(pairs.map(([b]) => b))
  const postNorm = norm(pairs.map(([, p]) => p))
  const differenceNorm = norm(pairs.map(([b, p]) => p - b))
  return {
    elements: base.length,
    nonFinite: base.length - pairs.length,
    baseNorm,
    postNorm,
    differenceNorm,
    relativeNorm: baseNorm > 0 ? differenceNorm / baseNorm : differenceNorm > 0 ? null : 0,
    cosine: baseNorm > 0 && postNorm > 0 ? pairs.reduce((sum, [b, p]) => sum + b * p, 0) / (baseNorm * postNorm) : null
  }
}

function expectDistance(found: Distance, expected: Omit<Distance, 'changed'>): void {
  expect(found.elements).toBe(expected.elements)
  expect(found.nonFinite).toBe(expected.nonFinite)
  for (const field of ['baseNorm', 'postNorm', 'differenceNorm', 'relativeNorm', 'cosine'] as const) {
    const [a, b] = [found[field], expected[field]]
    if (a === null || b === null) expect(a, field).toBe(b)
    else expect(Math.abs(a - b), field).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(b)))
  }
}

function storedBits({ bytes, dtype }: Pick<TensorFixture, 'bytes' | 'dtype'>): number[] {
  const size = dtype === 'F32' ? 4 : 2
  const buffer = Buffer.from(bytes)
  return Array.from({ length: buffer.byteLength / size }, (_, i) => buffer.readUIntLE(i * size, size))
}

function valuesOf(tensor: Pick<TensorFixture, 'bytes' | 'dtype'>): number[] {
  const { dtype } = tensor
  if (!isWeightDtype(dtype)) throw new Error(`${dtype} holds no weights`)
  return storedBits(tensor).map((bits) => decodeFloat(bits, FLOAT_FORMATS[dtype]))
}

const stored = (dtype: WeightDtype, values: readonly number[]): TensorFixture =>
  floatTensor('weights', dtype, [values.length], values)

function sumsOf(base: TensorFixture, post: TensorFixture): Distance {
  const sums = new DistanceSums()
  if (!isWeightDtype(base.dtype) || !isWeightDtype(post.dtype)) throw new Error('not weights')
  sums.add(base.bytes, base.dtype, post.bytes, post.dtype)
  return sums.distance()
}

describe('the distance of two sets of weights', () => {
  it('agrees with a calculation by hand', () => {
    // post - base = (0, 4), ||base|| = 5, ||post|| = sqrt(9 + 64).
    expect(sumsOf(stored('BF16', [3, 4]), stored('BF16', [3, 8]))).toEqual({
      ...{ elements: 2, changed: 1, nonFinite: 0, baseNorm: 5, postNorm: Math.sqrt(73) },
      ...{ differenceNorm: 4, relativeNorm: 0.8, cosine: 41 / (5 * Math.sqrt(73)) }
    })
  })

  it('does not depend on how the weights are stored', () => {
    const expected = sumsOf(stored('F32', [1, -2, 0.5]), stored('F32', [1, 2, 0.25]))
    expect(expected.changed).toBe(2)
    for (const base of ['F32', 'F16', 'BF16'] as const) {
      for (const post of ['F32', 'F16', 'BF16'] as const) {
        expect(sumsOf(stored(base, [1, -2, 0.5]), stored(post, [1, 2, 0.25]))).toEqual(expected)
      }
    }
  })

  it.each(['F32', 'F16', 'BF16'] as const)('adds more %s weights than one block, at any address', (dtype) => {
    const repeated = (pair: readonly number[]): Uint8Array => {
      const { bytes } = stored(
        dtype,
        Array.from({ length: 100_000 }, (_, i) => pair[i % 2] ?? 0)
      )
      const shifted = new Uint8Array(bytes.byteLength + 1)
      shifted.set(bytes, 1)
      return shifted.subarray(1)
    }
    const sums = new DistanceSums()
    sums.add(repeated([3, 4]), dtype, repeated([3, 8]), dtype)
    const root = Math.sqrt(50_000)
    expect(sums.distance()).toMatchObject({ elements: 100_000, changed: 50_000 })
    expect(sums.distance().relativeNorm).toBeCloseTo(0.8, 12)
    expect(sums.distance().baseNorm).toBeCloseTo(5 * root, 9)
    expect(sums.distance().postNorm).toBeCloseTo(Math.sqrt(73) * root, 9)
  })

  it('has no angle or ratio if a norm is zero', () => {
    const zeros = stored('F16', [0, 0])
    expect(sumsOf(zeros, stored('F16', [1, 0]))).toMatchObject({ relativeNorm: null, cosine: null })
    expect(sumsOf(zeros, zeros)).toMatchObject({ relativeNorm: 0, cosine: null, changed: 0 })
    expect(sumsOf(stored('F16', [0]), stored('F16', [-0]))).toMatchObject({ relativeNorm: 0, changed: 1 })
  })

  it('counts NaN and infinity, and omits them from sums', () => {
    const base = stored('BF16', [NaN, Infinity, 3, 4, -Infinity])
    expect(sumsOf(base, base)).toMatchObject({ nonFinite: 3, changed: 0, baseNorm: 5, cosine: 1 })
    const post = stored('BF16', [NaN, 1, 3, 8, Infinity])
    const rest = { differenceNorm: 4, relativeNorm: 0.8 }
    expect(sumsOf(base, post)).toMatchObject({ nonFinite: 3, changed: 3, ...rest })
  })

  it('agrees with a plain loop for any weights, dtypes and lengths', () => {
    const dtype = fc.constantFrom('F32', 'F16', 'BF16')
    const length = fc.integer({ min: 0, max: 5000 })
    fc.assert(
      fc.property(dtype, dtype, length, fc.infiniteStream(fc.nat()), (baseDtype, postDtype, count, numbers) => {
        const bytesOf = (of: string): Buffer => Buffer.alloc(count * (of === 'F32' ? 4 : 2))
        const [base, post] = [
          { bytes: bytesOf(baseDtype), dtype: baseDtype },
          { bytes: bytesOf(postDtype), dtype: postDtype }
        ]
        // Any bits at all, NaN and subnormals included; a third of the places is alike where the dtypes are.
        const [seed] = numbers.take(1)
        let state = seed ?? 0
        const next = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0)
        for (const { bytes } of [base, post]) {
          for (let i = 0; i + 1 < bytes.byteLength; i += 2) bytes.writeUInt16LE(next() >>> 16, i)
        }
        if (baseDtype === postDtype) base.bytes.copy(post.bytes, 0, 0, Math.floor(base.bytes.byteLength / 3))
        const sums = new DistanceSums()
        if (!isWeightDtype(baseDtype) || !isWeightDtype(postDtype)) return
        sums.add(base.bytes, baseDtype, post.bytes, postDtype)
        const [x, y] = [valuesOf(base), valuesOf(post)]
        const expected = plainDistance(x, y)
        const found = sums.distance()
        expect(found.nonFinite).toBe(expected.nonFinite)
        for (const field of ['baseNorm', 'postNorm', 'differenceNorm'] as const) {
          expect(Math.abs(found[field] - expected[field])).toBeLessThanOrEqual(1e-12 * expected[field])
        }
        if (baseDtype === postDtype) {
          const [a, b] = [storedBits(base), storedBits(post)]
          expect(found.changed).toBe(a.filter((bits, i) => bits !== b[i]).length)
        }
      }),
      { numRuns: 40 }
    )
  })
})

async function comparePair(base: string, post: string): Promise<LayerDistances> {
  for await (const event of compareLayers(await openPair(base, post))) {
    if (event.type === 'done') return event.distances
  }
  throw new Error('the comparison ended without a result')
}

/** Writes both models, compares them, and checks every component against the plain loop over the fixtures. */
async function compareFixtures(
  base: CheckpointFixture,
  post: CheckpointFixture,
  shards: { base?: number; post?: number } = {}
): Promise<LayerDistances> {
  return comparePair(...(await written(base, post, shards)))
}

/** Writes both models. @returns their folders */
async function written(
  base: CheckpointFixture,
  post: CheckpointFixture,
  shards: { base?: number; post?: number } = {}
): Promise<[string, string]> {
  const folder = await temporaryFolder()
  return Promise.all([
    writeCheckpoint(join(folder, 'base'), base, { shardCount: shards.base ?? 0 }),
    writeCheckpoint(join(folder, 'post'), post, { shardCount: shards.post ?? 0 })
  ])
}

const fixture = (seed: number): CheckpointFixture => checkpointFixture({ seed })

/** The component that this is true of. */
function componentWhere({ components }: LayerDistances, is: (of: LayerDistances['components'][number]) => boolean) {
  const found = components.find(is)
  if (found === undefined) throw new Error('it was not compared')
  return found
}

function tensorOf({ tensors }: CheckpointFixture, name: string): TensorFixture {
  const tensor = tensors.find((candidate) => candidate.name === name)
  if (tensor === undefined) throw new Error(`there is no tensor ${name}`)
  return tensor
}

const PHI3 = {
  ...{ ...TINY_LLAMA, model_type: 'phi3', pad_token_id: 0 },
  ...{ num_attention_heads: 2, num_key_value_heads: 1 }
}

describe('the layer distances of a pair', () => {
  it.each([
    ['stored alike', 'BF16', 'BF16', {}],
    ['stored differently', 'F32', 'BF16', {}],
    ['stored in shards', 'F16', 'F16', { base: 3, post: 2 }]
  ] as const)('of checkpoints %s are those of a plain loop over every tensor', async (_, inBase, inPost, shards) => {
    const base = checkpointFixture({ dtype: inBase, seed: 1 })
    const post = checkpointFixture({ dtype: inPost, seed: 2 })
    const { components, layers, bytesRead } = await compareFixtures(base, post, shards)
    const names = base.tensors.map(({ name }) => name)
    expect(components.map(({ tensor }) => tensor).sort()).toEqual(names.sort())
    for (const found of components) {
      const [x, y] = [valuesOf(tensorOf(base, found.tensor)), valuesOf(tensorOf(post, found.tensor))]
      expectDistance(found, plainDistance(x, y))
      expect(found.changed).toBe(x.filter((value, i) => !Object.is(value, y[i])).length)
      expect(found.identical).toBe(false)
    }
    for (const { layer, ...whole } of layers) {
      const own = base.tensors.filter(({ name }) => name.startsWith(`model.layers.${layer}.`))
      const inPost = own.flatMap(({ name }) => valuesOf(tensorOf(post, name)))
      expectDistance(whole, plainDistance(own.flatMap(valuesOf), inPost))
    }
    const sizes = [base, post].flatMap(({ tensors }) => tensors.map(({ bytes }) => bytes.byteLength))
    expect(bytesRead).toBe(sizes.reduce((sum, size) => sum + size, 0))
  })

  it('are joined for the same projection of all experts of a layer', async () => {
    const config = { ...TINY_LLAMA, model_type: 'mixtral', num_local_experts: 3, num_experts_per_tok: 2 }
    const [base, post] = [1, 2].map((seed) => checkpointFixture({ config, seed }))
    if (base === undefined || post === undefined) throw new Error('there are two models')
    const { components, layers } = await compareFixtures(base, post)
    const ofLayer = components.filter(({ layer }) => layer === 1)
    expect(ofLayer.map(({ component }) => component)).toEqual([
      ...['normBeforeAttention', 'q', 'k', 'v', 'o', 'normBeforeMlp', 'router', 'gate', 'up', 'down']
    ])
    const down = ofLayer.at(-1)
    if (down === undefined) throw new Error('nothing was compared')
    expect(down.tensor).toBe('model.layers.1.block_sparse_moe.experts.*.w2.weight')
    const valuesIn = (fixture: CheckpointFixture): number[] =>
      [0, 1, 2].flatMap((expert) => valuesOf(tensorOf(fixture, down.tensor.replace('*', String(expert)))))
    expectDistance(down, plainDistance(valuesIn(base), valuesIn(post)))
    expect(down.elements).toBe(3 * 8 * 12)
    const own = base.tensors.filter(({ name }) => name.startsWith('model.layers.1.'))
    expect(layers[1]?.elements).toBe(own.reduce((sum, tensor) => sum + valuesOf(tensor).length, 0))
  })

  it('separate the parts of fused projections', async () => {
    const base = checkpointFixture({ config: PHI3, seed: 1 })
    const post = checkpointFixture({ config: PHI3, seed: 2 })
    const compared = await compareFixtures(base, post)
    const hidden = TINY_LLAMA.hidden_size
    const part = (component: DistanceComponent, tensor: string, first: number, count: number): void => {
      const found = componentWhere(compared, (entry) => entry.layer === 1 && entry.component === component)
      expect(found).toMatchObject({ tensor: `model.layers.1.${tensor}`, rows: { first, count } })
      const valuesIn = (fixture: CheckpointFixture) => valuesOf(tensorOf(fixture, `model.layers.1.${tensor}`))
      const slice = (of: CheckpointFixture) => valuesIn(of).slice(first * hidden, (first + count) * hidden)
      expectDistance(found, plainDistance(slice(base), slice(post)))
    }
    // Two query heads and one key-value head of four, an MLP of twelve.
    part('q', 'self_attn.qkv_proj.weight', 0, 8)
    part('k', 'self_attn.qkv_proj.weight', 8, 4)
    part('v', 'self_attn.qkv_proj.weight', 12, 4)
    part('gate', 'mlp.gate_up_proj.weight', 0, 12)
    part('up', 'mlp.gate_up_proj.weight', 12, 12)
  })

  it('flag the layers that the engine shares, and no others', async () => {
    const base = fixture(1)
    const other = fixture(2)
    // Layer 0 as it was; of layer 1 a single bit is another.
    const post: CheckpointFixture = {
      ...base,
      tensors: base.tensors.map((tensor) => (tensor.name === 'lm_head.weight' ? tensorOf(other, tensor.name) : tensor))
    }
    const changed = tensorOf(post, 'model.layers.1.mlp.down_proj.weight')
    const bytes = Buffer.from(changed.bytes)
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40)
    post.tensors = post.tensors.map((tensor) => (tensor === changed ? { ...tensor, bytes } : tensor))

    const [basePath, postPath] = await written(base, post)
    const { layers, components } = await comparePair(basePath, postPath)
    const weights = await openPairWeights(basePath, postPath)
    const sharing = await findSharing(weights, [])
    const swept = await buildSweptModels(weights, { models: [{ kind: 'base' }], prompts: [] })
    await closePairWeights(weights)
    expect(swept.identicalLayers).toEqual([0])
    expect(layers.map(({ identical }) => identical)).toEqual([true, false])
    expect(layers.map(({ layer }) => sharing.identical(layer))).toEqual([true, false])
    expect(layers[0]).toMatchObject({ changed: 0, relativeNorm: 0, cosine: 1 })
    expect(components.filter(({ layer, identical }) => layer === 1 && !identical)).toMatchObject([
      { component: 'down', changed: 1 }
    ])
  })

  it('do not call equal values of another dtype identical: the engine does not share those', async () => {
    const base = checkpointFixture({ dtype: 'BF16' })
    const post = {
      ...base,
      tensors: base.tensors.map((tensor) => floatTensor(tensor.name, 'F32', tensor.shape, valuesOf(tensor)))
    }
    const { layers } = await compareFixtures(base, post)
    for (const layer of layers) expect(layer).toMatchObject({ changed: 0, relativeNorm: 0, identical: false })
  })

  it('compare the tokens that both vocabularies share', async () => {
    const base = fixture(1)
    const post = checkpointFixture({ config: { ...TINY_LLAMA, vocab_size: 20 }, seed: 2 })
    const compared = await compareFixtures(base, post)
    const shared = 16 * TINY_LLAMA.hidden_size
    for (const component of ['embedding', 'head'] as const) {
      const found = componentWhere(compared, (entry) => entry.component === component)
      expect(found).toMatchObject({ elements: shared, rows: { first: 0, count: 16 } })
      const [x, y] = [valuesOf(tensorOf(base, found.tensor)), valuesOf(tensorOf(post, found.tensor))]
      expectDistance(found, plainDistance(x, y.slice(0, shared)))
    }
    expect(compared.notices).toEqual([expect.stringMatching(/16 tokens in base, 20 in post.*first 16/)])
  })

  it('count a tied head as the embeddings', async () => {
    const config = { ...TINY_LLAMA, tie_word_embeddings: true }
    const [base, post] = [checkpointFixture({ config, seed: 1 }), checkpointFixture({ config, seed: 2 })]
    const tied = await compareFixtures(base, post)
    const outside = tied.components.filter(({ layer }) => layer === null)
    expect(outside.map(({ component }) => component)).toEqual(['embedding', 'finalNorm'])
    expect(tied.notices).toEqual([expect.stringMatching(/Both heads are tied/)])

    const untied = fixture(2)
    const half = await compareFixtures(base, untied)
    const head = componentWhere(half, ({ component }) => component === 'head')
    expect(half.notices).toEqual([expect.stringMatching(/Only the head of base is tied/)])
    const tokens = valuesOf(tensorOf(base, 'model.embed_tokens.weight'))
    expectDistance(head, plainDistance(tokens, valuesOf(tensorOf(untied, 'lm_head.weight'))))
  })

  it('say which tensors hold NaN or infinity', async () => {
    const base = fixture(1)
    const post = fixture(2)
    const name = 'model.layers.0.self_attn.o_proj.weight'
    const { shape, bytes } = tensorOf(post, name)
    const values = valuesOf({ bytes, dtype: 'BF16' })
    values.splice(3, 2, NaN, -Infinity)
    post.tensors = post.tensors.map((tensor) =>
      tensor.name === name ? floatTensor(name, 'BF16', shape, values) : tensor
    )
    const compared = await compareFixtures(base, post)
    const { layers, notices } = compared
    const found = componentWhere(compared, ({ tensor }) => tensor === name)
    expectDistance(found, plainDistance(valuesOf(tensorOf(base, name)), values))
    expect(layers.map(({ nonFinite }) => nonFinite)).toEqual([2, 0])
    expect(notices).toEqual([`2 weights are NaN or infinite, in ${name}; norms and cosines leave them out.`])
  })

  it('report progress up to the last byte, and stop when cancelled', async () => {
    const pair = await openPair(...(await written(fixture(1), fixture(2))))
    const told: number[] = []
    let total = 0
    for await (const event of compareLayers(pair)) {
      if (event.type !== 'progress') continue
      told.push(event.bytesDone)
      total = event.bytesTotal
    }
    expect(told[0]).toBe(0)
    expect(told).toEqual(told.toSorted((a, b) => a - b))
    expect(told.at(-1)).toBe(total)

    const cancelling = new AbortController()
    let last = 0
    const cancelled = (async () => {
      for await (const event of compareLayers(pair, cancelling.signal)) {
        if (event.type === 'progress') last = event.bytesDone
        if (last > 0) cancelling.abort()
      }
    })()
    await expect(cancelled).rejects.toMatchObject({ problem: { code: 'cancelled' } })
    expect(last).toBeLessThan(total)
  })

  it('are refused for a file that changed since the pair was opened', async () => {
    const folder = await temporaryFolder()
    const base = await writeCheckpoint(join(folder, 'base'), fixture(1))
    const pair = await openPair(base, base)
    await appendFile(join(base, 'model.safetensors'), 'x')
    const comparing = (async () => {
      for await (const event of compareLayers(pair)) void event
    })()
    await expect(comparing).rejects.toThrow(/model\.safetensors has changed/)
  })
})
