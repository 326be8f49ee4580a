import { z } from 'zod'
import { malformedCases } from '../../../fixtures/malformed'
import { describe, expect, test } from 'vitest'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { decoderSpec } from '../../../../src/main/family'
import { FAMILIES } from '../../../../src/main/family/family-table'
import { PUBLISHED_CONFIGS, type PublishedConfig } from '../../../fixtures/published-configs'

type Config = Record<string, unknown>

const spec = (config: Config): ReturnType<typeof decoderSpec> => decoderSpec(config, 'config.json')

const TextConfig = z.looseObject({ model_type: z.string() })

/** The first published config of a family, or the text model's in it, changed. */
function configOf(modelType: string, changes: Config): Config {
  const published = PUBLISHED_CONFIGS.flatMap(({ config }) => [
    config,
    TextConfig.safeParse(config.text_config).data ?? {}
  ]).find((config) => config.model_type === modelType)
  if (published === undefined) throw new Error(`no config of ${modelType}`)
  return { ...published, ...changes }
}

function problemOf(config: Config): WorkbenchError['problem'] {
  try {
    spec(config)
  } catch (error) {
    if (error instanceof WorkbenchError) return error.problem
    throw error
  }
  throw new Error('nothing was refused')
}

describe('configs as they are published', () => {
  test.each(PUBLISHED_CONFIGS)('$name loads', ({ config, computes }: PublishedConfig) => {
    expect(spec(config)).toMatchObject(computes)
  })

  test('every family has one', () => {
    const published = new Set(PUBLISHED_CONFIGS.map(({ config }) => spec(config).modelType))
    expect(Object.keys(FAMILIES).filter((modelType) => !published.has(modelType))).toEqual([])
  })
})

