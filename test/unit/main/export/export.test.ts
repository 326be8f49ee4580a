import { elementAt } from '../../../../src/contract/model/look-up'
import { layersModel } from '../../../../src/contract/model/model'
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ExportProgress } from '../../../../src/contract/procedures/export'
import type { Problem } from '../../../../src/contract/model/problem'
import type { LayerStrength, Recipe } from '../../../../src/contract/model/recipe'
import { parse } from 'yaml'
import { postStrengths, recipeStrengths } from '../../../../src/contract/model/strengths'
import { openCheckpoint } from '../../../../src/main/checkpoint/checkpoint'
import { inspectPair, openPair } from '../../../../src/main/checkpoint/pair'
import { type DecoderSpec, layerTensors } from '../../../../src/main/family'
import { probe } from '../../../../src/main/engine/questions/probe'
import { describePlan, prepareExport } from '../../../../src/main/export/prepare'
import { readWeightFile } from '../../../../src/main/checkpoint/weight-files'
import { openWeightReader } from '../../../../src/main/checkpoint/weight-reader'
import { factorTensors, writeAdapter } from '../../../fixtures/adapter-folder'
import {
  checkpointFixture,
  floatTensor,
  temporaryFolder,
  type TensorFixture,
  writeCheckpoint,
  writeTinyLlama
} from '../../../fixtures/checkpoint-builder'
import { damagedPair } from '../../../fixtures/damaged-pair'
import { exportRecipe, filesOf, writeExtras, writePair } from '../../../fixtures/exported-pair'
import { GOLDEN_FAMILIES, goldenPath, readGolden } from '../../../fixtures/goldens'
import { problemOf } from '../../../fixtures/problems'

const NOTHING: Recipe = { name: 'nothing', layers: [strength(0, 0), strength(0, 0)] }
const UPPER: Recipe = { name: 'upper', ranges: [[1, 1]] }

function strength(attention: number, mlp: number): LayerStrength {
  return { attention, mlp }
}

describe('an export of nothing restored', () => {
  it.each([
    ['a single file', {}],
    ['shards', { shardCount: 3 }]
  ])('is post, byte for byte (%s)', async (_, layout) => {
    const folders = await writePair({}, layout)
    await writeExtras(folders.post)
    const target = join(await temporaryFolder(), 'out')
    await exportRecipe(folders, NOTHING, target)
    const { 'README.md': card, 'mergekit.yaml': mergekit, ...rest } = await filesOf(target)
    expect(rest).toEqual(await filesOf(folders.post))
    expect(card).toContain('nothing')
    expect(mergekit).toContain('passthrough')
  })

  it('creates the folder of projects, which the window proposes', async () => {
    const parent = join(await temporaryFolder(), 'not/there')
    vi.stubEnv('SLR_PROJECTS_DIR', parent)
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    await exportRecipe(await writePair(), NOTHING, join(parent, 'out'))
    expect(await readdir(parent)).toEqual(['out'])
  })
})

