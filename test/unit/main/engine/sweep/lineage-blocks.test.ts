import { describe, expect, it } from 'vitest'
import type { SweepRequest } from '../../../../../src/contract/procedures/engine'
import { type SweptModel, modelOf } from '../../../../../src/contract/documents/swept-model'
import { allRanges } from '../../../../../src/contract/model/strengths'
import { stageCombinations, stagePairs, stageRange } from '../../../../../src/main/crc/sweep/lineage'
import { roundFloat32 } from '../../../../../src/main/checkpoint/dtype'
import { layerTensors } from '../../../../../src/main/family'
import { type BlockSource, otherOrigin } from '../../../../../src/main/engine/tries/recipe-trie'
import { readBlock } from '../../../../../src/main/engine/weights/block-weights'
import { closePairWeights, openPairWeights } from '../../../../../src/main/engine/weights/pair-weights'
import { sweep } from '../../../../../src/main/engine/sweep/sweep'
import { elementAt } from '../../../../../src/contract/model/look-up'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { readGolden } from '../../../../fixtures/goldens'
import { writeLineage } from '../../../../fixtures/lineage'

const PROMPTS = [
  [10, 11, 12, 13],
  [10, 11, 14],
  [20, 21, 22, 23, 24, 25]
]

/** Returns the probabilities of every model, [model][prompt][group], and the block evaluations. */
async function run(
  pair: { base: string; post: string },
  models: SweepRequest['models']
): Promise<{ probabilities: number[][][]; evaluations: number }> {
  const probabilities = models.map((): number[][] => [])
  let evaluations = 0
  for await (const event of sweep({
    ...{ base: pair.base, post: pair.post, device: 'cpu', models, memoryBytes: 2 ** 32 },
    prompts: PROMPTS.map((tokens) => ({ tokens, groups: [[[5]], [[6]], [[10, 7]]] }))
  })) {
    if (event.type === 'probabilities')
      for (const [row, prompt] of event.prompts.entries())
        elementAt(probabilities, event.model, 'model')[prompt] = elementAt(event.probabilities, row, 'row')
    if (event.type === 'part') evaluations += event.work.blockEvaluations
  }
  return { probabilities, evaluations }
}

describe.each(['llama3', 'qwen3', 'gemma2'] as const)('a lineage of %s', (family) => {
  it('scores every stage against every earlier one as sweeps of the single pairs do, to the bit', async () => {
    const { layerCount, pairs } = readGolden(family)
    const pair = elementAt(pairs, 0, 'pair')
    const stages = await writeLineage(await temporaryFolder(), pair, layerCount, [1, 2])
    const restoring = { layerCount, source: null }
    const models = (ranges: (of: ReturnType<typeof allRanges>[number]) => SweptModel): SweepRequest['models'] =>
      allRanges(layerCount).map((range) => modelOf(ranges(range), restoring))
    const together = await run(pair, [
      { kind: 'post' },
      { kind: 'base' },
      ...stages.map((stage) => ({ kind: 'checkpoint' as const, ...stage })),
      ...stagePairs(stages).flatMap((of) => models((range) => stageRange(of, range, layerCount)))
    ])
    let separate = 0
    const wholes = stages.length + 2
    const perPair = allRanges(layerCount).length
    for (const [index, { target, source }] of stagePairs(stages).entries()) {
      const alone = await run({ base: source?.path ?? pair.base, post: target?.path ?? pair.post }, [
        { kind: 'post' },
        { kind: 'base' },
        ...models((range) => ({ kind: 'range', range }))
      ])
      separate += alone.evaluations
      const start = wholes + index * perPair
      expect(together.probabilities.slice(start, start + perPair)).toEqual(alone.probabilities.slice(2))
    }
    expect(together.evaluations).toBeLessThan(0.71 * separate)
  })

  it('adds the layers of stages and rounds their sum', async () => {
    const { layerCount, pairs } = readGolden(family)
    const pair = elementAt(pairs, 0, 'pair')
    const [sft] = await writeLineage(await temporaryFolder(), pair, layerCount, [1, 2])
    if (sft === undefined) throw new Error('a lineage without a stage')
    const models = stageCombinations([sft], layerCount)[0]?.models.map((model) =>
      modelOf(model, { layerCount, source: null })
    )
    const terms = models?.map((model) => (model.kind === 'recipe' ? model.terms : undefined))
    expect(terms).toEqual([
      undefined,
      [
        { checkpoint: 'base', weight: 1 },
        { checkpoint: sft, weight: -1 },
        { checkpoint: 'post', weight: 1 }
      ],
      undefined,
      undefined
    ])
    const weights = await openPairWeights(pair.base, pair.post, [{ kind: 'checkpoint', ...sft }])
    const blockOf = async (source: BlockSource) => [...(await readBlock(weights, 1, source)).tensors.values()]
    const stage = otherOrigin(sft.path)
    const [base, change, post] = [
      await blockOf({ kind: 'recipe', attention: 1, mlp: 1 }),
      await blockOf({ kind: 'recipe', attention: 1, mlp: 1, from: stage }),
      await blockOf({ kind: 'recipe', attention: 0, mlp: 0 })
    ]
    const origins = [
      { origin: 'base' as const, weight: 1 },
      { origin: stage, weight: -1 },
      { origin: 'post' as const, weight: 1 }
    ]
    const sum = await blockOf({ kind: 'sum', terms: origins })
    await closePairWeights(weights)
    for (const [index, { name }] of layerTensors(weights.post.spec, 1).entries()) {
      const of = (block: typeof base): Float32Array => elementAt(block, index, 'tensor').data
      const expected = of(base).map((value, i) => Math.fround(value - elementAt(of(change), i, 'weight')))
      for (const [i, value] of of(post).entries()) expected[i] = (expected[i] ?? NaN) + value
      roundFloat32(expected, weights.post.dtype(name))
      expect(of(sum)).toEqual(expected)
    }
  })
})
