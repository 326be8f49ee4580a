import NEWER_CONFIGS from '../../../fixtures/newer-configs.json'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { WorkbenchError, type Problem } from '../../../../src/contract/model/problem'
import { canonicalTensorName, decoderSpec, rotarySizeOf, supportedTypes } from '../../../../src/main/family'
import type { Family } from '../../../../src/main/family/family'
import { FAMILIES } from '../../../../src/main/family/family-table'
import { UNSUPPORTED_PARTS } from '../../../../src/main/family/unsupported-parts'
import { elementAt } from '../../../../src/contract/model/look-up'
import { inverseFrequencies, rotaryTables } from '../../../../src/main/family/rope'
import { TINY_LLAMA } from '../../../fixtures/checkpoint-builder'
import { GOLDEN_FAMILIES, goldenPath, largestDifference } from '../../../fixtures/goldens'

const ResolvedRopes = z.object({
  resolved: z.object({
    rope: z.array(z.object({ window: z.number().nullable(), inv_freq: z.array(z.number()) }))
  })
})

type Config = Record<string, unknown>

function goldenConfig(family: string, file = 'base-bf16/config.json'): Config {
  return JSON.parse(readFileSync(goldenPath(family, file), 'utf8')) as Config
}

const llama = (changes: Config): Config => ({ ...TINY_LLAMA, ...changes })