describe('an export of an adapter', () => {
  const head = (dtype: 'BF16' | 'F32', rows = 16) =>
    floatTensor('base_model.model.lm_head.weight', dtype, [rows, 8], Array(8 * rows).fill(0.5))
  const twos = (name: string, ...shape: number[]) =>
    floatTensor(`base_model.model.${name}`, 'BF16', shape, Array(8 ** shape.length).fill(2))

  /** A base and an adapter over it, of factors for these modules and of further tensors. */
  async function adapterPair(
    modules: string[],
    tensors: TensorFixture[] = [],
    dtype: 'BF16' | 'F32' = 'BF16',
    changes: Readonly<Record<string, unknown>> = {}
  ) {
    const root = await temporaryFolder()
    const base = await writeCheckpoint(join(root, 'base'), checkpointFixture({ dtype }))
    const factors = modules.flatMap((module) => factorTensors(`model.layers.${module}_proj`, [8, 8]))
    const post = await writeAdapter(join(root, 'post'), [...factors, ...tensors], changes)
    return { root, base, post, target: join(root, 'out') }
  }

  it('is base with the adapter merged, and base where layers are restored', async () => {
    const modules = ['0.self_attn.q', '1.self_attn.q']
    const { base, post, target } = await adapterPair(modules, [twos('model.norm.weight', 8)])
    await writeFile(join(post, 'tokenizer.json'), '{}')
    const { tensors } = await exportRecipe({ base, post }, UPPER, target)
    expect(tensors).toMatchObject({ merged: 1, base: 9 })
    const files = ['README.md', 'config.json', 'model.safetensors', 'tokenizer.json']
    expect((await readdir(target)).sort()).toEqual(files)
    const [written, adapted] = [await openCheckpoint(target), await openCheckpoint(post, base)]
    const readers = {
      out: openWeightReader(written),
      post: openWeightReader(adapted),
      base: openWeightReader(await openCheckpoint(base))
    }
    for (const name of written.tensors.keys()) {
      const source = name.startsWith('model.layers.1.') ? readers.base : readers.post
      expect(Buffer.compare(await readers.out.read(name), await source.read(name)), name).toBe(0)
    }
    await Promise.all(Object.values(readers).map((reader) => reader.close()))
  })

  it('is what the recipe leaves of the adapter, on request: the same model over the same base', async () => {
    const modules = ['0.self_attn.q', '0.self_attn.o', '1.self_attn.q', '1.self_attn.o']
    const { base, post, target } = await adapterPair(modules, [head('BF16')], 'F32')
    const halved: Recipe = { name: 'halved', layers: [strength(0.5, 0), strength(1, 1)] }
    const seen: ExportProgress[] = []
    const result = await exportRecipe({ base, post }, halved, target, {
      form: { kind: 'adapter' },
      onProgress: (progress) => void seen.push(progress)
    })
    const { bytesDone, bytesTotal } = elementAt(seen, seen.length - 1, 'progress')
    expect(bytesDone).toBe(bytesTotal)
    expect(result.tensors).toMatchObject({ post: 3, scaled: 2 })
    const files = ['README.md', 'adapter_config.json', 'adapter_model.safetensors']
    expect((await readdir(target)).sort()).toEqual(files)
    const config: unknown = JSON.parse(await readFile(join(target, 'adapter_config.json'), 'utf8'))
    expect(config).toMatchObject({
      r: 2,
      lora_alpha: 4,
      target_modules: ['o', 'q'].map((part) => `model.layers.0.self_attn.${part}_proj`)
    })
    const [written, original] = [await openCheckpoint(target, base), await openCheckpoint(post, base)]
    expect(written.tensors.get('model.layers.1.self_attn.q_proj.weight')?.adapted).toBeUndefined()
    // Logits of the adapter are those of the model that the recipe makes of the pair.
    const logits = async (folder: string, layers: readonly LayerStrength[]): Promise<number[]> =>
      (await probe({ base, post: folder, device: 'cpu', model: layersModel(layers), prompts: [[1, 5, 3]] })).flat()
    const expected = await logits(post, recipeStrengths(halved, 2))
    const changes = (await logits(target, postStrengths(2))).map((logit, i) => Math.abs(logit - (expected[i] ?? NaN)))
    expect(Math.max(...changes)).toBeLessThan(1e-5)
    expect(original.tensors.size).toBe(written.tensors.size)
    const again = await exportRecipe({ base, post }, halved, target, {
      form: { kind: 'adapter' },
      overwrite: true
    })
    expect(again.replaced).not.toBeNull()
  })

  it('names only saved modules of which the adapter still has tensors, as PEFT requires', async () => {
    const saved = [0, 1].flatMap((layer) => [
      twos(`model.layers.${layer}.input_layernorm.weight`, 8),
      floatTensor(`base_model.model.model.layers.${layer}.self_attn.k_proj.weight`, 'BF16', [4, 8], Array(32).fill(2))
    ])
    const settings = async (recipe: Recipe, modules_to_save: readonly string[] | null): Promise<unknown> => {
      const { base, post, target } = await adapterPair(
        [],
        [...saved, ...factorTensors('model.layers.0.mlp.up_proj', [12, 8])],
        'BF16',
        {
          modules_to_save
        }
      )
      await exportRecipe({ base, post }, recipe, target, { form: { kind: 'adapter' } })
      return JSON.parse(await readFile(join(target, 'adapter_config.json'), 'utf8'))
    }
    const remaining = ['input_layernorm', 'self_attn.k_proj'].map((module) => `model.layers.0.${module}`)
    expect(await settings(UPPER, ['layernorm', 'self_attn'])).toMatchObject({ modules_to_save: remaining })
    expect(await settings(UPPER, null)).toMatchObject({ modules_to_save: null })
    const mlpOnly: Recipe = { name: 'mlp', layers: [strength(1, 0), strength(1, 0)] }
    expect(await settings(mlpOnly, ['layernorm', 'self_attn'])).toMatchObject({ modules_to_save: null })
  })

  it('keeps a saved head that equals the embeddings, which PEFT requires', async () => {
    const root = await temporaryFolder()
    const base = await writeTinyLlama(join(root, 'base'), { tie_word_embeddings: true })
    const embeddings = floatTensor('base_model.model.model.embed_tokens.weight', 'BF16', [16, 8], Array(128).fill(0.5))
    const factors = factorTensors('model.layers.0.self_attn.q_proj', [8, 8])
    const settings = { modules_to_save: ['embed_tokens'], ensure_weight_tying: true }
    const post = await writeAdapter(join(root, 'post'), [...factors, embeddings, head('BF16')], settings)
    await exportRecipe({ base, post }, UPPER, join(root, 'out'), { form: { kind: 'adapter' } })
    const [source, written] = await Promise.all(
      ['post', 'out'].map((folder) => readWeightFile(join(root, folder), 'adapter_model.safetensors'))
    )
    expect(written?.tensors.map(({ name }) => name).sort()).toEqual(source?.tensors.map(({ name }) => name).sort())
  })

  it('refuses an adapter of nothing, of a whole model, and of half a tensor', async () => {
    const { root, base, post } = await adapterPair(['1.self_attn.q'])
    const refusal = async (folders: { base: string; post: string }, recipe: Recipe) =>
      (await problemOf(prepareExport(folders, recipe, { kind: 'adapter' }))).message
    expect(await refusal({ base, post }, UPPER)).toContain('leaves nothing of the adapter')
    expect(await refusal({ base, post: base }, NOTHING)).toContain('is a whole model')
    const factors = factorTensors('model.layers.1.self_attn.q_proj', [8, 8])
    const norm = twos('model.layers.0.input_layernorm.weight', 8)
    const whole = await writeAdapter(join(root, 'whole'), [...factors, norm])
    const half: Recipe = { name: 'half', layers: [strength(0.5, 0), strength(0, 0)] }
    expect(await refusal({ base, post: whole }, half)).toContain('is stored whole')
  })

  it('puts tensors that the adapter stores whole into the places of those of base', async () => {
    const module = 'model.layers.0.self_attn.q_proj'
    const norms = [0, 1].map((layer) => twos(`model.layers.${layer}.input_layernorm.weight`, 8))
    const whole = [twos(`${module}.base_layer.weight`, 8, 8), ...norms]
    const { base, post, target } = await adapterPair(['0.self_attn.q'], whole)
    const layers = { name: 'upper', layers: [strength(0, 0), strength(1, 1)] }
    expect((await exportRecipe({ base, post }, layers, target)).tensors).toMatchObject({ merged: 1, base: 9 })
    const [written, adapted] = [await openCheckpoint(target), await openCheckpoint(post, base)]
    const [out, source] = [openWeightReader(written), openWeightReader(adapted)]
    for (const name of [`${module}.weight`, 'model.layers.0.input_layernorm.weight'])
      expect(Buffer.compare(await out.read(name), await source.read(name)), name).toBe(0)
    await Promise.all([out.close(), source.close()])
    const half = { name: 'half', layers: [strength(0.5, 0), strength(0, 0)] }
    expect((await problemOf(prepareExport({ base, post }, half, { kind: 'model' }))).message).toContain(
      '"base_model.model.model.layers.0.input_layernorm.weight" is stored whole, and cannot be restored in part.'
    )
  })

  it('refuses tensors that do not fit into the files of base', async () => {
    const { base, post } = await adapterPair(['0.self_attn.q'], [head('F32')])
    const { message } = await problemOf(prepareExport({ base, post }, UPPER, { kind: 'model' }))
    expect(message).toContain('"base_model.model.lm_head.weight" is F32')
    expect(message).toContain('expected BF16')
    // A larger vocabulary would not be that of base's config.json either.
    const embeddings = { ...head('BF16', 18), name: 'base_model.model.model.embed_tokens.weight' }
    const extended = await adapterPair(['0.self_attn.q'], [embeddings, head('BF16', 18)])
    expect((await problemOf(prepareExport(extended, UPPER, { kind: 'model' }))).message).toContain(
      'of [18, 8], expected BF16 of [16, 8]'
    )
  })
})

