import { z } from 'zod'
import { malformedCases } from '../../../fixtures/malformed'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { PairReport, type Finding } from '../../../../src/contract/documents/pair'
import { inspectPair, openPair } from '../../../../src/main/checkpoint/pair'
import {
  checkpointFixture,
  floatTensor,
  temporaryFolder,
  TINY_LLAMA,
  writeCheckpoint,
  type CheckpointFixture
} from '../../../fixtures/checkpoint-builder'
import { goldenPath } from '../../../fixtures/goldens'
import { problemOf } from '../../../fixtures/problems'

const DEMO = join(import.meta.dirname, '../../../../resources/blend-pair')
const GOLDENS = join(import.meta.dirname, '../../../goldens')

const BASE = checkpointFixture({ seed: 1 })
const POST = checkpointFixture({ seed: 2 })

/** Writes both, each with a tokenizer and a chat template, so that only what a test is about is found. */
async function writePair(base: CheckpointFixture, post: CheckpointFixture): Promise<{ base: string; post: string }> {
  const folder = await temporaryFolder()
  const paths = {
    base: await writeCheckpoint(join(folder, 'base'), base),
    post: await writeCheckpoint(join(folder, 'post'), post)
  }
  for (const path of Object.values(paths)) {
    await writeFile(join(path, 'tokenizer.json'), '{}')
    await writeFile(join(path, 'chat_template.jinja'), '{{ messages }}')
  }
  return paths
}

async function findings(base: CheckpointFixture, post: CheckpointFixture): Promise<Finding[]> {
  const paths = await writePair(base, post)
  const report = await inspectPair(paths.base, paths.post)
  expect(report.compatible).toBe(!report.findings.some(({ severity }) => severity === 'error'))
  // Opening refuses exactly the pairs for which inspecting reports an error.
  if (report.compatible) await openPair(paths.base, paths.post)
  else await problemOf(openPair(paths.base, paths.post))
  return report.findings
}

const messages = (list: readonly Finding[], severity: Finding['severity']): string[] =>
  list.filter((finding) => finding.severity === severity).map(({ message }) => message)

const withConfig = (changes: Record<string, unknown>, seed = 2): CheckpointFixture =>
  checkpointFixture({ config: { ...TINY_LLAMA, ...changes }, seed })

/** The fixture with a config that its weights were not made for. */
const claiming = (fixture: CheckpointFixture, changes: Record<string, unknown>): CheckpointFixture => ({
  ...fixture,
  config: { ...fixture.config, ...changes }
})

const without = (fixture: CheckpointFixture, ...names: string[]): CheckpointFixture => ({
  ...fixture,
  tensors: fixture.tensors.filter(({ name }) => !names.includes(name))
})