describe('reading the requirements of a config', () => {
  it.each(['llama3', 'qwen3', 'gemma3_linear', 'phi3_partial'])(
    'understands both styles of the %s config alike',
    (family) => {
      const older = decoderSpec(goldenConfig(family), 'config.json')
      expect(decoderSpec(goldenConfig(family, 'config.v5.json'), 'config.json')).toEqual(older)
    }
  )

  it.each(NEWER_CONFIGS)('reads $family as newer versions write it as before: $newer', ({ family, newer, dropped }) => {
    const older = goldenConfig(family)
    const kept = Object.fromEntries(Object.entries(older).filter(([key]) => !new Set<string>(dropped).has(key)))
    expect(decoderSpec({ ...kept, ...newer }, 'config.json')).toEqual(decoderSpec(older, 'config.json'))
  })

  it('refuses a key that disagrees with its older name', () => {
    const config = { ...goldenConfig('gpt_neox'), partial_rotary_factor: 0.25 }
    expect(() => decoderSpec(config, 'config.json')).toThrow(
      /"partial_rotary_factor" is 0\.25, expected 0\.5, as under its other name/
    )
  })

  it('finds the text model inside a multimodal config, with class defaults', () => {
    const sizes = { hidden_size: 2560, intermediate_size: 10_240, num_hidden_layers: 34 }
    const text_config = { model_type: 'gemma3_text', ...sizes }
    const vision_config = { model_type: 'siglip_vision_model' }
    const spec = decoderSpec({ model_type: 'gemma3', text_config, vision_config }, 'config.json')
    const defaults = { headCount: 8, kvHeadCount: 4, headSize: 256, tiedHead: true }
    expect(spec).toMatchObject({ modelType: 'gemma3_text', ...defaults })
    // Every sixth layer is full.
    expect(
      spec.layers
        .slice(0, 7)
        .map(({ window }) => window === null)
        .indexOf(true)
    ).toBe(5)
    expect(spec.layers[6]?.window).not.toBeNull()
  })

  it('slides the even layers of Gemma 2; the odd ones are full', () => {
    const { layers } = decoderSpec(goldenConfig('gemma2'), 'config.json')
    expect(layers.map(({ window }) => window)).toEqual([8, null, 8, null, 8, null])
  })

  it('gives sliding Gemma 3 layers another base frequency without scaling', () => {
    const { layers } = decoderSpec(goldenConfig('gemma3_linear'), 'config.json')
    expect(layers[0]?.rope).toEqual({ kind: 'default', theta: 10_000 })
    expect(layers[5]?.rope).toEqual({ kind: 'linear', theta: 1_000_000, factor: 8 })
  })

  it('stretches only full layers of OLMo 3 by YaRN', () => {
    const { layers } = decoderSpec(goldenConfig('olmo3_yarn'), 'config.json')
    expect(layers.map(({ window }) => window)).toEqual([8, 8, 8, null])
    expect(layers.map(({ rope }) => rope.kind)).toEqual(['default', 'default', 'default', 'yarn'])
  })

  it('reads YaRN as transformers 5 does: a written factor takes precedence over the ratio of contexts', () => {
    const yarn = (scaling: Config): object | undefined =>
      decoderSpec(llama({ max_position_embeddings: 4096, rope_scaling: { type: 'yarn', ...scaling } }), 'config.json')
        .layers[0]?.rope
    const original_max_position_embeddings = 1024
    expect(yarn({ factor: 8, original_max_position_embeddings })).toMatchObject({
      factor: 8,
      originalContext: 1024,
      betaFast: 32,
      betaSlow: 1,
      truncate: true,
      attentionFactor: 0.1 * Math.log(8) + 1
    })
    expect(yarn({ factor: null, original_max_position_embeddings })).toMatchObject({ factor: 4 })
    expect(yarn({ factor: 2 })).toMatchObject({ originalContext: 4096 })
    expect(yarn({ factor: 0.5 })).toMatchObject({ attentionFactor: 1 })
  })

  it('reads LongRoPE and dynamic RoPE within the original context, and refuses longer texts', () => {
    const long = decoderSpec(goldenConfig('phi4_longrope'), 'config.json')
    expect(long.contextLength).toBe(128)
    const rope = elementAt(long.layers, 0, 'layer').rope
    expect(rope).toMatchObject({
      kind: 'longrope',
      limit: 128,
      attentionFactor: Math.sqrt(1 + Math.log(2) / Math.log(128))
    })
    expect(() => rotaryTables(rope, long.rotarySize, 129)).toThrow(/A text of 129 tokens is longer than the 128/)
    const config = llama({ max_position_embeddings: 32, rope_scaling: { rope_type: 'dynamic', factor: 4 } })
    const dynamic = elementAt(decoderSpec(config, 'config.json').layers, 0, 'layer').rope
    expect(rotaryTables(dynamic, 4, 32)).toEqual(rotaryTables({ kind: 'default', theta: 10_000 }, 4, 32))
    expect(() => rotaryTables(dynamic, 4, 33)).toThrow(/dynamic positions/)
  })

  it('reads configs with the duplicate keys that transformers 5 writes', () => {
    const { rope_scaling: divisors, ...phi } = goldenConfig('phi4_longrope')
    const twice = {
      ...phi,
      rope_theta: undefined,
      rope_parameters: {
        ...z.record(z.string(), z.unknown()).parse(divisors),
        rope_theta: phi.rope_theta,
        original_max_position_embeddings: 4096
      }
    }
    expect(decoderSpec(twice, 'config.json').layers).toEqual(
      decoderSpec(goldenConfig('phi4_longrope'), 'config.json').layers
    )
    const nemotron = {
      ...goldenConfig('nemotron'),
      rope_theta: undefined,
      rope_parameters: { rope_type: 'default', rope_theta: 10_000, partial_rotary_factor: 1 },
      partial_rotary_factor: 0.5
    }
    expect(decoderSpec(nemotron, 'config.json').rotarySize).toBe(8)
    const linear = { ...nemotron.rope_parameters, rope_type: 'linear', factor: 2 }
    expect(() => decoderSpec({ ...nemotron, rope_parameters: linear }, 'config.json')).toThrow(
      /"partial_rotary_factor" is 0.5, expected 1/
    )
    const gemma = goldenConfig('gemma3_linear', 'config.v5.json')
    const parameters = z.record(z.string(), z.unknown()).parse(gemma.rope_parameters)
    expect(
      decoderSpec(
        { ...gemma, rope_parameters: { ...parameters, rope_type: 'default', rope_theta: null } },
        'config.json'
      )
    ).toEqual(decoderSpec(gemma, 'config.json'))
  })

  it('rotates the layers of SmolLM3 that its config marks, or all but every fourth', () => {
    const config = { ...goldenConfig('smollm3'), num_hidden_layers: 8, layer_types: null }
    const kinds = (changes: Config): string[] =>
      decoderSpec({ ...config, ...changes }, 'config.json').layers.map(({ rope }) => rope.kind)
    expect(kinds({ no_rope_layers: [1, 1, 0, 0, 1, 1, 1, 1] }).indexOf('none')).toBe(2)
    const byRule = { no_rope_layers: null, no_rope_layer_interval: undefined }
    expect(kinds(byRule).flatMap((kind, layer) => (kind === 'none' ? [layer] : []))).toEqual([3, 7])
    const tooFew = { no_rope_layers: [1, 0] }
    expect(() => kinds(tooFew)).toThrow(/"no_rope_layers" is \[1,0\], expected a list of 0 and 1/)
  })

  it('computes every activation of these families', () => {
    const activation = (hidden_act: unknown): string => decoderSpec(llama({ hidden_act }), 'config.json').activation
    expect(['silu', 'gelu', 'gelu_new', 'gelu_pytorch_tanh', 'relu', null].map(activation)).toEqual([
      'silu',
      'gelu',
      'gelu_tanh',
      'gelu_tanh',
      'relu',
      'silu'
    ])
    expect(decoderSpec({ ...goldenConfig('gemma2'), hidden_activation: null }, 'config.json').activation).toBe(
      'gelu_tanh'
    )
  })

  it('reads Gemma 3 as transformers does', () => {
    const config = { ...goldenConfig('gemma3'), attn_logit_softcapping: 5, final_logit_softcapping: 6 }
    expect(decoderSpec(config, 'config.json')).toMatchObject({ attentionSoftCap: null, finalSoftCap: 6 })
    const nested = { model_type: 'gemma3', text_config: config }
    expect(decoderSpec(nested, 'config.json')).toMatchObject({ attentionSoftCap: null, finalSoftCap: null })
    const bare = { ...goldenConfig('gemma3'), layer_types: null, sliding_window_pattern: null }
    const byPattern = decoderSpec({ ...bare, _sliding_window_pattern: 2 }, 'config.json').layers
    expect(byPattern.map(({ window }) => window === null)).toEqual([false, false, false, false, false, true])
  })

  it('ignores sliding_window of Qwen without use_sliding_window', () => {
    const config = { ...goldenConfig('qwen2'), sliding_window: 16, max_window_layers: 2 }
    const windows = (changes: Config): (number | null)[] =>
      decoderSpec({ ...config, ...changes }, 'config.json').layers.map(({ window }) => window)
    expect(windows({ use_sliding_window: false })).toEqual([null, null, null, null])
    expect(windows({ use_sliding_window: true })).toEqual([null, null, 16, 16])
  })

  it('ties the head by each family’s default', () => {
    const untied = { ...goldenConfig('llama3') }
    delete untied.tie_word_embeddings
    expect(decoderSpec(untied, 'config.json').tiedHead).toBe(false)
    expect(decoderSpec(goldenConfig('gemma2'), 'config.json').tiedHead).toBe(true)
  })

  it.each(GOLDEN_FAMILIES)('resolves windows and rotary frequencies of %s as the reference does', (family) => {
    const { resolved } = ResolvedRopes.parse(JSON.parse(readFileSync(goldenPath(family, 'golden.json'), 'utf8')))
    const spec = decoderSpec(goldenConfig(family), 'config.json')
    expect(spec.layers.map(({ window }) => window)).toEqual(resolved.rope.map(({ window }) => window))
    spec.layers.forEach(({ rope }, layer) => {
      const frequencies = [...inverseFrequencies(rope, rotarySizeOf(spec, rope))]
      // Recorded with eight digits.
      expect(largestDifference(frequencies, resolved.rope[layer]?.inv_freq)).toBeLessThan(1e-7)
    })
  })
})

