import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeHollowPair } from '../../../../src/bench/synthetic-pair'
import { demoPrompts, postAndRanges as rangesOf } from '../../../../src/bench/workload'
import { closePairWeights, openPairWeights } from '../../../../src/main/engine/weights/pair-weights'
import { countEdges } from '../../../../src/main/engine/tries/recipe-trie'
import { buildSweptModels } from '../../../../src/main/engine/sweep/sweep'
import { maxAliveStates } from '../../../../src/main/engine/tries/alive-states'
import { countFlops, groupWithin, projectionFlops, storedBytes } from '../../../../src/main/engine/sweep/sweep-plan'
import { sweepGroups } from '../../../../src/main/engine/sweep/sweep-groups'
import { buildAnswerTrie } from '../../../../src/main/engine/tries/answer-trie'
import { type Speed, sweepTime, sweepWork } from '../../../../src/main/engine/sweep/plan'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { countPartEdges, wholeTrie } from '../../../../src/main/engine/tries/trie-parts'

const BUDGET_BYTES = 6 * 2 ** 30
const HIDDEN = 4096
const FLOAT_BYTES = 4

/** The plan for the width of an 8B with so many layers, from headers alone: the files are holes. */
async function planLayers(layerCount: number) {
  const shape = { shape: 'Llama-3.1-8B', layerCount } as const
  const folders = await writeHollowPair(await temporaryFolder(), shape, new AbortController().signal)
  const prompts = await demoPrompts()
  const pair = await openPairWeights(folders.base, folders.post)
  const models = await buildSweptModels(pair, { models: rangesOf(layerCount), prompts })
  const { spec } = pair.post
  const { trie } = models
  const grouping = groupWithin(
    models,
    prompts.map(({ tokens }) => [tokens]),
    BUDGET_BYTES
  )
  const largest = grouping.groups.reduce((most, group) =>
    group.packed.tokens.length > most.packed.tokens.length ? group : most
  ).packed
  const request = { models: rangesOf(layerCount), memoryBytes: BUDGET_BYTES }
  const inParts = sweepGroups(models, prompts.map(buildAnswerTrie), request, 'cpu')
  const seconds = (groups: Parameters<typeof sweepWork>[1], speed: Speed): number =>
    sweepTime(sweepWork(models, groups), models, 'cpu', speed).seconds
  const file = await stat(join(folders.post, 'model.safetensors'))
  await closePairWeights(pair)
  return {
    ...grouping,
    inParts,
    seconds,
    spec,
    trie,
    largest,
    stored: storedBytes(pair, trie, largest.tokens.length),
    file
  }
}

describe('the plan for all layers of an 8B within 6 GiB', () => {
  it('exists, and agrees with that of two of them in all that one block and one state take', async () => {
    const whole = await planLayers(32)
    const cut = await planLayers(2)
    // 16 GB that take no disk.
    expect(whole.file.size).toBeGreaterThan(16e9)
    expect(whole.file.blocks * 512).toBeLessThan(50e6)

    expect(whole.peakBytes).toBeLessThanOrEqual(BUDGET_BYTES)
    expect(Object.values(whole.memory).reduce((sum, bytes) => sum + bytes, 0)).toBe(whole.peakBytes)
    expect(whole.memory.process).toBe(cut.memory.process)
    // Buffers of one block, twice, whatever the depth; and nothing is kept for later blocks of a layer.
    expect(whole.memory.weights).toBe(cut.memory.weights)
    expect([whole.stored.kept, cut.stored.kept]).toEqual([0, 0])
    // The same groups go through both.
    expect(whole.groups.map(({ indices }) => indices)).toEqual(cut.groups.map(({ indices }) => indices))
    expect(whole.memory.activations).toBe(cut.memory.activations)
    expect(whole.stored.layers).toBe(16 * cut.stored.layers)
    expect(whole.stored.head).toBe(cut.stored.head)

    for (const { trie, memory, largest, spec, groups } of [whole, cut]) {
      expect(memory.states).toBe(maxAliveStates(trie) * largest.tokens.length * HIDDEN * FLOAT_BYTES)
      const finalCount = new Set(largest.paths.map((path) => path.at(-1))).size
      const lastEdges = trie.levels.at(-1)?.nodes.length ?? 0
      const each = (layer: number): number => projectionFlops(spec, layer, largest.tokens.length, finalCount)
      expect(countFlops(spec, wholeTrie(trie), largest).projections).toBe(
        (countEdges(trie) - lastEdges) * each(0) + lastEdges * each(spec.layerCount - 1)
      )
      expect(groups.flatMap(({ indices }) => indices)).toHaveLength(40)
    }
    expect([countEdges(whole.trie), countEdges(cut.trie)]).toEqual([6016, 6])
  })
})

describe('the parts of an 8B, each of which is kept when the sweep is stopped', () => {
  it('are a twentieth of it or less, for at most a tenth more time and no more work', async () => {
    const { inParts, groups, seconds, trie, peakBytes } = await planLayers(32)
    expect(inParts.peakBytes).toBe(peakBytes)
    expect(inParts.groups).toHaveLength(groups.length)
    const whole = groups.map((group) => ({ ...group, parts: [wholeTrie(trie)] }))
    const twoCores = { flopsPerSecond: 120e9, bytesPerSecond: 1e9 }
    const parts = inParts.groups.flatMap((group) => group.parts)
    expect(parts.reduce((sum, part) => sum + countPartEdges(part), 0)).toBe(countEdges(trie))
    expect(parts.flatMap(({ leaves }) => leaves)).toHaveLength(trie.levels.at(-1)?.nodes.length ?? 0)
    const inAll = seconds(whole, twoCores)
    const longest = Math.max(
      ...inParts.groups.flatMap((group) => group.parts.map((part) => seconds([{ ...group, parts: [part] }], twoCores)))
    )
    expect(inAll).toBeGreaterThan(3600)
    expect(longest).toBeLessThan(inAll / 20)
    expect(seconds(inParts.groups, twoCores)).toBeLessThanOrEqual(1.1 * inAll)
  })
})
