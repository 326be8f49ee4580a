import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { GenerateRequest } from '../../../../src/contract/procedures/engine'
import type { Model } from '../../../../src/contract/model/model'
import type { Recipe } from '../../../../src/contract/model/recipe'
import { openCheckpoint } from '../../../../src/main/checkpoint/checkpoint'
import { generate } from '../../../../src/main/engine/generate/generate'
import { closePairWeights, openPairWeights } from '../../../../src/main/engine/weights/pair-weights'
import { probe } from '../../../../src/main/engine/questions/probe'
import { buildRecipeTrie, countEdges } from '../../../../src/main/engine/tries/recipe-trie'
import { findSharing } from '../../../../src/main/engine/weights/sharing'
import { sweep } from '../../../../src/main/engine/sweep/sweep'
import { collect } from '../../../fixtures/collect'
import { checkpointFixture, temporaryFolder, TINY_LLAMA, writeCheckpoint } from '../../../fixtures/checkpoint-builder'
import { exportRecipe } from '../../../fixtures/exported-pair'
import { goldenPath, readGolden } from '../../../fixtures/goldens'
import { finishedAnswers } from '../../../fixtures/few-answers'

async function checkpointModel(path: string): Promise<Model> {
  const { fingerprint } = await openCheckpoint(path)
  return { kind: 'checkpoint', name: 'exported', path, fingerprint }
}

const recipeModel = (recipe: Recipe): Model => ({ kind: 'recipe', recipe })

const FAMILIES = ['llama3', 'qwen3', 'phi3'] as const
const RESTORED: Recipe = { name: 'restored', ranges: [[1, 2]] }
const BLENDED: Recipe = {
  name: 'blended',
  layers: Array.from({ length: 4 }, (_, layer) => ({ attention: layer / 4, mlp: layer === 2 ? 1 : 0 }))
}

describe('an exported folder beside its pair', () => {
  const foldersOf = async (family: string) => {
    const folder = await temporaryFolder()
    const pair = { base: goldenPath(family, 'base-bf16'), post: goldenPath(family, 'post-bf16') }
    const [restored, blended] = [join(folder, 'restored'), join(folder, 'blended')]
    await exportRecipe(pair, RESTORED, restored)
    await exportRecipe(pair, BLENDED, blended)
    return { ...pair, restored, blended }
  }

  it.each(FAMILIES)('%s: gives the logits of its recipe, bit for bit', async (family) => {
    const { base, post, restored, blended } = await foldersOf(family)
    const prompts = Object.values(readGolden(family).prompts)
    for (const [recipe, folder] of [
      [RESTORED, restored],
      [BLENDED, blended]
    ] as const) {
      const ask = (model: Model) => probe({ base, post, device: 'cpu', model, prompts })
      expect(await ask(await checkpointModel(folder))).toEqual(await ask(recipeModel(recipe)))
    }
  })

  it.each(FAMILIES)('%s: is sampled beside post, base and its recipe, token for token', async (family) => {
    const { base, post, restored, blended } = await foldersOf(family)
    const models: Model[] = [
      recipeModel(RESTORED),
      await checkpointModel(restored),
      recipeModel(BLENDED),
      await checkpointModel(blended),
      { kind: 'base' },
      { kind: 'post' }
    ]
    const answersOf = async (temperature: number): Promise<number[][][]> => {
      const answers: number[][][] = models.map(() => [])
      const request: GenerateRequest = {
        base, post, models, device: 'cpu', prompts: [[28, 257, 105]], sampleCount: 3, finished: [], seed: 7,
        sampling: { temperature, topK: null, topP: 1, minP: 0, repetitionPenalty: 1 },
        maxTokens: 10, stopTokens: [], stopTexts: [], memoryBytes: 2 ** 30, batchRows: 32
      } // prettier-ignore
      for (const { model, index, tokens } of await finishedAnswers(generate(request, () => null))) {
        const own = answers[model] ?? []
        own[index] = tokens
      }
      return answers
    }
    const greedy = await answersOf(0)
    expect(greedy[1]).toEqual(greedy[0])
    expect(greedy[3]).toEqual(greedy[2])
    // Its draws are those of the recipe that it is, as far as that is known: a blend could be any checkpoint.
    const drawn = await answersOf(1)
    expect(drawn[1]).toEqual(drawn[0])
    expect(drawn[1]).not.toEqual(drawn[5])
  })

  it('costs nothing beside its recipe: every block, embedding and head is shared', async () => {
    const { base, post, restored, blended } = await foldersOf('llama3')
    const models: Model[] = [{ kind: 'base' }, { kind: 'post' }, recipeModel(RESTORED)]
    const prompts = [{ tokens: [1, 2, 3], groups: [[[1]], [[2]]] }]
    const run = async (swept: Model[]) => {
      const request = { base, post, device: 'cpu' as const, models: swept, prompts, memoryBytes: 2 ** 30 }
      const events = await collect(sweep(request))
      const done = events.find((event) => event.type === 'done')
      const scores = events.flatMap((event) => (event.type === 'probabilities' ? [event] : []))
      return { work: done?.work, of: (model: number) => scores.find((score) => score.model === model) }
    }
    const without = await run(models)
    const beside = await run([...models, await checkpointModel(restored)])
    expect(beside.work).toEqual(without.work)
    expect(beside.of(3)?.probabilities).toEqual(beside.of(2)?.probabilities)

    // Only layers 1, 2 and 3 of the blend are blended. Layer 0 is post's.
    const withBlend = await run([...models, await checkpointModel(blended)])
    expect((withBlend.work?.blockEvaluations ?? 0) - (without.work?.blockEvaluations ?? 0)).toBe(3)
    const { tensors } = await openCheckpoint(blended)
    const own = [...tensors].filter(([name]) => /layers\.[123]\./.test(name))
    const ownBytes = own.reduce((sum, [, { byteLength }]) => sum + byteLength, 0)
    expect((withBlend.work?.weightBytesRead ?? 0) - (without.work?.weightBytesRead ?? 0)).toBe(ownBytes)
  })
})

