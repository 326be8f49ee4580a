import { describe, expect, it } from 'vitest'
import { tokenFlops } from '../../../src/bench/generation'
import { describeDevices, measureDevices } from '../../../src/bench/gpu'
import { modelConfig } from '../../../src/bench/model-shapes'
import { writeSyntheticPair } from '../../../src/bench/synthetic-pair'
import { demoPrompts, packTokens, spreadPrompts, postAndRanges, trieOf } from '../../../src/bench/workload'
import { openPair } from '../../../src/main/checkpoint/pair'
import { sweep } from '../../../src/main/engine/sweep/sweep'
import { countFlops } from '../../../src/main/engine/sweep/sweep-plan'
import { decoderSpec } from '../../../src/main/family'
import { temporaryFolder } from '../../fixtures/checkpoint-builder'
import { wholeTrie } from '../../../src/main/engine/tries/trie-parts'

const SHAPE = { shape: 'SmolLM2-135M', layerCount: 2, vocabularySize: 64, widthFactor: 1 / 3 } as const

describe('the bench', () => {
  it('makes pairs that open as models and whose sweep gives finite probabilities', async () => {
    const folders = await writeSyntheticPair(await temporaryFolder(), SHAPE, new AbortController().signal)
    const { post } = await openPair(folders.base, folders.post)
    expect(post.spec).toMatchObject({ layerCount: 2, hiddenSize: 192, headCount: 3, headSize: 64 })

    const everyToken = Array.from({ length: SHAPE.vocabularySize }, (_, token) => token)
    const prompts = [{ tokens: [1, 2, 3], groups: [everyToken.map((token) => [token]), [[0]]] }]
    const probabilities: number[][] = []
    const request = {
      ...folders,
      device: 'cpu' as const,
      models: postAndRanges(2),
      prompts,
      memoryBytes: 1e9
    }
    for await (const event of sweep(request)) {
      if (event.type === 'probabilities') probabilities.push(...event.probabilities)
    }
    expect(probabilities).toHaveLength(4)
    for (const [all, first] of probabilities) expect([all, first].every(Number.isFinite)).toBe(true)
    for (const [all] of probabilities) expect(all).toBeCloseTo(1, 4)
    // Layers differ between base and post, so no two models are the same.
    expect(new Set(probabilities.map(([, first]) => first)).size).toBe(4)
  })

  it('sweeps on every device that works, but on no software adapter', async () => {
    const { signal } = new AbortController()
    const folders = await writeSyntheticPair(await temporaryFolder(), { ...SHAPE, vocabularySize: 2048 }, signal)
    const report = { adapter: null, reason: null, check: null, works: true, isSoftware: false }
    const reports = [
      { ...report, device: 'cpu' },
      { ...report, device: 'webgpu', isSoftware: true },
      { ...report, device: 'cuda', works: false }
    ] as const
    const prompts = spreadPrompts(await demoPrompts(), 4)
    const sweeps = await measureDevices(folders, 2, prompts, reports, signal)
    expect(sweeps).toMatchObject([{ device: 'cpu', precision: 'fp32', largestDifference: 0 }])
    expect(sweeps[0]?.secondsPerBlock).toBeGreaterThan(0)
    expect(describeDevices(sweeps)).toMatch(/^CPU +fp32 +\d+\.\d +\d+\.\d +\d+\.\d min$/m)
  })

  it('counts the products of a sweep: all rows in all layers but the last, where most is done for answers only', () => {
    const spec = decoderSpec(modelConfig(SHAPE), 'config.json')
    // Two prompts that share a prefix of two: four packed rows, two of which predict an answer.
    const packed = packTokens([
      { tokens: [1, 2, 3], groups: [] },
      { tokens: [1, 2, 4], groups: [] }
    ])
    const keyAndValue = 2 * 192 * 192
    const others = 2 * 192 * 192 + 3 * 192 * 512
    // Level 0 has 2 nodes; level 1 one for each of post and the ranges 0-0, 0-1 and 1-1.
    const firstLayer = 2 * 2 * 4 * (keyAndValue + others)
    const lastLayer = 4 * 2 * (4 * keyAndValue + 2 * others)
    expect(countFlops(spec, wholeTrie(trieOf(postAndRanges(2), 2)), packed)).toEqual({
      projections: firstLayer + lastLayer,
      head: 4 * 2 * 2 * 192 * 64
    })
  })

  it('counts the products of one generated token: every matrix of the layers, and the head', () => {
    const spec = decoderSpec(modelConfig(SHAPE), 'config.json')
    expect(tokenFlops(spec)).toBe(2 * (2 * (4 * 192 * 192 + 3 * 192 * 512) + 64 * 192))
  })

  it('takes its prompts from both categories', async () => {
    const prompts = await demoPrompts()
    expect(prompts).toHaveLength(40)
    const ten = spreadPrompts(prompts, 10)
    expect(ten.map((prompt) => prompts.indexOf(prompt))).toEqual([0, 4, 8, 12, 16, 20, 24, 28, 32, 36])
  })
})
