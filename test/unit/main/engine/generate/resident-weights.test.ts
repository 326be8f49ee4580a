import { afterEach, describe, expect, it } from 'vitest'
import { type Model, rangeModel } from '../../../../../src/contract/model/model'
import { openDevice } from '../../../../../src/main/engine/device/device'
import { openLanguageHead, valuesOf } from '../../../../../src/main/engine/forward/language-head'
import {
  closePairWeights,
  openPairWeights,
  type PairWeights
} from '../../../../../src/main/engine/weights/pair-weights'
import { blockKey, buildRecipeTrie, noSharing } from '../../../../../src/main/engine/tries/recipe-trie'
import { chainBlocks } from '../../../../../src/main/engine/generate/resident-chains'
import { openResidentHead, residentHeadBytes } from '../../../../../src/main/engine/generate/resident-head'
import { finalNormSize } from '../../../../../src/main/graphs/final-norm'
import { residentHeadGraph } from '../../../../../src/main/graphs/head-graph'
import { rowAt } from '../../../../../src/main/engine/rows/rows'
import { sampleToken } from '../../../../../src/main/engine/rows/sampler'
import { PAPER_SAMPLING } from '../../../../../src/contract/documents/samples'
import { GOLDEN_FAMILIES, goldenPath, goldenSpec } from '../../../../fixtures/goldens'

const LAYERS = 12

/** A family for each distinct head and norm before it: all that the graphs of a head read of a spec. */
const HEADS = [
  ...new Map(
    GOLDEN_FAMILIES.map((name) => [residentHeadGraph(goldenSpec(name), 'fp32', 16).join(), name] as const)
  ).values()
]
const BASE: Model = { kind: 'base' }
const POST: Model = { kind: 'post' }
const HYBRID: Model = rangeModel({ start: 3, end: 7 })

/** "models: layers" of each chain. */
function chainsOf(models: readonly Model[], layerBytes: number): string[] {
  const trie = buildRecipeTrie(models, noSharing(LAYERS))
  return chainBlocks(trie, layerBytes).map(({ cohort, layers, sources }) => {
    expect(new Set(sources.map(blockKey)).size).toBe(1)
    return `${[...cohort].join()}: ${layers.join()}`
  })
}

describe('blocks held for generating', () => {
  it('are one session where the same rows go through consecutive layers, so that a step has few runs', () => {
    expect(chainsOf([POST], 1e6)).toEqual(['0: 0,1,2,3,4,5,6,7,8,9,10,11'])
    expect(chainsOf([BASE, POST], 1e6)).toHaveLength(2)
    // A range runs with post outside and with base inside: no block is held or run twice for it.
    expect(chainsOf([BASE, POST, HYBRID], 1e6)).toEqual([
      '0: 0,1,2',
      '1,2: 0,1,2',
      '0,2: 3,4,5,6,7',
      '1: 3,4,5,6,7',
      '0: 8,9,10,11',
      '1,2: 8,9,10,11'
    ])
  })

  it('are shorter chains where layers are large, for opening a session takes its weights twice', () => {
    expect(chainsOf([POST], 60e6)).toEqual(['0: 0,1,2,3', '0: 4,5,6,7', '0: 8,9,10,11'])
    expect(chainsOf([POST], 1e9)).toHaveLength(LAYERS)
  })
})

