import { z } from 'zod'
import { malformedCases } from '../../../fixtures/malformed'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { LayerStrength, type Recipe } from '../../../../src/contract/model/recipe'
import {
  blendStrengths,
  postStrengths,
  recipeStrengths,
  withComponents
} from '../../../../src/contract/model/strengths'
import { openOther } from '../../../../src/main/checkpoint/other-checkpoint'
import { openPair } from '../../../../src/main/checkpoint/pair'
import type { SourcedPair } from '../../../../src/main/checkpoint/pair-member'
import { readMergekitRecipe } from '../../../../src/main/mergekit/read-recipe'
import { mergekitText } from '../../../../src/main/mergekit/write-recipe'
import { publicModelName } from '../../../../src/main/checkpoint/model-folder'
import { readRecipeFile } from '../../../../src/main/mergekit/recipe-file'
import { checkpointFixture, temporaryFolder, writeCheckpoint } from '../../../fixtures/checkpoint-builder'
import { goldenPath, readGolden } from '../../../fixtures/goldens'
import { problemOf } from '../../../fixtures/problems'

/** A pair without other checkpoints beside it. */
const openAlone = async (base: string, post: string): Promise<SourcedPair> => ({
  ...(await openPair(base, post)),
  others: new Map()
})

/** A pair of twelve layers, in folders named base and post. */
let pair: SourcedPair
beforeAll(async () => {
  const folder = goldenPath('..', '..', 'resources', 'blend-pair')
  pair = await openAlone(join(folder, 'base'), join(folder, 'post'))
})

const read = (text: string, file = 'merge.yaml'): Promise<Recipe> => readMergekitRecipe(text, file, pair, [])
const strengthsOf = (recipe: Recipe): LayerStrength[] => recipeStrengths(recipe, pair.post.spec.layerCount)

/** Slices of whole layers such as "post 0 3", written as in mergekit's own examples. */
function slices(...parts: readonly string[]): string {
  const sources = parts.map((part) => {
    const [model, start, end] = part.split(' ')
    return `- sources:\n  - model: ${model}\n    layer_range: [${start}, ${end}]\n`
  })
  return `slices:\n${sources.join('')}merge_method: passthrough\ndtype: bfloat16`
}

/** All layers as blends of base and post with these weights. */
const linear = (base: string, post: string): string => `merge_method: linear
slices:
- sources:
  - {model: post, layer_range: [0, 0], parameters: {weight: 1}}
- sources:
  - {model: base, layer_range: [0, 12], parameters: {weight: ${base}}}
  - {model: post, layer_range: [0, 12], parameters: {weight: ${post}}}
- sources:
  - {model: post, layer_range: [12, 12], parameters: {weight: 1}}
`

const goldenPair = (name: string): Promise<SourcedPair> => {
  const [files] = readGolden(name).pairs
  return openAlone(files?.base ?? '', files?.post ?? '')
}

/** A tiny pair in these folders below one, with a post of another seed. */
async function tinyPair(base: string, post: string): Promise<{ folder: string; members: SourcedPair }> {
  const folder = await temporaryFolder()
  const [first, second] = [join(folder, base), join(folder, post)]
  await writeCheckpoint(first, checkpointFixture())
  await writeCheckpoint(second, checkpointFixture({ seed: 2 }))
  return { folder, members: await openAlone(first, second) }
}

const LOWER = { attention: 0, mlp: 0 }
const UPPER = { attention: 1, mlp: 1 }
const MALFORMED = malformedCases(
  'mergekit',
  z.strictObject({ what: z.string(), text: z.string(), message: z.string() })
)

