import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { OtherCheckpoint } from '../../../../src/contract/model/checkpoint'
import { layersModel, type Model } from '../../../../src/contract/model/model'
import type { LayerStrength } from '../../../../src/contract/model/recipe'
import { allRanges, nameStrengths, rangeStrengths, setSource } from '../../../../src/contract/model/strengths'
import type { GenerateRequest } from '../../../../src/contract/procedures/engine'
import { openCheckpoint } from '../../../../src/main/checkpoint/checkpoint'
import { generate } from '../../../../src/main/engine/generate/generate'
import { probe } from '../../../../src/main/engine/questions/probe'
import { sweep } from '../../../../src/main/engine/sweep/sweep'
import { checkpointFixture, temporaryFolder, TINY_LLAMA, writeCheckpoint } from '../../../fixtures/checkpoint-builder'
import { finishedAnswers, ONE_ANSWER } from '../../../fixtures/few-answers'
import { exportRecipe } from '../../../fixtures/exported-pair'

type Dtype = 'F32' | 'F16' | 'BF16'
const LAYERS = 3

/** Base, post, and a checkpoint between them. */
async function threeCheckpoints(dtype: Dtype = 'BF16') {
  const folder = await temporaryFolder()
  const config = { ...TINY_LLAMA, num_hidden_layers: LAYERS }
  const write = (name: string, seed: number, stored: Dtype = 'BF16'): Promise<string> =>
    writeCheckpoint(join(folder, name), checkpointFixture({ config, seed, dtype: stored }))
  const [base, post, path] = [await write('base', 1), await write('post', 2), await write('sft', 3, dtype)]
  const { fingerprint } = await openCheckpoint(path)
  const source: OtherCheckpoint = { name: 'sft', path, fingerprint }
  return { folder, base, post, source }
}

/** Ranges, a blend, extrapolated halves, and components. */
const RECIPES: LayerStrength[][] = [
  ...allRanges(LAYERS).map((range) => rangeStrengths(range, LAYERS)),
  Array.from({ length: LAYERS }, () => ({ attention: 0.3, mlp: 0.3 })),
  [
    { attention: 1.4, mlp: -0.5 },
    { attention: { norms: 0, q: 1, k: 1, v: 0.5, o: 0 }, mlp: 1 },
    { attention: 0, mlp: 0 }
  ]
]

const PROMPTS = [
  { tokens: [1, 2, 3], groups: [[[1]], [[2]], [[7]]] },
  { tokens: [4, 9], groups: [[[3]], [[5]]] }
]

async function probabilities(base: string, post: string, models: Model[]): Promise<unknown[]> {
  const found: unknown[] = []
  const request = { base, post, device: 'cpu' as const, models, prompts: PROMPTS, memoryBytes: 2 ** 30 }
  for await (const event of sweep(request)) if (event.type === 'probabilities') found[event.model] = event.probabilities
  return found
}