describe('the list of supported model types', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../../../README.md'), 'utf8')
  const labels = (families: readonly Family[]): string => families.map(({ label }) => label).join(', ')
  const all = Object.values(FAMILIES)
  const mayLackExperts = ({ experts }: Family): boolean => experts === null || experts.isWithout !== undefined

  it.each([
    ['attention', labels(all.filter((family) => mayLackExperts(family) && family.recurrent === null))],
    ['recurrent', labels(all.filter(({ recurrent }) => recurrent !== null))],
    ['experts', labels(all.filter(({ experts }) => experts !== null))]
  ])('has every family with %s in README.md', (layers, models) => {
    const row = readme.split('\n').find((line) => line.startsWith(`| ${layers} `))
    expect(row?.split('|')[2]?.trim()).toBe(models)
  })

  const refusal = (modelType: string): Problem => {
    try {
      decoderSpec({ model_type: modelType }, 'c.json')
    } catch (error) {
      if (error instanceof WorkbenchError) return error.problem
    }
    throw new Error(`${modelType} is not refused`)
  }

  it('counts the types in the hint of a refused type', () => {
    const types = supportedTypes()
    const { hint } = refusal('opt')
    expect(hint).toBe(`${Object.keys(types).length} types are supported; see slr doctor --families.`)
    expect(types).toMatchObject({ mistral3: 'Mistral, Ministral 3 with images', qwen3: 'Qwen3' })
  })

  it('names the missing part of a refused type in one sentence', () => {
    for (const [type, part] of Object.entries(UNSUPPORTED_PARTS)) {
      expect(type in supportedTypes(), type).toBe(false)
      const { message } = refusal(type)
      expect(message).toBe(`c.json: model_type "${type}" is not supported: ${part} cannot be computed.`)
    }
  })
})

describe('tensor names', () => {
  it.each([
    ['model.layers.0.mlp.up_proj.weight', 'model.layers.0.mlp.up_proj.weight'],
    ['layers.0.mlp.up_proj.weight', 'model.layers.0.mlp.up_proj.weight'],
    ['language_model.model.norm.weight', 'model.norm.weight'],
    ['backbone.embedding.weight', 'model.embeddings.weight'],
    ['model.language_model.embed_tokens.weight', 'model.embed_tokens.weight'],
    ['language_model.lm_head.weight', 'lm_head.weight'],
    ['lm_head.weight', 'lm_head.weight'],
    ['vision_tower.layers.0.weight', 'vision_tower.layers.0.weight']
  ])('%s is %s', (stored, canonical) => {
    expect(canonicalTensorName(stored)).toBe(canonical)
  })
})
