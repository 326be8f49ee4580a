import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Model, layersModel } from '../../../../../src/contract/model/model'
import type { LayerStrength } from '../../../../../src/contract/model/recipe'
import { type DecoderSpec, expertTensors, type LayerTensorSpec, sharedTensors } from '../../../../../src/main/family'
import { openDevice } from '../../../../../src/main/engine/device/device'
import { forward } from '../../../../../src/main/engine/forward/forward'
import { probe } from '../../../../../src/main/engine/questions/probe'
import { sweep } from '../../../../../src/main/engine/sweep/sweep'
import { storedBytes } from '../../../../../src/main/engine/sweep/sweep-plan'
import { packPrompts } from '../../../../../src/main/engine/tries/prompt-trie'
import { buildRecipeTrie } from '../../../../../src/main/engine/tries/recipe-trie'
import {
  closePairWeights,
  openPairWeights,
  type PairWeights
} from '../../../../../src/main/engine/weights/pair-weights'
import { leavesByDepth, walkParts } from '../../../../../src/main/engine/tries/trie-parts'
import { findSharing } from '../../../../../src/main/engine/weights/sharing'
import { goldenPath, largestDifference, LOGIT_TOLERANCE, readGolden } from '../../../../fixtures/goldens'

const folders = { base: goldenPath('olmoe', 'base-bf16'), post: goldenPath('olmoe', 'post-bf16') }
const { prompts, layerCount } = readGolden('olmoe')
const BF16_BYTES = 2
const CHOSEN = 3

const bytesOf = (tensors: readonly LayerTensorSpec[]): number =>
  tensors.reduce((sum, { shape }) => sum + BF16_BYTES * shape.reduce((product, size) => product * size, 1), 0)

/** Layers 1 and 2 with this of base. */
const model = (strength: LayerStrength): Model =>
  layersModel(
    Array.from({ length: layerCount }, (_, layer) => (layer === 1 || layer === 2 ? strength : { attention: 0, mlp: 0 }))
  )
const experts = { norms: 0, router: 0, gate: 1, up: 1, down: 1 }
const MODELS: readonly Model[] = [
  { kind: 'post' },
  { kind: 'base' },
  model({ attention: 1, mlp: 0 }),
  model({ attention: 0, mlp: 1 }),
  model({ attention: 0, mlp: experts }),
  model({ attention: 0, mlp: { ...experts, router: 1, gate: 0, up: 0, down: 0 } }),
  model({ attention: 0.3, mlp: 0.6 })
]

describe('experts of a layer', () => {
  let pair: PairWeights
  beforeEach(async () => {
    pair = await openPairWeights(folders.base, folders.post)
  })
  afterEach(() => closePairWeights(pair))

  async function run(models: readonly Model[], asked: readonly (readonly number[])[]) {
    const trie = buildRecipeTrie(models, await findSharing(pair, models))
    const device = await openDevice('cpu')
    const read = { bytes: 0, steps: 0, rows: 0 }
    const packed = packPrompts(asked)
    for await (const event of forward({ device, precision: 'fp32', pair, trie, packed, everyRow: true })) {
      if (event.type === 'block') read.bytes += event.bytesRead
      if (event.type === 'block') read.steps++
      if (event.type === 'rows') read.rows += event.rows
    }
    return { ...read, trie, packed }
  }

  it('are not read where no row needs them', async () => {
    const { spec } = pair.post
    const { bytes, steps } = await run([{ kind: 'post' }], [[5]])
    expect(steps).toBe(layerCount * (1 + CHOSEN))
    expect(bytes).toBe(layerCount * (bytesOf(sharedTensors(spec, 0)) + CHOSEN * bytesOf(expertTensors(spec, 0, 0))))
    expect(bytes).toBeLessThan(layerCount * layerBytes(spec))
  })

  it('are read once for all models, halves and components that need them', async () => {
    // Enough rows that some of them need each expert.
    const everyToken = Array.from({ length: 64 }, (_, token) => [token])
    const { bytes, trie, packed, rows } = await run(MODELS, [prompts.long ?? [], ...everyToken])
    const { spec } = pair.post
    // All layers of both models are used.
    expect(bytes).toBe(2 * layerCount * layerBytes(spec))
    expect(bytes).toBe(storedBytes(pair, trie, packed.tokens.length).layers)
    const nodes = trie.levels.map((level) => level.nodes.length)
    expect(rows).toBeCloseTo(packed.tokens.length * nodes.reduce((sum, count) => sum + count, 0), 6)
  })

  it('give a part of the models the same bits whether or not the other parts are computed', async () => {
    const trie = buildRecipeTrie(MODELS, await findSharing(pair, MODELS))
    const device = await openDevice('cpu')
    const packed = packPrompts([prompts.long ?? []])
    const leaves = leavesByDepth(trie)
    const split = [leaves.slice(0, 3), leaves.slice(3)]
    const finals = async (known: ReadonlySet<number>): Promise<Map<number, Float32Array>> => {
      const states = new Map<number, Float32Array>()
      const parts = walkParts(trie, split, known)
      for await (const event of forward({ device, precision: 'fp32', pair, trie, packed, parts }))
        if (event.type === 'final') states.set(event.leaf, event.hidden.slice())
      return states
    }
    const all = await finals(new Set())
    const second = await finals(new Set([0]))
    expect([...second.keys()].sort()).toEqual(leaves.slice(3).sort())
    for (const [leaf, states] of second) expect(states).toEqual(all.get(leaf))
  })

  it('score each model in a sweep as by itself', async () => {
    const tokens = prompts.past_window ?? []
    const groups = [[[7]], [[9]], [[30]]]
    const scored = new Map<number, number[]>()
    const request = { ...folders, device: 'cpu' as const, memoryBytes: 2 ** 30 }
    const asked = { ...request, models: [...MODELS], prompts: [{ tokens, groups }] }
    for await (const event of sweep(asked)) {
      if (event.type === 'probabilities') scored.set(event.model, event.probabilities[0] ?? [])
    }
    expect(scored.size).toBe(MODELS.length)
    for (const [index, own] of MODELS.entries()) {
      if (index < 4) continue
      const [logits = []] = await probe({ ...folders, device: 'cpu', model: own, prompts: [tokens] })
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0)
      const expected = groups.map(([[token = 0] = []]) => Math.exp(logits[token] ?? NaN) / sum)
      expect(largestDifference(scored.get(index), expected)).toBeLessThan(LOGIT_TOLERANCE)
    }
    // Router, experts and attention are parts of their own.
    expect(new Set([...scored.values()].map((values) => values.join())).size).toBe(MODELS.length)
  }, 120_000)
})

function layerBytes(spec: DecoderSpec): number {
  return bytesOf(sharedTensors(spec, 0)) + 8 * bytesOf(expertTensors(spec, 0, 0))
}