describe('other checkpoints', () => {
  it('share rounded layers of a base stored in another dtype', async () => {
    const folder = await temporaryFolder()
    const { num_hidden_layers: layerCount } = TINY_LLAMA
    const base = await writeCheckpoint(join(folder, 'base'), checkpointFixture({ dtype: 'F32', seed: 1 }))
    const post = await writeCheckpoint(join(folder, 'post'), checkpointFixture({ dtype: 'BF16', seed: 2 }))
    const recipe: Recipe = { name: 'first', ranges: [[0, 0]] }
    await exportRecipe({ base, post }, recipe, join(folder, 'exported'))
    const model = await checkpointModel(join(folder, 'exported'))
    const pair = await openPairWeights(base, post, [model])
    const trie = buildRecipeTrie([recipeModel(recipe), model], await findSharing(pair, []))
    await closePairWeights(pair)
    expect(countEdges(trie)).toBe(layerCount)
    expect(trie.roots).toEqual(['post'])
  })

  it('of another shape are refused, naming what differs', async () => {
    const pair = { base: goldenPath('llama3', 'base-bf16'), post: goldenPath('llama3', 'post-bf16') }
    const other = await checkpointModel(goldenPath('qwen3', 'post-bf16'))
    await expect(probe({ ...pair, device: 'cpu', model: other, prompts: [[1]] })).rejects.toThrow(
      /cannot be compared with the pair\. The family \(model_type\) differs: qwen3 in the checkpoint, llama in post/
    )
  })

  it('that changed since they were chosen are refused', async () => {
    const pair = { base: goldenPath('llama3', 'base-bf16'), post: goldenPath('llama3', 'post-bf16') }
    const model = {
      kind: 'checkpoint' as const,
      name: 'base',
      path: pair.base,
      fingerprint: 'of another day'
    }
    await expect(probe({ ...pair, device: 'cpu', model, prompts: [[1]] })).rejects.toThrow(
      'is no longer the checkpoint that was to be computed'
    )
  })
})