describe('the report of a pair', () => {
  test('reports different tokenizers, even if only two tokens of base are swapped', async () => {
    const paths = await writePair(withConfig({}, 1), withConfig({}, 2))
    const named = async (): Promise<string[]> =>
      messages((await inspectPair(paths.base, paths.post)).findings, 'warning')
    for (const path of Object.values(paths))
      await writeFile(join(path, 'tokenizer.json'), '{"model":{"vocab":{"a":0,"b":1}}}')
    expect(await named()).toEqual([])
    await writeFile(join(paths.base, 'tokenizer.json'), '{"model":{"vocab":{"a":1,"b":0}}}')
    expect(await named()).toEqual([expect.stringMatching(/^Base's tokenizer\.json is not post's/)])
  })

  test('describes both checkpoints and finds nothing wrong with the demo', async () => {
    const report = await inspectPair(join(DEMO, 'base'), join(DEMO, 'post'))
    expect(PairReport.parse(report)).toEqual(report)
    expect(report.compatible).toBe(true)
    expect(report.findings).toEqual([])
    expect(report.post).toEqual({
      path: join(DEMO, 'post'),
      name: 'blend-pair/post',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      modelType: 'llama',
      parameterCount: 2_477_184,
      weightBytes: 4_966_184,
      dtypes: { BF16: 110 },
      files: [{ name: 'model.safetensors', bytes: 4_966_184, modifiedMs: expect.any(Number) }],
      layerCount: 12,
      hiddenSize: 128,
      intermediateSize: 352,
      experts: null,
      headCount: 4,
      kvHeadCount: 2,
      headSize: 32,
      vocabularySize: 2048,
      contextLength: 512,
      tiedHead: true,
      hasTokenizer: true,
      hasChatTemplate: true,
      hasGenerationConfig: true
    })
  })

  test.each(['gemma2', 'gemma3', 'llama3', 'mistral_swa', 'olmo2', 'phi3', 'qwen2', 'qwen3', 'smollm2'])(
    'finds %s to fit together, and sharded base with single post alike',
    async (family) => {
      const shards = family === 'llama3' ? '-sharded' : ''
      const report = await inspectPair(join(GOLDENS, family, `base-bf16${shards}`), join(GOLDENS, family, 'post-bf16'))
      expect(report.compatible).toBe(true)
      expect(report.findings).toEqual([
        {
          severity: 'warning',
          message:
            "Neither base nor post has a tokenizer.json: prompts cannot be computed without post's; slr sample --next --tokens works."
        },
        { severity: 'note', message: 'Post has no chat template.' }
      ])
    }
  )

  test('counts parameters and dtypes over all tensors', async () => {
    const extra = floatTensor('extra', 'F32', [3], [1, 2, 3])
    const paths = await writePair(BASE, { ...POST, tensors: [...POST.tensors, extra] })
    const { base, post } = await inspectPair(paths.base, paths.post)
    // Embedding and head 16 x 8; per layer q and o 8 x 8, k and v 4 x 8, three of 12 x 8, two norms of 8; final norm 8.
    expect(base.parameterCount).toBe(2 * 16 * 8 + 2 * (2 * 64 + 2 * 32 + 3 * 96 + 2 * 8) + 8)
    expect(post.parameterCount).toBe(base.parameterCount + 3)
    expect(post.dtypes).toEqual({ BF16: 21, F32: 1 })
  })
})