describe('layers from another checkpoint than base', () => {
  it.each(['BF16', 'F32'] as const)(
    'have the scores, to the bit, that a pair has whose base is that checkpoint, stored as %s',
    async (dtype) => {
      const { base, post, source } = await threeCheckpoints(dtype)
      const ofBase = RECIPES.map((layers) => layersModel(layers))
      const ofSource = RECIPES.map((layers) => layersModel(setSource(layers, source)))
      const found = await probabilities(base, post, [{ kind: 'post' }, ...ofSource])
      expect(found).toEqual(await probabilities(source.path, post, [{ kind: 'post' }, ...ofBase]))
      expect(found).not.toEqual(await probabilities(base, post, [{ kind: 'post' }, ...ofBase]))
    }
  )

  it('are computed beside layers of base in one model', async () => {
    const { folder, base, post, source } = await threeCheckpoints()
    const layers: LayerStrength[] = [
      { attention: 1, mlp: 1, source },
      { attention: 0.5, mlp: 0.5 },
      { attention: 0, mlp: 0.25, source }
    ]
    const ask = (model: Model) => probe({ base, post, device: 'cpu', model, prompts: [[1, 2, 3]] })
    // The same in two steps: an export of what is base's, as post of the rest.
    const half = join(folder, 'half')
    const onlyBase = layers.map((layer) => (layer.source === undefined ? layer : { attention: 0, mlp: 0 }))
    await exportRecipe({ base, post }, { name: 'half', layers: onlyBase }, half)
    const rest = layers.map(({ attention, mlp, source: own }) =>
      own === undefined ? { attention: 0, mlp: 0 } : { attention, mlp }
    )
    const inTwo = { base: source.path, post: half, device: 'cpu' as const, prompts: [[1, 2, 3]] }
    expect(await ask(layersModel(layers))).toEqual(await probe({ ...inTwo, model: layersModel(rest) }))
  })

  it('answer as the same layers of a pair whose base is that checkpoint', async () => {
    const { base, post, source } = await threeCheckpoints()
    const layers = rangeStrengths({ start: 0, end: 1 }, LAYERS)
    const answers = async (from: string, model: Model): Promise<number[][]> => {
      const request: GenerateRequest = {
        ...ONE_ANSWER,
        base: from,
        post,
        models: [model],
        device: 'cpu',
        prompts: [[1, 2, 3]]
      }
      return (await finishedAnswers(generate(request, () => null))).map(({ tokens }) => tokens)
    }
    const found = await answers(base, layersModel(setSource(layers, source)))
    expect(found).toEqual(await answers(source.path, layersModel(layers)))
  })

  it('are exported with the bytes of a pair whose base is that checkpoint, and the card names it', async () => {
    for (const dtype of ['BF16', 'F32'] as const) {
      const { folder, base, post, source } = await threeCheckpoints(dtype)
      const [layers] = RECIPES.slice(-1)
      const own = setSource(layers ?? [], source)
      const [ofSource, ofBase] = [join(folder, 'of-source'), join(folder, 'of-base')]
      await exportRecipe({ base, post }, { name: nameStrengths(own), layers: own }, ofSource)
      await exportRecipe({ base: source.path, post }, { name: 'same', layers: layers ?? [] }, ofBase)
      const read = (path: string): Promise<Buffer> => readFile(join(path, 'model.safetensors'))
      expect(Buffer.compare(await read(ofSource), await read(ofBase))).toBe(0)

      const card = await readFile(join(ofSource, 'README.md'), 'utf8')
      expect(card).toContain('Checkpoint sft, of which layers are taken')
      expect(card).toContain(source.fingerprint)
      expect(card).not.toContain(folder)
    }
  })

  it('are refused when the checkpoint is not the one that was meant', async () => {
    const { base, post, source } = await threeCheckpoints()
    const model = layersModel(
      setSource(rangeStrengths({ start: 0, end: 0 }, LAYERS), { ...source, fingerprint: 'other' })
    )
    await expect(probe({ base, post, device: 'cpu', model, prompts: [[1]] })).rejects.toThrow(
      'is no longer the checkpoint that was to be computed'
    )
  })

  it('are blocks of the pair where the checkpoint has them', async () => {
    const { folder, base, post } = await threeCheckpoints()
    const between = join(folder, 'between')
    await exportRecipe({ base, post }, { name: 'between', ranges: [[0, 0]] }, between)
    const { fingerprint } = await openCheckpoint(between)
    const layers = rangeStrengths({ start: 0, end: 2 }, LAYERS)
    const models = [
      layersModel(setSource(layers, { name: 'between', path: between, fingerprint })),
      layersModel(rangeStrengths({ start: 0, end: 0 }, LAYERS))
    ]
    const [first, second] = await probabilities(base, post, models)
    expect(first).toEqual(second)
    const request = { base, post, device: 'cpu' as const, models, prompts: PROMPTS, memoryBytes: 2 ** 30 }
    for await (const event of sweep(request))
      if (event.type === 'done') expect(event.work.blockEvaluations).toBe(LAYERS)
  })
})