describe('a mergekit file that an export writes', () => {
  it('reads back as the same recipe where its layers are whole or blended', async () => {
    const families = await Promise.all(['llama3', 'gemma2', 'qwen2', 'phi3', 'qwen3'].map(goldenPair))
    const strength = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: -1, max: 2, noNaN: true }))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...families, pair),
        fc.array(
          strength.map((both) => ({ attention: both, mlp: both })),
          { minLength: 12, maxLength: 12 }
        ),
        fc.string({ minLength: 1, maxLength: 30 }).filter((name) => name.trim() === name),
        async (members, drawn, name) => {
          const layers = drawn.slice(0, members.post.spec.layerCount)
          const strengths = layers.map((layer) => LayerStrength.parse(layer))
          const text = mergekitText(members, name, strengths)
          const recipe = await readMergekitRecipe(text, 'mergekit.yaml', members, [])
          expect(recipe.name).toBe(name)
          expect(recipeStrengths(recipe, strengths.length)).toEqual(
            strengths.map((layer) => withComponents(layer, (_half, _component, own) => own + 0))
          )
        }
      ),
      // Twelve layers and a name each, all drawn again.
      { numRuns: 50 }
    )
  })

  it('is passthrough for ranges, with post at both ends, where mergekit takes embeddings and head from', () => {
    const text = mergekitText(pair, 'all', strengthsOf({ name: 'all', ranges: [[0, 11]] }))
    expect(text).toMatch(/merge_method: "passthrough"\n/)
    expect(text).toContain(
      '# Put the folder of the model in place of its name first: "blend-pair-post", "blend-pair-base"\n'
    )
    expect(text).not.toContain(dirname(pair.post.checkpoint.path))
    expect(text.slice(text.indexOf('slices:'))).toBe(
      `slices:
  - sources:
      - model: "blend-pair-post"
        layer_range: [0, 0]
  - sources:
      - model: "blend-pair-base"
        layer_range: [0, 12]
  - sources:
      - model: "blend-pair-post"
        layer_range: [12, 12]
`
    )
  })

  it('is linear in float32 for blends, with filters for halves of layers', () => {
    const layers = strengthsOf({ name: 'half', ranges: [[3, 5]] }).map((strength, layer) =>
      layer === 4 ? { attention: 0.25, mlp: 1 } : strength
    )
    const text = mergekitText(pair, 'half', layers)
    expect(text).toMatch(
      /merge_method: "linear"\n.*\ndtype: "float32"\nout_dtype: "bfloat16"\nparameters:\n {2}normalize: false\n/
    )
    expect(text).toContain(`        parameters:
          weight:
            - filter: "post_attention_layernorm"
              value: 1
            - filter: "mlp"
              value: 1
            - value: 0.25
`)
  })

  it('names models of the Hugging Face cache by id and revision', async () => {
    const { members } = await tinyPair(join('models--org--tiny', 'snapshots', 'abc'), 'chat')
    const text = mergekitText(members, 'x', [LOWER, UPPER])
    expect(text).toContain('model: "org/tiny@abc"')
    expect(await readMergekitRecipe(text, 'x.yaml', members, [])).toEqual({ name: 'x', ranges: [[1, 1]] })
  })

  it.each([
    ['olmo2', /does not know self_attn\.q_norm\.weight, self_attn\.k_norm\.weight of OLMo 2 layers/],
    ['phi3_partial', /wants lm_head\.weight of Phi-3 models/],
    ['apertus', /does not merge Apertus models/],
    ['mixtral', /treat experts differently/]
  ])('is not written for %s, whose tensors mergekit does not all copy', async (name, message) => {
    const members = await goldenPair(name)
    const strengths = postStrengths(members.post.spec.layerCount)
    expect(() => mergekitText(members, 'x', strengths)).toThrow(message)
  })

  it.each(['glm4', 'granite', 'hunyuan', 'olmo3_yarn', 'seed_oss'])(
    'is written for %s, of which mergekit copies every tensor',
    async (name) => {
      const members = await goldenPair(name)
      const strengths = postStrengths(members.post.spec.layerCount)
      const text = mergekitText(members, 'x', strengths.with(1, { attention: 1, mlp: 1 }))
      expect(await readMergekitRecipe(text, 'x.yaml', members, [])).toEqual({ name: 'x', ranges: [[1, 1]] })
    }
  )

  it.each([
    ['llama', { attention_bias: true }, /self_attn\.q_proj\.bias, .*self_attn\.o_proj\.bias of Llama layers/],
    ['llama', { mlp_bias: true }, /mlp\.gate_proj\.bias, mlp\.up_proj\.bias, mlp\.down_proj\.bias of Llama/],
    ['qwen3', { attention_bias: true }, /self_attn\.q_proj\.bias/],
    ['gemma2', { attention_bias: true }, /self_attn\.q_proj\.bias/]
  ])('is not written for %s with %j', async (model_type, config, message) => {
    const folder = await temporaryFolder()
    const gemma = { hidden_activation: 'gelu_pytorch_tanh', query_pre_attn_scalar: 4 }
    const ofFamily = model_type === 'gemma2' ? gemma : {}
    const changed = { ...checkpointFixture().config, model_type, ...ofFamily, ...config }
    const [base, post] = await Promise.all(
      [1, 2].map((seed) => writeCheckpoint(join(folder, String(seed)), checkpointFixture({ config: changed, seed })))
    )
    const members = await openAlone(base ?? '', post ?? '')
    expect(() => mergekitText(members, 'x', postStrengths(members.post.spec.layerCount))).toThrow(message)
  })

  it('is not written where mergekit would make another model', async () => {
    const folder = await temporaryFolder()
    const mixed = checkpointFixture({ seed: 2 })
    const [embedding] = checkpointFixture({ seed: 3, dtype: 'F32' }).tensors
    const tensors = mixed.tensors.map((tensor) => (tensor.name === embedding?.name ? embedding : tensor))
    const post = await writeCheckpoint(join(folder, 'post'), { ...mixed, tensors })
    const members = await openAlone(await writeCheckpoint(join(folder, 'base'), checkpointFixture()), post)
    const layers = (attention: number): LayerStrength[] => [{ attention, mlp: 0 }, LOWER]
    expect(() => mergekitText(members, 'x', layers(0.5))).toThrow(/different types/)
    expect(mergekitText(members, 'x', [UPPER, LOWER])).not.toContain('out_dtype')
    const at = await openAlone(await writeCheckpoint(join(folder, 'a@b'), checkpointFixture()), post)
    expect(() => mergekitText(at, 'x', layers(1))).toThrow(/reads the "@"/)
  })
})