describe('a pair that does not fit', () => {
  const Differing = z.strictObject({
    changes: z.record(z.string(), z.unknown()),
    messages: z.array(z.string())
  })
  test.each(malformedCases('pairs', Differing))(
    'for $changes says what differs, and nothing else',
    async ({ changes, messages: expected }) => {
      expect(messages(await findings(BASE, withConfig(changes)), 'error')).toEqual(expected)
    }
  )

  test('in a number with many digits rounds it, as long as both still differ', async () => {
    const granite = (attention_multiplier: number): CheckpointFixture =>
      withConfig({
        ...{ model_type: 'granite', embedding_multiplier: 1, residual_multiplier: 1, logits_scaling: 1 },
        attention_multiplier
      })
    expect(messages(await findings(granite(Math.SQRT1_2 / 4), granite(0.25)), 'error')).toEqual([
      'The attention score scale differs: 0.1768 in base, 0.25 in post.'
    ])
    expect(messages(await findings(granite(0.250001), granite(0.25)), 'error')).toEqual([
      'The attention score scale differs: 0.250001 in base, 0.25 in post.'
    ])
  })

  test('in experts says so, and of which layer', async () => {
    const mixtral = (changes: Record<string, unknown>): CheckpointFixture =>
      withConfig({ model_type: 'mixtral', num_local_experts: 3, num_experts_per_tok: 2, ...changes })
    expect(messages(await findings(mixtral({}), mixtral({ num_local_experts: 4 })), 'error')).toEqual([
      'The number or size of experts in layer 0 differs: 3 of 12 in base, 4 of 12 in post.'
    ])
    const other = await findings(mixtral({}), mixtral({ num_experts_per_tok: 1 }))
    expect(messages(other, 'error')).toEqual([])
    expect(messages(other, 'warning').join()).toContain(
      'choice of experts (2 for a token, weights that sum to one in base, 1 for a token, weights that sum to one in post)'
    )
  })

  test('because experts are stored as one tensor names what to do', async () => {
    const whole = withConfig({ model_type: 'mixtral', num_local_experts: 2, num_experts_per_tok: 1 })
    const name = 'model.layers.0.mlp.experts.gate_up_proj'
    const joined = { ...whole, tensors: [...whole.tensors, floatTensor(name, 'BF16', [1], [1])] }
    const [message = ''] = messages(await findings(whole, joined), 'error')
    expect(message).toContain(`tensor "${name}" is of all experts of a layer, expected tensors for each expert`)
  })

  test('because tensors are missing names each, of the layers and around them', async () => {
    const names = ['model.layers.1.mlp.up_proj.weight', 'model.norm.weight', 'lm_head.weight']
    const paths = await writePair(BASE, without(POST, ...names))
    const { findings } = await inspectPair(paths.base, paths.post)
    expect(messages(findings, 'error')).toEqual(
      names.map((name) => {
        const advice = ' If the embeddings are the head, set "tie_word_embeddings" to true in config.json.'
        return `post (${paths.post}): tensor "${name}" is missing.${name === 'lm_head.weight' ? advice : ''}`
      })
    )
    const problem = await problemOf(openPair(paths.base, paths.post))
    expect(problem.hint).toMatch(`slr inspect --base ${paths.base} --post ${paths.post}`)
    expect(problem.code).toBe('bad-file')
    expect(problem.message).toContain(`tensor "${names[0]}" is missing.`)
  })

  test('because one folder is given twice and cannot be used says why once', async () => {
    const { post } = await writePair(BASE, without(POST, 'model.norm.weight'))
    const { findings } = await inspectPair(post, post)
    expect(messages(findings, 'error')).toEqual([`base and post (${post}): tensor "model.norm.weight" is missing.`])
  })

  test.each(['module.', '_orig_mod.', 'base_model.model.'])(
    'because names begin with %s says so once',
    async (prefix) => {
      const tensors = POST.tensors.map((tensor) => ({ ...tensor, name: prefix + tensor.name }))
      const paths = await writePair(BASE, { ...POST, tensors })
      const { findings } = await inspectPair(paths.base, paths.post)
      expect(messages(findings, 'error')).toEqual([
        `post (${paths.post}): names of tensors begin with "${prefix}", as those of a wrapped model. Save the model ` +
          'inside with save_pretrained, or remove this prefix from the names.'
      ])
    }
  )

  test('because tensors have other shapes than the config says names file shape and expected shape', async () => {
    const base = claiming(BASE, { intermediate_size: 10 })
    const errors = messages(await findings(base, claiming(POST, { intermediate_size: 10 })), 'error')
    expect(errors).toHaveLength(2 * 2 * 3)
    expect(errors[0]).toMatch(
      /^base \(.*\/base\): tensor "model\.layers\.0\.mlp\.gate_proj\.weight" has the shape \[12, 8\], expected \[10, 8\] by config\.json\.$/
    )
    expect(errors[11]).toMatch(
      /^post .*"model\.layers\.1\.mlp\.down_proj\.weight" has the shape \[8, 12\], expected \[8, 10\]/
    )
  })

  test('in hundreds of tensors lists twenty of each and counts the others', async () => {
    const deep = claiming(BASE, { num_hidden_layers: 300 })
    const errors = messages(await findings(deep, claiming(POST, { num_hidden_layers: 300 })), 'error')
    expect(errors).toHaveLength(42)
    expect(errors[20]).toMatch(/^base .*: 2662 more tensors are missing or do not fit\.$/)
    expect(errors[41]).toMatch(/^post .*: 2662 more/)
  })

  test('because weights are quantised names tensor and dtype', async () => {
    const quantised = {
      ...POST,
      tensors: POST.tensors.map((tensor) =>
        tensor.name === 'model.layers.0.mlp.up_proj.weight'
          ? { ...tensor, dtype: 'I8', bytes: new Uint8Array(12 * 8) }
          : tensor
      )
    }
    const paths = await writePair(BASE, quantised)
    const problem = await problemOf(openPair(paths.base, paths.post))
    expect(problem.code).toBe('unsupported')
    expect(problem.message).toContain(
      'tensor "model.layers.0.mlp.up_proj.weight" is stored as I8, expected F32, F16 or BF16'
    )
    expect((await inspectPair(paths.base, paths.post)).compatible).toBe(false)
  })
})