/** Goldens in every layout, and pairs that mix their dtypes. */
const PAIRS = [
  ...GOLDEN_FAMILIES.flatMap((name) => {
    const { layerCount, prompts, pairs } = readGolden(name)
    return pairs.map(({ label, base, post }) => ({
      name: `${name}, ${label}`,
      layerCount,
      prompts,
      base,
      post
    }))
  }),
  ...(['smollm2', 'gemma3'] as const).flatMap((name) => {
    const { layerCount, prompts } = readGolden(name)
    const mixed = (base: string, post: string) => ({
      ...{ name: `${name}, ${base} into ${post}`, layerCount, prompts },
      base: goldenPath(name, base),
      post: goldenPath(name, post)
    })
    return [mixed('base-fp32', 'post-bf16'), mixed('base-bf16', 'post-fp32')]
  })
]

/** Layer 0 of post, 1 of base, then blends and halves, extrapolated ones too. */
function halfStrengths(layerCount: number): LayerStrength[] {
  return Array.from({ length: layerCount }, (_, layer) =>
    strength([0, 1, 0.3, -0.4][layer % 4] ?? 0, [0, 1, 1.3, 0.75][layer % 4] ?? 0)
  )
}

/** Halves as before, but for attention in layer 0 and the MLP in layers 1 and 3, whose components go their own ways. */
function componentStrengths({ layers }: DecoderSpec): LayerStrength[] {
  return halfStrengths(layers.length).map(({ attention, mlp }, layer) => {
    if (layer === 0) return { attention: { norms: 1, q: 1, k: 0.4, v: 0, o: -0.5 }, mlp }
    if (layer % 2 === 0) return { attention, mlp }
    const router = (layers[layer]?.experts ?? null) === null ? 0 : 1
    return { attention, mlp: { norms: 0, router, gate: 1.5, up: 0, down: 1 } }
  })
}