describe('a mergekit file', () => {
  it('of slices is a recipe of ranges', async () => {
    const text = slices('post 0 3', 'base 3 5', 'base 5 8', 'post 8 9', 'base 9 10', 'post 10 12')
    const ranges = [3, 9].map((start) => [start, start === 3 ? 7 : 9])
    expect(await read(text, '/somewhere/middle.yml')).toEqual({ name: 'middle', ranges })
  })

  it('may name the models by path, by id, or by the last part of either', async () => {
    const { base, post } = pair
    for (const [low, high] of [
      [post.checkpoint.path, base.checkpoint.path],
      ['someone/post', 'elsewhere/base@main'],
      [`${post.checkpoint.path}/../post`, 'base']
    ] as const) {
      const text = slices(`${low} 0 4`, `${high} 4 11`, `${low} 11 12`)
      expect(await read(text)).toEqual({ name: 'merge', ranges: [[4, 10]] })
    }
  })

  it.each([
    ['that add up to one', '1.5', '-0.5', ''],
    ['that are normalised', '-3', '1', 'parameters: {normalize: true}'],
    ['that are both negative, normalised', '-3', '-1', '']
  ])('of weights %s is followed, below post and above base too', async (_, base, post, parameters) => {
    const text = `${linear(base, post)}${parameters}\n`
    const share = Number(base) / (Number(base) + Number(post))
    expect(strengthsOf(await read(text))).toEqual(blendStrengths({ strength: share }, 12))
  })

  it('may write models as objects, and numbers as text', async () => {
    const { base, post } = pair
    const text = `
merge_method: linear
base_model: {path: ${JSON.stringify(post.checkpoint.path)}}
parameters: {int8_mask: true, normalize: false}
slices:
- sources:
  - {model: post, layer_range: ["0", 0], parameters: {weight: "1"}}
- sources:
  - {model: {model: {path: ${JSON.stringify(base.checkpoint.path)}, revision: main}}, layer_range: [0, "12"], parameters: {weight: "0.25"}}
  - {model: {model: post}, layer_range: [0, 12], parameters: {weight: 0.75}}
- sources:
  - {model: post, layer_range: [12, 12], parameters: {weight: 1.0}}
`
    expect(strengthsOf(await read(text))).toEqual(blendStrengths({ strength: 0.25 }, 12))
  })

  it.each([
    ['slerp', /nearest recipe is linear: 1 - t of one and t of the other/],
    ['nuslerp', /nearest recipe is linear, with the same weights/],
    ['ties', /other methods compute something else/]
  ])('of the method %s says what to write instead', async (method, hint) => {
    const problem = await problemOf(read(slices('post 0 12').replace('passthrough', method)))
    expect(problem.hint).toMatch(hint)
  })

  it('of other checkpoints equals what was written, and a layer of two of them is refused', async () => {
    const folder = await temporaryFolder()
    const [base, post, sft] = await Promise.all(
      ['base', 'post', 'sft'].map((name, seed) =>
        writeCheckpoint(join(folder, name), checkpointFixture({ seed: seed + 1 }))
      )
    )
    const two = await openPair(base ?? '', post ?? '')
    const member = await openOther(two.post, sft ?? '')
    const source = { name: 'sft', path: member.checkpoint.path, fingerprint: member.checkpoint.fingerprint }
    const members = { ...two, others: new Map([[source.path, member]]) }
    for (const [first, second] of [
      [1, 1],
      [0.5, 0.75]
    ] as const) {
      const layers = [
        { attention: first, mlp: first, source },
        { attention: second, mlp: second }
      ]
      const text = mergekitText(members, 'x', layers)
      const written = { name: 'x', layers }
      expect(await readMergekitRecipe(text, join(folder, 'x.yaml'), two, [source])).toEqual(written)
      const withFolder = text.replaceAll(publicModelName(source.path), source.path)
      expect(await readMergekitRecipe(withFolder, 'x.yaml', two, 'any folder')).toEqual(written)
      const { message } = await problemOf(readMergekitRecipe(text, 'x.yaml', two, []))
      expect(message).toMatch(/neither base nor post/)
    }
    const mixed = `merge_method: linear\nmodels:\n${['base', 'sft', 'post']
      .map((name) => `- {model: ${name}, parameters: {weight: 1}}\n`)
      .join('')}`
    expect((await problemOf(readMergekitRecipe(mixed, 'x.yaml', two, [source]))).message).toMatch(
      /slice 1 mixes base with sft/
    )
  })
  it.each(MALFORMED)('with $what is refused', async ({ text, message }) => {
    const problem = await problemOf(read(text))
    expect(['bad-file', 'bad-input']).toContain(problem.code)
    expect(problem.message).toMatch(/^merge\.yaml/)
    expect(problem.message).toMatch(new RegExp(message))
  })

  it('names two models of one folder name by their roles, and reads them back', async () => {
    const { members } = await tinyPair(join('a', 'tiny'), join('b', 'tiny'))
    const text = mergekitText(members, 'x', [LOWER, UPPER])
    expect(text).toContain('"tiny-base"')
    expect(await readMergekitRecipe(text, 'x.yaml', members, [])).toEqual({ name: 'x', ranges: [[1, 1]] })
  })

  it('that may mean either model is refused', async () => {
    const { folder, members } = await tinyPair(join('a', 'model'), join('b', 'model'))
    const text = slices('model 0 2')
    const { message } = await problemOf(readMergekitRecipe(text, 'x.yaml', members, []))
    expect(message).toMatch(/"model" may be base or post/)
    // A path from the file's own folder tells them apart.
    const recipe = await readMergekitRecipe(text, join(folder, 'b', 'x.yaml'), members, [])
    expect(recipe).toMatchObject({ layers: [{ mlp: 0 }, { mlp: 0 }] })
  })

  it('is read wherever a recipe file is, by its name', async () => {
    const file = join(await temporaryFolder(), 'upper.yaml')
    await writeFile(file, slices('post 0 6', 'base 6 11', 'post 11 12'))
    const { base, post } = pair
    const folders = { base: base.checkpoint.path, post: post.checkpoint.path }
    expect(await readRecipeFile(file, folders)).toEqual({ name: 'upper', ranges: [[6, 10]] })
  })
})

it('reads no more layers than a model can have from a hostile range', async () => {
  expect((await problemOf(read(slices('post 0 1e9')))).message).toMatch(/layer_range/)
})
