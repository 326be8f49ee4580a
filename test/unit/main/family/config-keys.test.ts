import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { decoderSpec } from '../../../../src/main/family'
import { FAMILIES } from '../../../../src/main/family/family-table'
import { GOLDEN_FAMILIES, goldenPath } from '../../../fixtures/goldens'
import { PUBLISHED_CONFIGS, type PublishedConfig } from '../../../fixtures/published-configs'

type Config = Record<string, unknown>

const spec = (config: Config): ReturnType<typeof decoderSpec> => decoderSpec(config, 'config.json')

/** The first published config of a family, changed. */
function configOf(modelType: string, changes: Config): Config {
  const published = PUBLISHED_CONFIGS.find(({ config }) => config.model_type === modelType)
  if (published === undefined) throw new Error(`no config of ${modelType}`)
  return { ...published.config, ...changes }
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
    const published = new Set(PUBLISHED_CONFIGS.map(({ config }) => config.model_type))
    expect(Object.keys(FAMILIES).filter((modelType) => !published.has(modelType))).toEqual([])
  })

  test.each(GOLDEN_FAMILIES)('those of the %s goldens load', (family) => {
    const config = JSON.parse(readFileSync(goldenPath(family, 'base-bf16/config.json'), 'utf8')) as Config
    expect(() => spec(config)).not.toThrow()
  })

  test.each(['base', 'post'])('%s of the demo pair loads', (folder) => {
    const path = join(import.meta.dirname, '../../../../resources/demo-pair', folder, 'config.json')
    expect(() => spec(JSON.parse(readFileSync(path, 'utf8')) as Config)).not.toThrow()
  })
})

describe('a key that nothing reads', () => {
  test.each(Object.keys(FAMILIES))('is refused for %s, with its value and the known keys', (modelType) => {
    const { label } = FAMILIES[modelType] ?? { label: '' }
    const { code, message, hint } = problemOf(configOf(modelType, { scale_of_tomorrow: 0.0625 }))
    expect(code).toBe('unsupported')
    expect(message).toContain(
      `config.json: "scale_of_tomorrow" is 0.0625, which is not computed for ${label} models`
    )
    expect(hint).toContain(`Read for ${label}: `)
    expect(hint).toContain('vocab_size')
    expect(hint).toContain('take it out of a copy of config.json')
  })

  test.each<[where: string, config: Config, named: string]>([
    [
      'the text model inside a multimodal config',
      configOf('gemma3', { text_config: { model_type: 'gemma3_text', logit_scale: 2 } }),
      'config.json (text_config): "logit_scale" is 2'
    ],
    [
      'the config around it',
      configOf('gemma3', { audio_config: { layers: 4 } }),
      '"audio_config" is {"layers":4}'
    ],
    [
      'another text model in a multimodal config',
      configOf('mistral3', { text_config: { model_type: 'mixtral' } }),
      'config.json (text_config): "model_type" is "mixtral", which is not supported (supported: mistral, ministral3)'
    ],
    [
      'rope_scaling',
      configOf('llama', { rope_scaling: { type: 'linear', factor: 2, attention_factor: 1.1 } }),
      'config.json (rope_scaling): "attention_factor" is 1.1'
    ],
    [
      'rope_parameters of one type of layer',
      configOf('gemma3_text', {
        rope_theta: undefined,
        rope_local_base_freq: undefined,
        rope_scaling: undefined,
        rope_parameters: {
          full_attention: { rope_type: 'default', rope_theta: 1e6, beta_fast: 32 },
          sliding_attention: { rope_type: 'default', rope_theta: 1e4 }
        }
      }),
      '(full_attention): "beta_fast" is 32'
    ]
  ])('is found in %s', (_where, config, named) => {
    expect(problemOf(config).message).toContain(named)
  })

  test('is named with others, but at most five are named', () => {
    const many = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`k${i}\u001b${'x'.repeat(1000)}`, i + 1])
    )
    const { message } = problemOf(configOf('llama', many))
    expect(message).toContain('and 995 more')
    expect(message.length).toBeLessThan(2000)
    expect(message).not.toContain('\u001b')
  })

  test.each([null, {}, []])('changes nothing if it is %j', (value) => {
    expect(() => spec(configOf('llama', { some_future_key: value }))).not.toThrow()
  })
})

const ONE_SLIDING = { num_hidden_layers: 1, layer_types: ['sliding_attention'] }
const YARN = { type: 'yarn', factor: 16, original_max_position_embeddings: 4096 }