describe('a key that nothing reads', () => {
  test.each(Object.keys(FAMILIES))('is refused for %s, with its value and the known keys', (modelType) => {
    const { label } = FAMILIES[modelType] ?? { label: '' }
    const { code, message, hint } = problemOf(configOf(modelType, { scale_of_tomorrow: 0.0625 }))
    expect(code).toBe('unsupported')
    expect(message).toContain(`config.json: "scale_of_tomorrow" is 0.0625, which is not computed for ${label} models`)
    expect(hint).toContain(`Read for ${label}: `)
    expect(hint).toContain('vocab_size')
    expect(hint).toContain('take it out of a copy of config.json')
  })

  test('is named with others, but at most five are named', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}\u001b${'x'.repeat(1000)}`, i + 1]))
    const { message } = problemOf(configOf('llama', many))
    expect(message).toContain('and 995 more')
    expect(message.length).toBeLessThan(2000)
    expect(message).not.toContain('\u001b')
  })

  test.each([null, {}, []])('changes nothing if it is %j', (value) => {
    expect(() => spec(configOf('llama', { some_future_key: value }))).not.toThrow()
  })
})

const MALFORMED = malformedCases(
  'configs',
  z.strictObject({
    of: z.string(),
    changes: z.record(z.string(), z.unknown()),
    missing: z.array(z.string()).optional(),
    message: z.string()
  })
)
const YARN = { type: 'yarn', factor: 16, original_max_position_embeddings: 4096 }

describe('a key that changes the numbers', () => {
  test.each(MALFORMED)('$of with $changes without $missing is refused', ({ of, changes, missing = [], message }) => {
    const dropped = Object.fromEntries(missing.map((key) => [key, undefined]))
    expect(problemOf(configOf(of, { ...changes, ...dropped })).message).toContain(message)
  })

  test.each<[modelType: string, changes: Config]>([
    ['llama', { head_dim: null, num_key_value_heads: null }],
    ['mistral', { head_dim: null, sliding_window: null }],
    ['phi3', { sliding_window: null }],
    ['gpt_neox', { hidden_act: 'gelu_fast' }],
    ['llama', { rope_scaling: { ...YARN, finetuned: true } }],
    ['qwen2', { use_sliding_window: true, sliding_window: null, max_window_layers: 0, layer_types: undefined }]
  ])('%s loads with %j, as transformers does', (modelType, changes) => {
    expect(() => spec(configOf(modelType, changes))).not.toThrow()
  })

  test.each<[modelType: string, changes: Config, computed: Config]>([
    ['llama', { attention_bias: true, mlp_bias: true }, { qkvBias: true, outputBias: true, mlpBias: true }],
    ['qwen2', { use_sliding_window: true, max_window_layers: 20 }, {}],
    ['phi3', { partial_rotary_factor: 0.5 }, { rotarySize: 48 }],
    ['llama', { rope_scaling: { type: 'linear', factor: 2 } }, {}],
    ['nemotron_h', { hybrid_override_pattern: 'M-*', num_hidden_layers: undefined }, { layerCount: 3 }]
  ])('%s computes %j', (modelType, changes, computed) => {
    const plain = spec(configOf(modelType, {}))
    expect(spec(configOf(modelType, changes))).not.toEqual(plain)
    expect(spec(configOf(modelType, changes))).toMatchObject(computed)
  })

  test('sets experts in the layers that the config names', () => {
    const sparse = (changes: Config): boolean[] => {
      const { layers } = spec(configOf('qwen3_moe', { num_hidden_layers: 4, ...changes }))
      return layers.map(({ experts }) => experts !== null)
    }
    expect(sparse({})).toEqual([true, true, true, true])
    expect(sparse({ mlp_only_layers: [0, 2] })).toEqual([false, true, false, true])
    expect(sparse({ decoder_sparse_step: 2 })).toEqual([false, true, false, true])
    const { layers } = spec(configOf('qwen3_moe', { num_experts: undefined, num_local_experts: 16 }))
    expect(layers[0]?.experts).toMatchObject({ count: 16, perRow: 8, size: 2560, normed: true })
    const mixtral = { count: 8, perRow: 2, size: 14_336, normed: true, sharedSize: null }
    expect(spec(configOf('mixtral', {})).layers[3]?.experts).toMatchObject(mixtral)
    expect(spec(configOf('olmoe', {})).layers[3]?.experts?.normed).toBe(false)
  })

  test('sets experts outside the first layers, or within a range of them', () => {
    const sparse = (modelType: string, changes: Config): number[] =>
      spec(configOf(modelType, { num_hidden_layers: 5, ...changes })).layers.flatMap(({ experts }, layer) =>
        experts === null ? [] : [layer]
      )
    expect(sparse('glm4_moe', { first_k_dense_replace: 3 })).toEqual([3, 4])
    expect(sparse('ernie4_5_moe', {})).toEqual([1, 2, 3, 4])
    expect(sparse('ernie4_5_moe', { moe_layer_end_index: 3, moe_layer_interval: 2 })).toEqual([1, 3])
  })

  test('chooses experts within groups, with a bias and a factor', () => {
    const experts = (modelType: string, changes: Config): unknown =>
      spec(configOf(modelType, changes)).layers[4]?.experts
    expect(experts('glm4_moe', { n_group: 8, topk_group: 4, routed_scaling_factor: 2.5 })).toMatchObject({
      scores: 'sigmoid',
      biased: true,
      scale: 2.5,
      sharedSize: 1408,
      groups: { count: 8, perRow: 4, rank: 'byTopTwo' }
    })
    expect(experts('ernie4_5_moe', { moe_num_shared_experts: 0 })).toMatchObject({
      scores: 'softmax',
      biased: true,
      sharedSize: null
    })
    expect(experts('hunyuan_v1_moe', {})).toMatchObject({ perRow: 8, biased: false, sharedSize: 3072 })
    expect(() => experts('glm4_moe', { n_group: 7 })).toThrow(
      'config.json: "n_group" is 7, expected a divisor of the number of experts (128).'
    )
    expect(() => experts('hunyuan_v1_moe', { moe_topk: [8, 7] })).toThrow(
      'one whole number from 1 to 64 for all layers'
    )
  })

  test('has the reference implementation’s default if the config omits it', () => {
    const without = (modelType: string, key: string): ReturnType<typeof decoderSpec> =>
      spec(configOf(modelType, { [key]: undefined }))
    expect(without('mistral', 'sliding_window').layers[0]?.window).toBe(4096)
    expect(without('mistral', 'num_key_value_heads').kvHeadCount).toBe(8)
    expect(without('phi3', 'sliding_window').layers[0]?.window).toBeNull()
    expect(without('qwen3', 'head_dim').headSize).toBe(128)
    const all = { use_sliding_window: true, sliding_window: undefined, max_window_layers: 0 }
    expect(spec(configOf('qwen2', all)).layers[0]?.window).toBe(4096)
  })
})