/** Reports whether the components of a recipe are separate tensors. */
function dividesAsRecipe(spec: DecoderSpec): boolean {
  const tensors = layerTensors(spec, 0)
  const has = (half: string, component: string): boolean =>
    tensors.some((own) => own.half === half && own.components.some((each) => each === component))
  const fused = tensors.some(({ components }) => components.length > 1)
  return !fused && has('attention', 'norms') && has('mlp', 'gate')
}

/** Logits of recipes of a pair with this base and a post yet to be named. */
const logitsOver =
  (base: string, prompts: Readonly<Record<string, number[]>>) =>
  (post: string, layers: LayerStrength[]): Promise<number[][]> =>
    probe({ base, post, device: 'cpu', model: layersModel(layers), prompts: Object.values(prompts) })

describe('an exported model', () => {
  it.each(PAIRS)(
    'gives the logits of its recipe bit for bit, or says which components a family has not: $name',
    async ({ layerCount, prompts, base, post }) => {
      const { spec } = await openPair(base, post).then((pair) => pair.post)
      const ofComponents = componentStrengths(spec)
      const target = join(await temporaryFolder(), 'out')
      const ask = logitsOver(base, prompts)
      const divides = dividesAsRecipe(spec)
      if (!divides) {
        const parts = { name: 'parts', layers: ofComponents }
        const problem = await problemOf(exportRecipe({ base, post }, parts, target))
        expect(problem.message).toMatch(/models (store .* as one tensor|have no (gate|attention norms))/)
        expect((await problemOf(ask(post, ofComponents))).message).toBe(problem.message)
      }
      const layers = divides ? ofComponents : halfStrengths(layerCount)
      const { tensors } = await exportRecipe({ base, post }, { name: 'uniform-blend', layers }, target)
      expect(Math.min(tensors.blended, tensors.base + tensors.converted, tensors.post)).toBeGreaterThan(0)
      expect(await ask(target, postStrengths(layerCount))).toEqual(await ask(post, layers))
      const card = await readFile(join(target, 'README.md'), 'utf8')
      if (divides) expect(card).toContain('gate: −0.5 × post-trained + 1.5 × pre-trained (extrapolated)')
    }
  )

  it('has the names, shapes, dtypes, offsets and files of post, also where base stores another type', async () => {
    const folder = await temporaryFolder()
    const base = await writeCheckpoint(join(folder, 'base'), checkpointFixture({ seed: 1, dtype: 'F16' }))
    const inTwo = { shardCount: 2 }
    const post = await writeCheckpoint(join(folder, 'post'), checkpointFixture({ seed: 2 }), inTwo)
    const result = await exportRecipe({ base, post }, UPPER, join(folder, 'out'))
    const [before, after] = [await openCheckpoint(post), await openCheckpoint(join(folder, 'out'))]
    const layout = ({ tensors }: typeof before) =>
      [...tensors.values()].map(({ file, ...entry }) => ({ ...entry, file: file.split('/').at(-1) }))
    expect(layout(after)).toEqual(layout(before))
    const none = { merged: 0, base: 0, checkpoint: 0, blended: 0, scaled: 0, factor: 0 }
    expect(result.tensors).toEqual({ ...none, post: 12, converted: 9 })
    expect((await inspectPair(base, join(folder, 'out'))).compatible).toBe(true)
  })

  it('takes over every file of post but weights, card, hidden files and folders', async () => {
    const folders = await writePair()
    await writeExtras(folders.post)
    for (const name of ['pytorch_model.bin', 'consolidated.00.pth', 'README.md', '.gitattributes', 'q4.gguf'])
      await writeFile(join(folders.post, name), 'x')
    await mkdir(join(folders.post, 'original'))
    const target = join(await temporaryFolder(), 'out')
    await exportRecipe(folders, UPPER, target)
    expect(Object.keys(await filesOf(target))).toEqual([
      ...['LICENSE', 'README.md', 'config.json', 'generation_config.json'],
      ...['mergekit.yaml', 'model.safetensors', 'tokenizer.json']
    ])
  })

  it.runIf(process.platform === 'linux')('is refused for a file of post whose name is not UTF-8', async () => {
    const folders = await writePair()
    writeFileSync(Buffer.concat([Buffer.from(join(folders.post, 'x')), Buffer.from([0xe9])]), '')
    const { message } = await problemOf(prepareExport(folders, UPPER, { kind: 'model' }))
    expect(message).toBe(`${join(folders.post, 'x\uFFFD')} has a name that is not UTF-8: rename or remove the file.`)
  })

  it('can be made from a snapshot of the Hugging Face cache, whose files are links', async () => {
    const folders = await writePair()
    const cache = join(await temporaryFolder(), 'models--org--name')
    const snapshot = join(cache, 'snapshots', 'abc')
    await mkdir(snapshot, { recursive: true })
    await rename(folders.post, join(cache, 'blobs'))
    for (const name of ['config.json', 'model.safetensors'])
      await symlink(join('..', '..', 'blobs', name), join(snapshot, name))
    const target = join(await temporaryFolder(), 'out')
    await exportRecipe({ base: folders.base, post: cache }, UPPER, target)
    expect((await stat(join(target, 'config.json'))).isFile()).toBe(true)
    expect(await readFile(join(target, 'README.md'), 'utf8')).toContain('org/name, revision abc')
  })
})