describe('a pair that fits', () => {
  test('may differ in vocabulary and head, which come from post', async () => {
    const tied = withConfig({ vocab_size: 20, tie_word_embeddings: true })
    expect(await findings(BASE, tied)).toEqual([
      {
        severity: 'note',
        message:
          'The vocabularies differ: 16 tokens in base, 20 in post. Restored models take embeddings and head from post.'
      }
    ])
  })

  test('may differ in dtype, whose values are then rounded', async () => {
    expect(await findings(checkpointFixture({ dtype: 'F32' }), POST)).toEqual([
      {
        severity: 'note',
        message:
          '18 layer tensors stored in different dtypes, such as F32 in base, BF16 in post (model.layers.0.input_layernorm.weight): restored ones are rounded to that of post.'
      }
    ])
  })

  test.each([
    [{ rms_norm_eps: 1e-6 }, 'norm epsilon (0.00001 in base, 0.000001 in post)'],
    [{ rope_theta: 500_000 }, 'position embedding (RoPE with θ 10,000 in base, RoPE with θ 500,000 in post)'],
    [
      { rope_scaling: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16 } },
      'position embedding (RoPE with θ 10,000 in base, RoPE with θ 10,000, stretched 4 times (yarn) in post)'
    ]
  ])('may compute otherwise by %j, which is told in words', async (changes, difference) => {
    const found = await findings(BASE, withConfig(changes))
    expect(messages(found, 'error')).toEqual([])
    expect(messages(found, 'warning')).toEqual([
      expect.stringContaining(
        `The configs of base and post differ in ${difference}: restored layers are computed by the`
      )
    ])
  })

  test('may differ in context length', async () => {
    expect(await findings(BASE, withConfig({ max_position_embeddings: 128 }))).toEqual([])
  })

  test('gets a note on a stored head although its config ties the head', async () => {
    const tied = withConfig({ tie_word_embeddings: true })
    const [head] = POST.tensors.filter(({ name }) => name === 'lm_head.weight')
    if (head === undefined) throw new Error('the fixture has no head')
    expect(await findings(BASE, { ...tied, tensors: [...without(tied, head.name).tensors, head] })).toEqual([
      {
        severity: 'note',
        message: expect.stringMatching(
          /^Post stores "lm_head\.weight", although its config ties .* transformers 5 takes the stored head/
        )
      }
    ])
  })

  test('may hold tensors that its decoder does not use', async () => {
    const extra = ['vision_tower.patch.weight', 'model.layers.0.self_attn.rotary_emb.inv_freq'].map((name) =>
      floatTensor(name, 'F32', [2], [1, 2])
    )
    expect(await findings(BASE, { ...POST, tensors: [...POST.tensors, ...extra] })).toEqual([
      {
        severity: 'note',
        message:
          'Post holds tensors that its decoder does not use: 2 tensors, such as "vision_tower.patch.weight", "model.layers.0.self_attn.rotary_emb.inv_freq".'
      }
    ])
  })

  test('names the layers whose keys and values later layers read', async () => {
    const report = await inspectPair(goldenPath('gemma4', 'base-bf16'), goldenPath('gemma4', 'post-bf16'))
    expect(report.findings).toContainEqual({
      severity: 'note',
      message:
        'The last 2 layers read the keys and values of layers 0 and 1. A recipe that restores one of these changes what ' +
        'all of them attend to.'
    })
  })

  test('gets a warning if both are the same model', async () => {
    expect(messages(await findings(BASE, BASE), 'warning')).toEqual([
      'Base and post look like the same checkpoint: restoring layers would change nothing.'
    ])
  })

  test('is limited without a tokenizer, and by a broken chat template', async () => {
    const paths = await writePair(BASE, POST)
    await rm(join(paths.post, 'chat_template.jinja'))
    await writeFile(join(paths.post, 'tokenizer_config.json'), '{"chat_template": 7}')
    const broken = await inspectPair(paths.base, paths.post)
    expect(broken.post.hasChatTemplate).toBe(false)
    expect(messages(broken.findings, 'warning')).toEqual([
      expect.stringMatching(/^The chat template of post cannot be used: .*tokenizer_config\.json: chat_template: /)
    ])

    await writeFile(join(paths.post, 'tokenizer_config.json'), '{"chat_template": "{% if true %}"}')
    const unfinished = await inspectPair(paths.base, paths.post)
    expect(unfinished.post.hasChatTemplate).toBe(false)
    expect(messages(unfinished.findings, 'warning')).toEqual([
      expect.stringMatching(
        /cannot be used: The chat template in .*tokenizer_config\.json does not work: it ends inside a tag/
      )
    ])

    await writeFile(join(paths.post, 'tokenizer_config.json'), '{"chat_template": "{{ messages }}"}')
    expect((await inspectPair(paths.base, paths.post)).post.hasChatTemplate).toBe(true)

    await rm(join(paths.base, 'tokenizer.json'))
    const noBase = await inspectPair(paths.base, paths.post)
    expect(noBase.base.hasTokenizer).toBe(false)
    expect(noBase.findings).toEqual([{ severity: 'note', message: 'Base has no tokenizer.json.' }])

    await rm(join(paths.post, 'tokenizer.json'))
    expect(messages((await inspectPair(paths.base, paths.post)).findings, 'warning')).toEqual([
      "Neither base nor post has a tokenizer.json: prompts cannot be computed without post's; slr sample --next --tokens works."
    ])
  })
})

