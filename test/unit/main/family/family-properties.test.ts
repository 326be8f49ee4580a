import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { probe } from '../../../../src/main/engine/questions/probe'
import { FAMILIES } from '../../../../src/main/family/family-table'
import { checkpointFixture, temporaryFolder, writeCheckpoint } from '../../../fixtures/checkpoint-builder'
import { largestDifference } from '../../../fixtures/goldens'

const VOCABULARY = 12

interface Shape {
  readonly kvHeads: number
  readonly group: number
  readonly headSize: number
  readonly window: number | null
  readonly layers: number
  readonly bias: boolean
  readonly tied: boolean
}

/** Small configs of one family: any heads, kv heads, head size, window, layers, tied or not. */
function configs(modelType: string): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .record({
      kvHeads: fc.integer({ min: 1, max: 2 }),
      group: fc.integer({ min: 1, max: 3 }),
      headSize: fc.constantFrom(2, 4, 6, 10),
      hidden: fc.constantFrom(6, 8, 10),
      window: fc.option(fc.integer({ min: 1, max: 5 })),
      layers: fc.integer({ min: 1, max: 2 }),
      tied: fc.boolean(),
      bias: fc.boolean()
    })
    .map((shape) =>
      without(droppedKeys(modelType), {
        model_type: modelType,
        vocab_size: VOCABULARY,
        hidden_size: shape.hidden,
        intermediate_size: 14,
        num_hidden_layers: shape.layers,
        num_attention_heads: shape.kvHeads * shape.group,
        num_key_value_heads: shape.kvHeads,
        head_dim: shape.headSize,
        rms_norm_eps: 1e-6,
        rope_theta: 10_000,
        hidden_act: 'silu',
        tie_word_embeddings: shape.tied,
        ...ownKeys(modelType, shape)
      })
    )
}

const LAYER_NORMS = [
  'stablelm',
  'starcoder2',
  'gpt_neox',
  'cohere',
  'cohere2',
  'nemotron',
  'olmo',
  'lfm2',
  'lfm2_moe',
  'exaone',
  'falcon'
]

const ATTENTION_BIASES = [
  ...'llama qwen3 qwen3_vl_text olmo2 olmo3 seed_oss smollm3 granite granitemoehybrid gemma gemma2'.split(' '),
  ...'gemma3_text vaultgemma arcee hunyuan_v1_dense mobilellm minicpm glm glm4 gpt_neox cohere cohere2 nemotron olmo apertus'.split(
    ' '
  )
]

const DEEPSEEK_LATENT = ['deepseek_v2', 'deepseek_v3', 'kimi_k2']
const LATENT = [...DEEPSEEK_LATENT, 'minicpm3']

/** Returns keys that other families name differently, or do not have. */
function droppedKeys(modelType: string): readonly string[] {
  return [
    ...(LAYER_NORMS.includes(modelType) ? ['rms_norm_eps'] : []),
    ...(['nemotron_h', 'exaone', 'falcon'].includes(modelType) ? ['hidden_act'] : []),
    ...(modelType === 'falcon' ? ['intermediate_size', 'num_key_value_heads'] : []),
    ...(modelType === 'gemma4_text' ? ['rope_theta'] : []),
    ...(modelType === 'gpt_neox' ? ['rope_theta', 'num_key_value_heads'] : [])
  ]
}

function without(keys: readonly string[], config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)))
}

