import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Recipe } from '../../../../src/contract/model/recipe'
import { recipeStrengths } from '../../../../src/contract/model/strengths'
import type { LowRankResult } from '../../../../src/contract/procedures/weights'
import { prepareExport } from '../../../../src/main/export/prepare'
import { writeLowRank } from '../../../../src/main/readings/low-rank'
import { factorTensors, writeAdapter } from '../../../fixtures/adapter-folder'
import {
  checkpointFixture,
  floatTensor,
  temporaryFolder,
  TINY_LLAMA,
  writeCheckpoint
} from '../../../fixtures/checkpoint-builder'
import { type PairFolders, writePair } from '../../../fixtures/exported-pair'
import { problemOf } from '../../../fixtures/problems'

const UPPER: Recipe = { name: 'upper', ranges: [[1, 1]] }

async function writeRanks(folders: PairFolders, ranks: readonly number[]): Promise<LowRankResult['files']> {
  const folder = await temporaryFolder()
  const request = {
    ...folders,
    strengths: recipeStrengths(UPPER, 2),
    savesNormsAndBiases: false,
    files: ranks.map((rank) => ({ rank, path: join(folder, String(rank)) }))
  }
  return (await writeLowRank(request, undefined, () => undefined)).files
}

describe('low-rank adapters', () => {
  it('keep more of the norm with each rank, and all of it at full rank', async () => {
    const files = await writeRanks(await writePair({ dtype: 'F32' }), [1, 2, 4, 8])
    const shares = files.map(({ normShare }) => normShare)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares[0]).toBeLessThan(0.9)
    expect(shares[3]).toBeCloseTo(1, 6)
    for (const { path, bytes } of files) expect((await stat(path)).size).toBe(bytes)
  })

  it('name a tensor that is not finite, and layers that are equal', async () => {
    const root = await temporaryFolder()
    const [fixture, name] = [checkpointFixture({ seed: 1 }), 'model.layers.1.mlp.up_proj.weight']
    const broken = floatTensor(name, 'BF16', [12, 8], [NaN, ...Array<number>(95).fill(0)])
    const base = await writeCheckpoint(join(root, 'base'), {
      ...fixture,
      tensors: fixture.tensors.map((tensor) => (tensor.name === name ? broken : tensor))
    })
    const post = await writeCheckpoint(join(root, 'post'), checkpointFixture({ seed: 2 }))
    const { message } = await problemOf(writeRanks({ base, post }, [2]))
    expect(message).toContain(`${base}/model.safetensors: tensor "${name}" contains NaN`)
    expect((await problemOf(writeRanks({ base: post, post }, [2]))).message).toContain('are equal in these layers')
  })

  it('refuse a rank above the largest, an adapter as post, and experts', async () => {
    const folders = await writePair({ dtype: 'F32' })
    const refusal = async (pair: PairFolders, rank: number) =>
      (await problemOf(prepareExport(pair, UPPER, { kind: 'low-rank', rank, savesNormsAndBiases: false }))).message
    expect(await refusal(folders, 9)).toContain('The rank is 9, but the largest restored weight has the full rank 8')
    const factors = factorTensors('model.layers.1.self_attn.q_proj', [8, 8])
    const adapter = await writeAdapter(join(folders.base, '..', 'adapter'), factors)
    expect(await refusal({ base: folders.base, post: adapter }, 2)).toContain('is an adapter itself')
    const experts = {
      ...TINY_LLAMA,
      model_type: 'mixtral',
      architectures: ['MixtralForCausalLM'],
      num_local_experts: 2,
      num_experts_per_tok: 1
    }
    expect(await refusal(await writePair({ config: experts }), 2)).toContain('Layer 1 has experts')
  })

  it('are settled by settings that PEFT, vLLM and llama.cpp read alike', async () => {
    const { post, ...folders } = await writePair()
    const { adapterConfig } = await prepareExport({ ...folders, post }, UPPER, {
      kind: 'low-rank',
      rank: 4,
      savesNormsAndBiases: true
    })
    const modules = [
      'mlp.down_proj',
      'mlp.gate_proj',
      'mlp.up_proj',
      ...['k', 'o', 'q', 'v'].map((name) => `self_attn.${name}_proj`)
    ]
    expect(JSON.parse(adapterConfig ?? '')).toMatchObject({
      base_model_name_or_path: post,
      r: 4,
      lora_alpha: 4,
      target_modules: modules.map((module) => `model.layers.1.${module}`),
      modules_to_save: ['model.layers.1.input_layernorm', 'model.layers.1.post_attention_layernorm']
    })
  })
})