describe('the model card', () => {
  const cardOf = async (postCard: string | null, name = 'up | *per*'): Promise<string> => {
    const folders = await writePair()
    if (postCard !== null) await writeFile(join(folders.post, 'README.md'), postCard)
    const target = join(await temporaryFolder(), 'out')
    await exportRecipe(folders, { name, layers: [strength(0, 0.5), strength(1, 1)] }, target)
    return readFile(join(target, 'README.md'), 'utf8')
  }

  it("keeps the licence of post's card, and names the parents with their checksums", async () => {
    const card = await cardOf(
      '---\nlicense: other\nlicense_name: mine\nlicense_link: LICENSE\ntags: [x]\n---\n# Post\n'
    )
    expect(card).toMatch(
      /^---\nlicense: other\nlicense_name: mine\nlicense_link: LICENSE\nlibrary_name: transformers\n/
    )
    expect(card).toMatch(/base_model:\n {2}- (slr\S*)-post\n {2}- \1-base\n/)
    expect(card).not.toContain('tags: [x]')
    expect(card.match(/\| model\.safetensors \| `[0-9a-f]{64}` \|/g)).toHaveLength(2)
    expect(card).toContain('| 0 | attention: post-trained; MLP: 0.5 × post-trained + 0.5 × pre-trained |')
    expect(card).toMatch(/# \S+-post, up \\\| \\\*per\\\*/)
    expect(card).toContain('"name": "up | *per*"')
  })

  it('names no router where layers have none', async () => {
    const folders = await writePair()
    const target = join(await temporaryFolder(), 'out')
    const mlp = { norms: 0, router: 0, gate: 0.5, up: 0, down: 1 }
    await exportRecipe(folders, { name: 'parts', layers: [{ attention: 0, mlp }, strength(1, 1)] }, target)
    const card = await readFile(join(target, 'README.md'), 'utf8')
    const [row = ''] = /^\| 0 \|.*$/m.exec(card) ?? []
    expect(row).toContain('MLP norms and up: post-trained; gate: 0.5 × post-trained')
    expect(row).not.toContain('router')
  })

  it('holds no tags, whatever licence and names say, and means the same', async () => {
    const tag = '<img src=x onerror=alert(1)>'
    const card = await cardOf(`---\nlicense: "${tag}"\nlicense_link: [a, "</script>"]\n---\n`, `up ${tag}`)
    expect(card.replace(/\\</g, '')).not.toContain('<')
    const [, frontMatter = '', recipe = ''] = /^---\n([^]*?)---\n[^]*?```json\n([^]*?)\n```/.exec(card) ?? []
    expect(parse(frontMatter)).toMatchObject({ license: tag, license_link: ['a', '</script>'] })
    expect(JSON.parse(recipe)).toMatchObject({ name: `up ${tag}` })
  })

  it('warns of tensors that it copies, converts or blends with values that are not finite, as the result does', async () => {
    const folders = await damagedPair({
      base: [{ tensor: 'model.layers.1.mlp.up_proj.weight', element: 9, value: Infinity }],
      post: [
        { tensor: 'model.embed_tokens.weight', element: 17, value: NaN },
        // Restored from base: nothing of it is written.
        { tensor: 'model.layers.1.mlp.down_proj.weight', element: 0, value: NaN }
      ]
    })
    const target = join(await temporaryFolder(), 'out')
    const { nonFinite } = await exportRecipe(folders, UPPER, target)
    expect(nonFinite.map(({ file, tensor, first, at }) => ({ file, tensor, first, at }))).toEqual([
      { file: 'model.safetensors', tensor: 'model.embed_tokens.weight', first: 'NaN', at: [2, 1] },
      {
        file: 'model.safetensors',
        tensor: 'model.layers.1.mlp.up_proj.weight',
        first: 'Infinity',
        at: [1, 1]
      }
    ])
    const card = await readFile(join(target, 'README.md'), 'utf8')
    expect(card).toContain('## Warning\n\nThis model cannot be computed')
    expect(card).toMatch(/- model\.safetensors: tensor "model\.embed\\?_tokens\.weight" holds NaN at/)
    expect(await cardOf(null)).not.toContain('## Warning')
  })

  it('says which weights are extrapolated, and warns where that takes them beyond what can be stored', async () => {
    const tensor = 'model.layers.1.mlp.down_proj.weight'
    const folders = await damagedPair({
      base: [{ tensor, element: 9, value: -3e38 }],
      post: [{ tensor, element: 9, value: 3e38 }]
    })
    const target = join(await temporaryFolder(), 'out')
    const recipe = { name: 'beyond', layers: [strength(1.5, 0.5), strength(0, -0.5)] }
    const { nonFinite } = await exportRecipe(folders, recipe, target)
    expect(nonFinite.map(({ tensor: name, first }) => ({ name, first }))).toEqual([{ name: tensor, first: 'Infinity' }])
    const card = await readFile(join(target, 'README.md'), 'utf8')
    expect(card).toContain('attention: −0.5 × post-trained + 1.5 × pre-trained (extrapolated); MLP: 0.5')
    expect(card).toContain('## Warning')
  })

  it.each([
    ['no card', null],
    ['a card without front matter', '# Post'],
    ['a broken one', '---\nlicense: [\n---\n'],
    ['a bomb of aliases', '---\na: &a [x]\nlicense: [*a, *a, *a]\n---\n']
  ])('has no licence for %s', async (_, card) => {
    expect(await cardOf(card)).toMatch(/^---\nlibrary_name: transformers\n/)
  })
})

describe('the target', () => {
  it('is refused when it overlaps with one of the models', async () => {
    const folders = await writePair()
    const { base, post } = folders
    const link = join(await temporaryFolder(), 'link')
    await symlink(post, link)
    for (const [target, label] of [
      [base, 'base'],
      [post, 'post'],
      [link, 'post'],
      [join(post, 'out'), 'post'],
      [join(base, '..'), 'base'],
      ['/', 'base']
    ] as const) {
      const problem = await problemOf(exportRecipe(folders, UPPER, target, { overwrite: true }))
      expect(problem.message).toContain(`overlaps with ${label}`)
    }
  })

  it('is refused when files of a model lie in it through links', async () => {
    const folders = await writePair()
    const target = join(await temporaryFolder(), 'out')
    await mkdir(target)
    await rename(join(folders.post, 'model.safetensors'), join(target, 'model.safetensors'))
    await writeFile(join(target, 'config.json'), '{}')
    await symlink(join(target, 'model.safetensors'), join(folders.post, 'model.safetensors'))
    const problem = await problemOf(exportRecipe(folders, UPPER, target, { overwrite: true }))
    expect(problem.message).toContain('overlaps with post')
  })

  it('may be an empty folder, and a model only when that may be replaced', async () => {
    const folders = await writePair()
    const target = join(await temporaryFolder(), 'out')
    await mkdir(target)
    await exportRecipe(folders, UPPER, target)
    const before = await filesOf(target)
    const problem = await problemOf(exportRecipe(folders, NOTHING, target))
    expect(problem).toMatchObject({ code: 'bad-input', message: `${target} holds a model already.` })
    expect(await filesOf(target)).toEqual(before)
    const result = await exportRecipe(folders, NOTHING, target, { overwrite: true })
    const kept = `${target}.replaced`
    expect(result.replaced).toEqual({ keptAs: kept, removal: `rm -r ${kept}` })
    expect(await filesOf(kept)).toEqual(before)
    expect((await filesOf(target))['model.safetensors']).toBe((await filesOf(folders.post))['model.safetensors'])
  })

  it('keeps every model that it replaces, under a name that is free', async () => {
    const folders = await writePair()
    const parent = await temporaryFolder()
    const target = join(parent, "it's out")
    await writeFile(`${target}.replaced`, 'mine')
    await exportRecipe(folders, UPPER, target)
    const upper = await filesOf(target)
    await exportRecipe(folders, NOTHING, target, { overwrite: true })
    const nothing = await filesOf(target)
    const { replaced } = await exportRecipe(folders, UPPER, target, { overwrite: true })
    expect(replaced?.removal).toBe(`rm -r '${parent}/it'\\''s out.replaced-3'`)
    expect(await filesOf(`${target}.replaced-2`)).toEqual(upper)
    expect(await filesOf(`${target}.replaced-3`)).toEqual(nothing)
    expect(await readFile(`${target}.replaced`, 'utf8')).toBe('mine')
  })

  it('may hold whatever files an export takes over from post', async () => {
    const folders = await writePair({}, { shardCount: 3 })
    await writeExtras(folders.post)
    await writeFile(join(folders.post, 'modeling_own.py'), '')
    const target = join(await temporaryFolder(), 'out')
    await exportRecipe(folders, UPPER, target)
    const { replaced } = await exportRecipe(folders, NOTHING, target, { overwrite: true })
    expect(Object.keys(await filesOf(`${replaced?.keptAs}`))).toContain('modeling_own.py')
  })

  it.each([
    ['a file', async (target: string) => writeFile(target, 'x'), /is not a folder/],
    [
      'a folder that holds no model',
      async (target: string) => {
        await mkdir(target)
        await writeFile(join(target, 'thesis.txt'), 'x')
      },
      /is not empty and holds no model/
    ],
    [
      "a program's folder with a config.json",
      async (target: string) => {
        await mkdir(join(target, 'src'), { recursive: true })
        await writeFile(join(target, 'config.json'), '{"port": 80}')
      },
      /is not empty and holds no model that can be read \(.* has no weights in safetensors/
    ],
    [
      'a folder with weights that cannot be read',
      async (target: string) => {
        await mkdir(target)
        await writeFile(join(target, 'config.json'), '{}')
        await writeFile(join(target, 'model.safetensors'), 'weights of something else')
      },
      /holds no model that can be read \(.*model\.safetensors gives its header/
    ],
    [
      'a model among other work',
      async (target: string) => {
        await writeCheckpoint(target, checkpointFixture())
        for (const folder of ['.git', 'checkpoint-100', 'tokenizer.json']) await mkdir(join(target, folder))
        for (const file of ['optimizer.pt', 'other.safetensors', 'thesis.tex']) await writeFile(join(target, file), 'x')
      },
      /holds files that are not part of a model: "\.git", "checkpoint-100", "optimizer\.pt", "other\.safetensors", "thesis\.tex", "tokenizer\.json", so it is not replaced\.$/
    ]
  ])('is never %s, not even to be replaced', async (_, put, message) => {
    const folders = await writePair()
    const parent = await temporaryFolder()
    const target = join(parent, 'out')
    await put(target)
    const before = await readdir(parent, { recursive: true })
    const problem = await problemOf(exportRecipe(folders, UPPER, target, { overwrite: true }))
    expect(problem.message).toMatch(message)
    expect(await readdir(parent, { recursive: true })).toEqual(before)
  })

  it('needs a folder to lie in', async () => {
    const target = join(await temporaryFolder(), 'none', 'out')
    const problem = await problemOf(exportRecipe(await writePair(), UPPER, target))
    expect(problem).toMatchObject({ code: 'not-found' })
  })
})

describe('an export that does not reach its end', () => {
  /** Runs an export that is disturbed as it comes to a phase, and tells what it says and what is left of it. */
  async function disturbed(
    phase: ExportProgress['phase'],
    act: (place: { parent: string; post: string; cancel: () => void }) => void
  ): Promise<{ problem: Problem; left: string[] }> {
    const folders = await writePair()
    await writeExtras(folders.post)
    const parent = await temporaryFolder()
    const cancelling = new AbortController()
    const place = { parent, post: folders.post, cancel: () => cancelling.abort() }
    let disturb: typeof act | null = act
    const problem = await problemOf(
      exportRecipe(folders, UPPER, join(parent, 'out'), {
        signal: cancelling.signal,
        onProgress: (progress) => {
          if (progress.phase !== phase) return
          disturb?.(place)
          disturb = null
        }
      })
    )
    return { problem, left: await readdir(parent) }
  }

  it.each(['writing', 'verifying', 'hashing', 'finishing'] as const)(
    'leaves nothing when it is cancelled while %s',
    async (phase) => {
      const { problem, left } = await disturbed(phase, ({ cancel }) => cancel())
      expect(problem.code).toBe('cancelled')
      expect(left).toEqual([])
    }
  )

  it.each([
    ['a tensor', 'model.safetensors', -1, /tensor "lm_head\.weight" does not read back/],
    ['the header', 'model.safetensors', 20, /model\.safetensors/],
    ['a copied file', 'tokenizer.json', 3, /tokenizer\.json: the file does not read back/]
  ])('notices that %s does not read back as written', async (_, name, at, message) => {
    const { problem, left } = await disturbed('verifying', ({ parent }) => {
      const staging = readdirSync(parent).find((entry) => entry.includes('.slr-export-')) ?? ''
      const file = join(parent, staging, name)
      const bytes = readFileSync(file)
      const position = at < 0 ? bytes.length + at : at
      bytes[position] = (bytes[position] ?? 0) ^ 1
      writeFileSync(file, bytes)
    })
    expect(problem.code).toBe('bad-file')
    expect(problem.message).toMatch(message)
    expect(left).toEqual([])
  })

  it('says of what differs from a source that was written meanwhile that this has changed, and blames no disk', async () => {
    const { problem, left } = await disturbed('verifying', ({ post }) => {
      const file = join(post, 'model.safetensors')
      const bytes = readFileSync(file)
      writeFileSync(file, bytes.fill(0x3f, bytes.length / 2))
    })
    expect(problem.message).toMatch(/post\/model\.safetensors has changed since the model was opened/)
    expect(left).toEqual([])
  })

  it('notices that a model changes meanwhile', async () => {
    const { problem, left } = await disturbed('hashing', ({ post }) => {
      utimesSync(join(post, 'model.safetensors'), 1, 1)
    })
    expect(problem.message).toMatch(/post\/model\.safetensors has changed since the model was opened/)
    expect(left).toEqual([])
  })
})

describe('hostile models', () => {
  it.each([
    ['/etc/hostname', /notes\.txt is a link to \/etc\/hostname, outside the model's folder/],
    ['notes.txt', /notes\.txt cannot be read: ELOOP/],
    ['gone', /notes\.txt cannot be read: ENOENT/]
  ])('cannot have a link to %s published', async (aim, message) => {
    const folders = await writePair()
    await symlink(aim, join(folders.post, 'notes.txt'))
    const parent = await temporaryFolder()
    expect((await problemOf(exportRecipe(folders, UPPER, join(parent, 'out')))).message).toMatch(message)
    expect(await readdir(parent)).toEqual([])
  })
})

describe('the plan', () => {
  it('says for every file and tensor where it comes from, and whether it fits', async () => {
    const folders = await writePair()
    await writeExtras(folders.post)
    const recipe: Recipe = { name: 'mixed', layers: [strength(1, 0.5), strength(0, 0)] }
    const target = join(await temporaryFolder(), 'out')
    const plan = await describePlan(await prepareExport(folders, recipe, { kind: 'model' }), target)
    expect(plan.files.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      ...['model.safetensors weights', 'LICENSE copied', 'config.json copied', 'generation_config.json copied'],
      ...['tokenizer.json copied', 'README.md written', 'mergekit.yaml written']
    ])
    const origins = new Map(plan.files[0]?.tensors.map(({ name, origin, strength }) => [name, [origin, strength]]))
    expect(origins.get('model.embed_tokens.weight')).toEqual(['post', 0])
    expect(origins.get('model.layers.0.self_attn.q_proj.weight')).toEqual(['base', 1])
    expect(origins.get('model.layers.0.input_layernorm.weight')).toEqual(['base', 1])
    expect(origins.get('model.layers.0.post_attention_layernorm.weight')).toEqual(['blended', 0.5])
    expect(origins.get('model.layers.1.mlp.up_proj.weight')).toEqual(['post', 0])
    const sizes = await Promise.all(plan.files.slice(0, 5).map(({ name }) => stat(join(folders.post, name))))
    expect(plan.bytes).toBe(sizes.reduce((sum, { size }) => sum + size, 0))
    expect(plan.target).toMatchObject({ path: target, exists: false })
    expect(plan.targetProblem).toBeNull()
  })

  it('reports errors of the target beside the others', async () => {
    const folders = await writePair()
    const plan = await describePlan(await prepareExport(folders, UPPER, { kind: 'model' }), folders.post)
    expect(plan.files).not.toHaveLength(0)
    expect(plan.target).toBeNull()
    expect(plan.targetProblem?.message).toContain('overlaps with post')
  })
})
