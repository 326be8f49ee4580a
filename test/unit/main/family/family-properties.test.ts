import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { probe } from '../../../../src/main/engine/questions/probe'
import { decoderSpec } from '../../../../src/main/family'
import { FAMILIES } from '../../../../src/main/family/family-table'
import { checkpointFixture, temporaryFolder, writeCheckpoint } from '../../../fixtures/checkpoint-builder'
import { GOLDEN_FAMILIES, goldenConfig, largestDifference } from '../../../fixtures/goldens'

const VOCABULARY = 12

/** Settings that are on or off, of which a family has some. */
const SWITCHES = [
  ...['attention_bias', 'attention_out_bias', 'bias', 'mlp_bias', 'use_bias', 'use_qkv_bias', 'mamba_conv_bias'],
  ...['mamba_norm_before_gate', 'mamba_rms_norm', 'altup_correct_scale', 'attention_k_eq_v', 'use_double_wide_mlp'],
  ...['share_embedding', 'tie_word_embeddings', 'use_parallel_residual', 'use_sliding_window', 'norm_topk_prob']
]

const GOLDENS = GOLDEN_FAMILIES.map(goldenConfig)

/** Returns the configs of a family's goldens. The text models of Qwen's older vision models have none, and are Qwen 2. */
function configsOf(modelType: string): Record<string, unknown>[] {
  const own = GOLDENS.filter(({ model_type }) => model_type === modelType)
  const alike = GOLDENS.filter(({ model_type }) => model_type === 'qwen2')
  return own.length > 0 ? own : alike.map((config) => ({ ...config, model_type: modelType }))
}

const isComputed = (config: Record<string, unknown>): boolean => {
  try {
    return decoderSpec(config, 'config.json').layerCount > 0
  } catch {
    return false
  }
}

/** Varies a config: any sizes, layers, heads, kv heads, head size and window, and settings that are on or off, as far as its family has them. */
function variants(config: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .record({
      kvHeads: fc.integer({ min: 1, max: 2 }),
      group: fc.integer({ min: 1, max: 2 }),
      head_dim: fc.constantFrom(2, 4, 6, 10),
      hidden_size: fc.constantFrom(6, 8, 10),
      num_hidden_layers: fc.integer({ min: 1, max: 2 }),
      sliding_window: fc.integer({ min: 1, max: 5 }),
      switches: fc.array(fc.boolean(), { minLength: SWITCHES.length, maxLength: SWITCHES.length })
    })
    .map(({ kvHeads, group, head_dim, hidden_size, num_hidden_layers, sliding_window, switches }) => {
      const num_attention_heads = kvHeads * group
      const types: unknown = config.layer_types
      const layer_types = Array.isArray(types) ? { layer_types: types.slice(-num_hidden_layers) } : {}
      const changes = [
        ...[{ num_hidden_layers, ...layer_types }, { hidden_size }, { intermediate_size: 14 }],
        { num_attention_heads, num_key_value_heads: 'kv_lora_rank' in config ? num_attention_heads : kvHeads },
        ...[{ head_dim }, { sliding_window }],
        ...SWITCHES.map((name, place) => ({ [name]: switches[place] }))
      ]
      const vocabulary = { vocab_size: VOCABULARY, vocab_size_per_layer_input: VOCABULARY }
      return changes.reduce<Record<string, unknown>>(
        (varied, change) => {
          const has = Object.keys(change).every((name) => (config[name] ?? null) !== null)
          return has && isComputed({ ...varied, ...change }) ? { ...varied, ...change } : varied
        },
        { ...config, ...Object.fromEntries(Object.entries(vocabulary).filter(([name]) => name in config)) }
      )
    })
}

const prompts = fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 10 }), {
  minLength: 2,
  maxLength: 3
})

describe('packed prompts give the logits of one prompt at a time', () => {
  it.each(Object.keys(FAMILIES))('%s, any small config', async (modelType) => {
    const folder = await temporaryFolder()
    let run = 0
    const config = fc.constantFrom(...configsOf(modelType)).chain(variants)
    await fc.assert(
      fc.asyncProperty(config, prompts, fc.nat(), async (config, somePrompts, some) => {
        const path = await writeCheckpoint(join(folder, String(run++)), checkpointFixture({ config, dtype: 'F32' }))
        const model = { kind: 'post' as const }
        const request = { base: path, post: path, device: 'cpu' as const, model }
        const packed = await probe({ ...request, prompts: somePrompts })
        const place = some % somePrompts.length
        const [alone] = await probe({ ...request, prompts: somePrompts.slice(place, place + 1) })
        expect(largestDifference(packed[place], alone)).toBeLessThan(1e-5)
      }),
      { numRuns: 3 }
    )
  })
})
