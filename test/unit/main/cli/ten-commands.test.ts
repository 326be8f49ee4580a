import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeHollowPair } from '../../../../src/bench/synthetic-pair'
import { demoPrompts, postAndRanges as rangesOf } from '../../../../src/bench/workload'
import { formatMemory } from '../../../../src/contract/model/bytes'
import { formatCount, formatDuration } from '../../../../src/contract/words/format'
import { buildSweptModels } from '../../../../src/main/engine/sweep/sweep'
import { sweepGroups } from '../../../../src/main/engine/sweep/sweep-groups'
import { smallestMemory } from '../../../../src/main/engine/sweep/sweep-plan'
import { sweepWork } from '../../../../src/main/engine/sweep/plan'
import { buildAnswerTrie } from '../../../../src/main/engine/tries/answer-trie'
import { closePairWeights, openPairWeights } from '../../../../src/main/engine/weights/pair-weights'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'

const page = await readFile(join(import.meta.dirname, '../../../../docs/ten-commands.md'), 'utf8')

it.each([
  ['135M', { shape: 'SmolLM2-135M', layerCount: 30 }],
  ['0.5B', { shape: 'Qwen2.5-0.5B', layerCount: 24 }],
  ['8B', { shape: 'Llama-3.1-8B', layerCount: 32 }]
] as const)('memory, work and time of a sweep of %s are those of its plan', async (name, shape) => {
  const folders = await writeHollowPair(await temporaryFolder(), shape, new AbortController().signal)
  const prompts = await demoPrompts()
  const ranges = rangesOf(shape.layerCount)
  const pair = await openPairWeights(folders.base, folders.post)
  const models = await buildSweptModels(pair, { models: ranges, prompts })
  const tries = prompts.map(buildAnswerTrie)
  const plan = sweepGroups(models, tries, { models: ranges, memoryBytes: Infinity }, 'cpu')
  await closePairWeights(pair)
  const { flops, readBytes } = sweepWork(models, plan.groups)
  const work = flops.projections + flops.head
  // A tenth more than the products take, as in the plan's own estimate.
  const time = (flopsPerSecond: number): string => formatDuration((1.1 * work) / flopsPerSecond)
  const places = prompts.map(({ tokens }) => [tokens])
  const row = [
    ...[name, shape.layerCount, ranges.length - 1],
    ...[formatMemory(smallestMemory(models, places)), formatMemory(plan.peakBytes)],
    ...[`${formatCount(Math.round(work / 1e12))} TFLOP`, formatMemory(readBytes.layers + readBytes.head)],
    ...[time(150e9), time(1e12)]
  ].join(' | ')
  expect(page.replaceAll(/ +/g, ' ')).toContain(`| ${row} |`)
})