describe('the head held for generating', () => {
  let pair: PairWeights | null = null
  afterEach(async () => {
    if (pair !== null) await closePairWeights(pair)
  })

  it.each(HEADS)('%s: gives the logits of the one that sweeps use, in int8 nearly', async (name) => {
    pair = await openPairWeights(goldenPath(name, 'base-bf16'), goldenPath(name, 'post-bf16'))
    const device = await openDevice('cpu')
    const { hiddenSize, finalRowSize, vocabularySize } = pair.post.spec
    const hidden = Float32Array.from({ length: 3 * finalRowSize }, (_, i) => Math.sin(i * i))
    const reference = await openLanguageHead(device, pair.post)
    const expected = await valuesOf(reference.logits(hidden))
    await reference.close()
    for (const [weights, tolerance] of [
      ['fp32', 1e-5],
      ['int8', 0.02]
    ] as const) {
      const head = await openResidentHead(device, pair.post, weights)
      const logits = await head.logits(hidden)
      await head.close()
      expect(logits).toHaveLength(3 * vocabularySize)
      const error = Math.sqrt(expected.reduce((sum, value, i) => sum + (value - (logits[i] ?? NaN)) ** 2, 0))
      const size = Math.sqrt(expected.reduce((sum, value) => sum + value ** 2, 0))
      expect(error / size).toBeLessThan(tolerance)
    }
    const { spec } = pair.post
    expect(residentHeadBytes(spec, 'fp32')).toBe(4 * (hiddenSize * vocabularySize + finalNormSize(spec)))
    // A byte for each weight and a float for every 32 of them; the norm stays in float32.
    const blocks = vocabularySize * Math.ceil(hiddenSize / 32)
    expect(residentHeadBytes(spec, 'int8')).toBe(36 * blocks + 4 * finalNormSize(spec))
  })

  it.each(HEADS)('%s: draws the tokens that the sampler draws from its logits', async (name) => {
    pair = await openPairWeights(goldenPath(name, 'base-bf16'), goldenPath(name, 'post-bf16'))
    const device = await openDevice('cpu')
    const { finalRowSize, vocabularySize } = pair.post.spec
    // More than go through the head at once.
    const rows = 140
    const hidden = Float32Array.from({ length: rows * finalRowSize }, (_, i) => Math.sin(i * i) * (i % 5))
    // Evenly spread, and the ends.
    const uniforms = Array.from({ length: rows }, (_, i) => (i * 0.6180339887498949) % 1)
    uniforms[1] = 1 - 2 ** -53
    for (const [temperature, minP] of [
      [1, 0.1],
      [1, 0],
      [0.7, 0.02],
      [3, 1]
    ] as const) {
      const sampling = { ...PAPER_SAMPLING, temperature, minP }
      const head = await openResidentHead(device, pair.post, 'fp32')
      const logits = await head.logits(hidden)
      const drawn = await head.draw(hidden, sampling, uniforms)
      await head.close()
      const expected = uniforms.map((uniform, i) =>
        sampleToken(rowAt(logits, i, vocabularySize), sampling, [], uniform)
      )
      expect(drawn).toEqual(expected)
      expect(new Set(expected).size).toBeGreaterThan(10)
    }
  })

  it('gives the same logits and tokens to the bit in slices of the vocabulary, so that no array is large', async () => {
    pair = await openPairWeights(goldenPath('qwen2', 'base-bf16'), goldenPath('qwen2', 'post-bf16'))
    const device = await openDevice('cpu')
    const { hiddenSize, finalRowSize, vocabularySize } = pair.post.spec
    const rows = 70
    const hidden = Float32Array.from({ length: rows * finalRowSize }, (_, i) => Math.sin(i * i) * (i % 5))
    const uniforms = Array.from({ length: rows }, (_, i) => (i * 0.6180339887498949) % 1)
    const results = []
    for (const slices of [1, 5]) {
      const elements = hiddenSize * Math.ceil(vocabularySize / slices / 16) * 16
      const head = await openResidentHead(device, pair.post, 'fp32', elements)
      results.push({
        tokens: await head.draw(hidden, PAPER_SAMPLING, uniforms),
        logits: await head.logits(hidden)
      })
      await head.close()
    }
    expect(results[0]?.tokens).toHaveLength(rows)
    expect(results[1]).toEqual(results[0])
  })

  it('leaves greedy choice, top-k, top-p and the repetition penalty to the sampler', async () => {
    pair = await openPairWeights(goldenPath('llama3', 'base-bf16'), goldenPath('llama3', 'post-bf16'))
    const device = await openDevice('cpu')
    const head = await openResidentHead(device, pair.post, 'fp32')
    const hidden = new Float32Array(pair.post.spec.finalRowSize)
    for (const changes of [{ temperature: 0 }, { topK: 5 }, { topP: 0.9 }, { repetitionPenalty: 1.1 }])
      expect(await head.draw(hidden, { ...PAPER_SAMPLING, ...changes }, [0.5])).toBeNull()
    await head.close()
  })
})