/** Returns keys that only some families have. Other families refuse them. */
function ownKeys(modelType: string, shape: Shape): Record<string, unknown> {
  const keys: readonly [families: readonly string[], own: Record<string, unknown>][] = [
    [ATTENTION_BIASES, { attention_bias: shape.bias }],
    [['llama', 'seed_oss', 'smollm3', 'granite', 'arcee', 'nemotron'], { mlp_bias: shape.bias }],
    [['ernie4_5', 'starcoder2'], { use_bias: shape.bias }],
    [['stablelm'], { use_qkv_bias: !shape.bias }],
    [['stablelm', 'gpt_neox'], { use_parallel_residual: shape.bias }],
    [['stablelm', 'glm', 'glm4', 'nemotron'], { partial_rotary_factor: 1 }],
    [['gpt_neox'], { rotary_pct: 1 }],
    [
      ['qwen3_moe'],
      {
        attention_bias: shape.bias,
        moe_intermediate_size: 5,
        num_experts: 5,
        num_experts_per_tok: 2,
        norm_topk_prob: shape.bias,
        mlp_only_layers: shape.tied ? [1] : []
      }
    ],
    [
      ['qwen2_moe', 'qwen3_next'],
      {
        moe_intermediate_size: 5,
        shared_expert_intermediate_size: 3,
        num_experts: 5,
        num_experts_per_tok: 2,
        norm_topk_prob: shape.bias,
        mlp_only_layers: shape.tied ? [1] : []
      }
    ],
    [
      ['qwen3_5_text', 'qwen3_next'],
      {
        attention_bias: shape.bias,
        full_attention_interval: 2,
        partial_rotary_factor: 1,
        linear_num_key_heads: shape.tied ? 1 : 2,
        linear_num_value_heads: 2,
        linear_key_head_dim: 4,
        linear_value_head_dim: 3,
        linear_conv_kernel_dim: shape.bias ? 4 : 2
      }
    ],
    [
      ['lfm2'],
      {
        norm_eps: 1e-5,
        block_multiple_of: 4,
        full_attn_idxs: shape.bias ? [0] : [1],
        conv_L_cache: shape.tied ? 3 : 2
      }
    ],
    [
      ['nemotron_h'],
      {
        hybrid_override_pattern: shape.bias ? 'M-' : '*M',
        num_hidden_layers: 2,
        mamba_num_heads: 4,
        mamba_head_dim: 3,
        n_groups: shape.tied ? 1 : 2,
        ssm_state_size: 3,
        mlp_bias: shape.tied
      }
    ],
    [
      ['deepseek', 'glm4_moe', 'dots1', ...DEEPSEEK_LATENT],
      {
        attention_bias: shape.bias,
        moe_intermediate_size: 5,
        n_routed_experts: 6,
        n_shared_experts: shape.bias ? 2 : 1,
        num_experts_per_tok: 2,
        norm_topk_prob: shape.bias,
        first_k_dense_replace: shape.tied ? 1 : 0
      }
    ],
    [
      LATENT,
      {
        num_key_value_heads: shape.kvHeads * shape.group,
        q_lora_rank: shape.tied ? null : 3,
        kv_lora_rank: 5,
        qk_nope_head_dim: 3,
        qk_rope_head_dim: 4,
        v_head_dim: shape.headSize
      }
    ],
    [['deepseek_v2'], { norm_topk_prob: false, topk_method: 'group_limited_greedy' }],
    [
      ['glm4_moe', 'dots1', ...DEEPSEEK_LATENT],
      { n_group: 3, topk_group: shape.bias ? 2 : 1, routed_scaling_factor: 2, rope_scaling: null }
    ],
    [['minicpm', 'minicpm3'], { scale_emb: 2, scale_depth: 1.4, dim_model_base: 3 }],
    [['mobilellm'], { share_embedding: shape.bias }],
    [['internlm2'], { bias: shape.bias }],
    [['exaone'], { num_hidden_layers: undefined, num_layers: shape.layers }],
    [['bailing_moe'], { num_experts: 6, num_experts_per_tok: 2, n_group: 3, topk_group: 2, moe_intermediate_size: 5 }],
    [['bailing_moe'], { use_qkv_bias: shape.bias, num_shared_experts: shape.tied ? 0 : 2 }],
    [['minimax_m2'], { num_local_experts: 5, num_experts_per_tok: 2, rotary_dim: 2 }],
    [['glm4_moe'], { partial_rotary_factor: 1, use_qk_norm: shape.tied }],
    [
      ['ernie4_5_moe'],
      {
        moe_intermediate_size: 5,
        moe_num_experts: 5,
        moe_k: 2,
        moe_num_shared_experts: shape.bias ? 2 : 0,
        moe_layer_start_index: shape.tied ? 1 : 0
      }
    ],
    [
      ['lfm2_moe'],
      {
        norm_eps: 1e-5,
        layer_types: ['conv', 'full_attention'].slice(0, shape.layers),
        moe_intermediate_size: 5,
        num_experts: 5,
        num_experts_per_tok: 2,
        num_dense_layers: shape.tied ? 1 : 0
      }
    ],
    [['hunyuan_v1_moe'], { attention_bias: shape.bias, num_experts: 5, moe_topk: 2 }],
    [['mixtral'], { num_local_experts: 4, num_experts_per_tok: 3, sliding_window: shape.window }],
    [
      ['olmoe'],
      {
        num_experts: 6,
        num_experts_per_tok: 2,
        norm_topk_prob: shape.bias,
        clip_qkv: shape.tied ? 0.05 : null
      }
    ],
    [['olmo'], { clip_qkv: shape.bias ? 0.05 : null }],
    [['arcee', 'nemotron'], { hidden_act: 'relu2' }],
    [['apertus'], { hidden_act: 'xielu', rope_scaling: null }],
    [
      ['ministral3'],
      {
        rope_theta: undefined,
        rope_parameters: {
          rope_type: 'yarn',
          rope_theta: 10_000,
          factor: 4,
          original_max_position_embeddings: 4,
          llama_4_scaling_beta: 0.5
        }
      }
    ],
    [['seed_oss'], { attention_out_bias: !shape.bias }],
    [['mistral', 'phi3', 'qwen2', 'qwen3', 'smollm3', 'starcoder2', 'ministral3'], { sliding_window: shape.window }],
    [['gemma2', 'vaultgemma', 'gemma3_text', 'olmo3', 'exaone4', 'cohere2'], { sliding_window: shape.window ?? 3 }],
    [['smollm3'], { use_sliding_window: shape.bias, no_rope_layer_interval: 2 }],
    [
      ['granitemoehybrid'],
      {
        shared_intermediate_size: 6,
        num_local_experts: shape.tied ? 0 : 5,
        num_experts_per_tok: shape.tied ? 0 : 2,
        layer_types: Array.from({ length: shape.layers }, (_, layer) =>
          layer === (shape.bias ? 0 : 1) ? 'mamba' : 'attention'
        ),
        mamba_n_heads: 4,
        mamba_d_head: 'auto',
        mamba_n_groups: shape.tied ? 1 : 2,
        mamba_d_state: 3,
        mamba_d_conv: shape.bias ? 4 : 2,
        mamba_conv_bias: shape.tied,
        time_step_limit: shape.bias ? [0.1, 0.5] : null,
        position_embedding_type: shape.tied ? 'rope' : 'nope'
      }
    ],
    [['granitemoe'], { attention_bias: shape.bias, num_local_experts: 5, num_experts_per_tok: 2 }],
    [
      ['granite', 'granitemoe', 'granitemoehybrid'],
      { embedding_multiplier: 2, residual_multiplier: 0.5, attention_multiplier: 0.3, logits_scaling: 4 }
    ],
    [
      ['qwen2', 'mimo', 'qwen3', 'qwen2_vl_text', 'qwen2_5_vl_text', 'qwen3_vl_text'],
      { use_sliding_window: true, max_window_layers: 1 }
    ],
    [['gemma2', 'vaultgemma', 'gemma3_text'], { hidden_activation: 'gelu_pytorch_tanh', query_pre_attn_scalar: 3 }],
    [
      ['gemma4_text'],
      {
        num_hidden_layers: 4,
        layer_types: ['sliding_attention', 'full_attention', 'sliding_attention', 'full_attention'],
        global_head_dim: 8,
        sliding_window: shape.window ?? 3,
        hidden_size_per_layer_input: shape.bias ? 3 : 0,
        vocab_size_per_layer_input: VOCABULARY,
        num_kv_shared_layers: shape.bias ? 2 : 0,
        enable_moe_block: !shape.bias && shape.window !== null,
        num_experts: 4,
        top_k_experts: 2,
        moe_intermediate_size: 5,
        use_double_wide_mlp: shape.tied,
        attention_k_eq_v: shape.tied
      }
    ],
    [
      ['falcon_h1'],
      {
        attention_in_multiplier: 0.5,
        key_multiplier: 2,
        mamba_d_ssm: 12,
        mamba_n_heads: 4,
        mamba_n_groups: shape.tied ? 1 : 2,
        mamba_d_state: 3,
        mamba_rms_norm: shape.bias,
        mamba_norm_before_gate: shape.tied,
        mlp_bias: shape.bias,
        mlp_multipliers: [0.7, 0.6],
        ssm_multipliers: [0.5, 0.6, 0.7, 0.8, 0.9],
        ssm_out_multiplier: 0.5
      }
    ],
    [['mllama_text_model'], { cross_attention_layers: shape.bias ? [0] : [] }],
    [
      ['gemma3n_text'],
      {
        num_hidden_layers: 4,
        layer_types: ['sliding_attention', 'full_attention', 'sliding_attention', 'full_attention'],
        intermediate_size: [5, 4, 6, 5],
        sliding_window: shape.window ?? 3,
        hidden_size_per_layer_input: 3,
        vocab_size_per_layer_input: VOCABULARY,
        num_kv_shared_layers: shape.bias ? 2 : 0,
        altup_num_inputs: shape.tied ? 2 : 3,
        altup_correct_scale: shape.bias,
        laurel_rank: 3,
        activation_sparsity_pattern: [0.9, 0.5, 0, 0]
      }
    ],
    [['gemma3_text'], { rope_local_base_freq: 100, sliding_window_pattern: 2 }]
  ]
  return Object.assign({}, ...keys.flatMap(([families, own]) => (families.includes(modelType) ? [own] : [])))
}

const prompts = fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 10 }), {
  minLength: 2,
  maxLength: 3
})

describe('packed prompts give the logits of one prompt at a time', () => {
  it.each(Object.keys(FAMILIES))('%s, any small config', async (modelType) => {
    const folder = await temporaryFolder()
    let run = 0
    await fc.assert(
      fc.asyncProperty(configs(modelType), prompts, fc.nat(), async (config, somePrompts, some) => {
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