describe('a key that changes the numbers', () => {
  test.each<[modelType: string, changes: Config, named: string]>([
    ['mistral', { attention_bias: true }, '"attention_bias" is true (only false can be)'],
    ['phi3', { mlp_bias: true }, '"mlp_bias" is true'],
    ['phi3', { lm_head_bias: true }, '"lm_head_bias" is true'],
    ['llama', { sliding_window: 4096 }, '"sliding_window" is 4096'],
    ['llama', { use_sliding_window: true }, '"use_sliding_window" is true'],
    ['llama', { layer_types: ['sliding_attention'] }, '"layer_types" is ["sliding_attention"]'],
    ['mistral', { layer_types: ['full_attention'] }, '"layer_types"'],
    [
      'gemma',
      { num_hidden_layers: 2, layer_types: ['full_attention', 'sliding_attention'] },
      '"layer_types" is ["full_attention","sliding_attention"], which is not supported (supported: full_attention)'
    ],
    ['qwen3', { dual_chunk_attention_config: { chunk_size: 8 } }, '"dual_chunk_attention_config" is {"chunk'],
    [
      'qwen2',
      { dual_chunk_attention_config: { chunk_size: 8, local_size: 2, sparse_attention_enabled: true } },
      '"sparse_attention_enabled" is true'
    ],
    ['qwen2', { final_logit_softcapping: 30 }, '"final_logit_softcapping" is 30'],
    ['qwen3', { num_experts: 128 }, '"num_experts" is 128 (only 0 and 1 can be)'],
    ['llama', { rope_interleaved: true }, '"rope_interleaved" is true'],
    ['granitemoehybrid', { num_local_experts: 8 }, '"num_local_experts" is 8, which is not supported'],
    [
      'granitemoehybrid',
      { num_local_experts: undefined },
      '"num_local_experts" is missing, which is not supported (supported: 0)'
    ],
    ['granitemoehybrid', { layer_types: undefined }, '"layer_types" is missing, expected a list of'],
    [
      'granitemoehybrid',
      { num_hidden_layers: 2, layer_types: ['attention', 'mamba'] },
      '"layer_types" is ["attention","mamba"], which is not supported (supported: attention)'
    ],
    ['qwen3_moe', { use_sliding_window: true }, '"use_sliding_window" is true (only false can be)'],
    ['olmoe', { shared_expert_intermediate_size: 8 }, '"shared_expert_intermediate_size" is 8'],
    ['llama', { per_layer_config: { '0': { num_key_value_heads: 1 } } }, '"per_layer_config"'],
    ['gemma2', { use_bidirectional_attention: true }, '"use_bidirectional_attention" is true'],
    ['llama', { quantization_config: { bits: 4 } }, '"quantization_config" is {"bits":4}'],
    ['llama', { rope_scaling: { rope_type: 'default', type: 'mrope' } }, '"type" is "mrope"'],
    [
      'qwen2',
      { rope_parameters: { rope_type: 'default', rope_theta: 5 } },
      '"rope_theta" is 1000000, expected 5'
    ],
    [
      'llama',
      { rope_scaling: { type: 'linear', factor: 2 }, rope_parameters: { rope_type: 'default' } },
      '"rope_scaling" is {"type":"linear","factor":2}, expected null beside "rope_parameters"'
    ]
  ])('%s refuses %j', (modelType, changes, named) => {
    expect(problemOf(configOf(modelType, changes)).message).toContain(named)
  })

  test.each<[modelType: string, changes: Config, named: string]>([
    ['qwen3', { head_dim: null }, '"head_dim" is null, expected a whole number'],
    ['gemma2', { head_dim: null }, '"head_dim" is null, expected a whole number'],
    ['gemma3_text', { head_dim: null }, '"head_dim" is null'],
    ['qwen3', ONE_SLIDING, '"layer_types" is ['],
    ['qwen2', ONE_SLIDING, 'without use_sliding_window'],
    [
      'qwen2',
      { ...ONE_SLIDING, use_sliding_window: true, sliding_window: null },
      'without use_sliding_window and sliding_window'
    ],
    ['gemma2', { sliding_window: null }, '"sliding_window" is null, expected a window'],
    ['gemma3_text', { sliding_window: null }, '"sliding_window" is null, expected a window'],
    ['olmo3', { sliding_window: null }, '"sliding_window" is null, expected a window'],
    ['llama', { partial_rotary_factor: null }, '"partial_rotary_factor" is null, expected a positive number'],
    ['phi3', { partial_rotary_factor: null }, '"partial_rotary_factor" is null'],
    ['llama', { attention_bias: null }, '"attention_bias" is null, expected true or false'],
    ['llama', { mlp_bias: null }, '"mlp_bias" is null, expected true or false'],
    ['mistral', { tie_word_embeddings: null }, '"tie_word_embeddings" is null, expected true or false'],
    ['qwen2', { use_sliding_window: null }, '"use_sliding_window" is null, expected true or false'],
    ['qwen3_moe', { mlp_only_layers: ['1'] }, '"mlp_only_layers" is ["1"], expected a list of layers'],
    ['qwen3_moe', { num_experts_per_tok: 129 }, '"num_experts_per_tok" is 129, expected a whole number'],
    ['qwen3_moe', { num_local_experts: 64 }, '"num_local_experts" is 64, expected 128, as "num_experts" is']
  ])('%s refuses %j, which transformers cannot load', (modelType, changes, named) => {
    expect(problemOf(configOf(modelType, changes)).message).toContain(named)
  })

  test.each<[modelType: string, changes: Config]>([
    ['llama', { head_dim: null, num_key_value_heads: null }],
    ['mistral', { head_dim: null, sliding_window: null }],
    ['phi3', { sliding_window: null }],
    ['gpt_neox', { hidden_act: 'gelu_fast' }],
    ['llama', { rope_scaling: { ...YARN, finetuned: true } }],
    [
      'qwen2',
      { use_sliding_window: true, sliding_window: null, max_window_layers: 0, layer_types: undefined }
    ]
  ])('%s loads with %j, as transformers does', (modelType, changes) => {
    expect(() => spec(configOf(modelType, changes))).not.toThrow()
  })

  test.each<[modelType: string, changes: Config, computed: Config]>([
    ['llama', { attention_bias: true, mlp_bias: true }, { qkvBias: true, outputBias: true, mlpBias: true }],
    ['qwen2', { use_sliding_window: true, max_window_layers: 20 }, {}],
    ['phi3', { partial_rotary_factor: 0.5 }, { rotarySize: 48 }],
    ['llama', { rope_scaling: { type: 'linear', factor: 2 } }, {}]
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
    expect(layers[0]?.experts).toEqual({ count: 16, perRow: 8, size: 768, normed: true })
    const mixtral = { count: 8, perRow: 2, size: 14_336, normed: true }
    expect(spec(configOf('mixtral', {})).layers[3]?.experts).toEqual(mixtral)
    expect(spec(configOf('olmoe', {})).layers[3]?.experts?.normed).toBe(false)
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