describe('a checkpoint that cannot be opened', () => {
  test('is the only one reported if the other is fine', async () => {
    const paths = await writePair(BASE, POST)
    await rm(join(paths.base, 'model.safetensors'))
    const problem = await problemOf(inspectPair(paths.base, paths.post))
    expect(problem.code).toBe('not-found')
    expect(problem.message).toMatch(new RegExp(`^${paths.base} has no weights in safetensors`))
    expect(problem.message).not.toContain(paths.post)
  })

  test('is reported together with the other if neither can be opened', async () => {
    const folder = await temporaryFolder()
    const [base, post] = [join(folder, 'base'), join(folder, 'post')]
    expect((await problemOf(openPair(base, post))).message).toBe(
      `Base: There is no folder ${base}. Post: There is no folder ${post}.`
    )
    expect((await problemOf(openPair(base, base))).message).toBe(`There is no folder ${base}.`)
  })
})

test('a nested text model without a head tensor has a tied head, whatever the outer config says', async () => {
  const none = { architectures: undefined, tie_word_embeddings: undefined }
  const text = { ...TINY_LLAMA, ...none, model_type: 'mistral' }
  const config = { model_type: 'mistral3', text_config: text, tie_word_embeddings: false }
  const withHead = { config, tensors: checkpointFixture({ config: text }).tensors }
  const tied = without(withHead, 'lm_head.weight')
  for (const [fixture, expected] of [
    [withHead, false],
    [tied, true]
  ] as const) {
    const paths = await writePair(fixture, fixture)
    expect((await openPair(paths.base, paths.post)).post.spec.tiedHead).toBe(expected)
  }
})

test('models whose queries grow differently do not fit together', async () => {
  const config = (rate: number): Record<string, unknown> => ({
    ...TINY_LLAMA,
    model_type: 'ministral3',
    architectures: undefined,
    head_dim: 4,
    rope_theta: undefined,
    rope_parameters: {
      rope_type: 'yarn',
      rope_theta: 10_000,
      factor: 2,
      original_max_position_embeddings: 32,
      llama_4_scaling_beta: rate
    }
  })
  const [base, post] = [0.1, 0].map((rate) => checkpointFixture({ config: config(rate) }))
  if (base === undefined || post === undefined) throw new Error('two of them')
  expect(messages(await findings(base, post), 'error')).toEqual([
    'The growth of queries with their position differs: {"rate":0.1,"context":32} in base, null in post.'
  ])
})
