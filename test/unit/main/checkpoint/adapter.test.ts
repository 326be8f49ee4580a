import { malformedCases } from '../../../fixtures/malformed'
import { readFileSync } from 'node:fs'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { elementAt } from '../../../../src/contract/model/look-up'
import { unroundedSums } from '../../../../src/main/checkpoint/adapted-reader'
import { openCheckpoint, specOfCheckpoint } from '../../../../src/main/checkpoint/checkpoint'
import { decodeFloat32, DTYPE_BYTES } from '../../../../src/main/checkpoint/dtype'
import { baseOfAdapter } from '../../../../src/main/checkpoint/local-models'
import { readPair } from '../../../../src/main/checkpoint/pair'
import { postTextFolder } from '../../../../src/main/checkpoint/model-folder'
import { openWeightReader } from '../../../../src/main/checkpoint/weight-reader'
import { factorTensors, writeAdapter } from '../../../fixtures/adapter-folder'
import {
  checkpointFixture,
  floatTensor,
  temporaryFolder,
  TINY_LLAMA,
  type TensorFixture,
  writeCheckpoint,
  writeTinyLlama
} from '../../../fixtures/checkpoint-builder'
import { goldenPath } from '../../../fixtures/goldens'
import { problemOf } from '../../../fixtures/problems'

afterEach(() => vi.unstubAllEnvs())

const Dtype = z.enum(['F32', 'F16', 'BF16'])
const Factor = z.object({ dtype: Dtype, shape: z.array(z.number()), bytes: z.base64() })
/** Merged weights, computed once in torch 2.6 with OpenBLAS as PEFT's `merge_and_unload` computes them. */
const CASES = z
  .array(
    z.object({
      what: z.string(),
      module: z.string(),
      config: z.record(z.string(), z.unknown()),
      weight: z.object({ dtype: Dtype, bytes: z.base64() }),
      a: Factor,
      b: Factor,
      embedding: z.boolean(),
      merged: z.base64()
    })
  )
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../../fixtures/adapters.json'), 'utf8')))

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

function floats(bytes: Uint8Array, dtype: z.infer<typeof Dtype>): Float32Array {
  const values = new Float32Array(bytes.byteLength / DTYPE_BYTES[dtype])
  decodeFloat32(bytes, dtype, values)
  return values
}

const Q_PROJ = 'model.layers.0.self_attn.q_proj'
const qFactors = (): TensorFixture[] => factorTensors(Q_PROJ, [8, 8])

describe('a weight with an adapter', () => {
  it.each(CASES)('is read as PEFT merges it: $what', async ({ module, config, weight, a, b, embedding, merged }) => {
    const root = await temporaryFolder()
    const fixture = checkpointFixture({ dtype: weight.dtype })
    const name = `${module}.weight`
    const base = await writeCheckpoint(join(root, 'base'), {
      ...fixture,
      tensors: fixture.tensors.map((tensor) =>
        tensor.name === name ? { ...tensor, bytes: bytesOf(weight.bytes) } : tensor
      )
    })
    const part = (half: 'A' | 'B'): string => (embedding ? `lora_embedding_${half}` : `lora_${half}.weight`)
    const post = await writeAdapter(
      join(root, 'post'),
      [
        { ...a, name: `base_model.model.${module}.${part('A')}`, bytes: bytesOf(a.bytes) },
        { ...b, name: `base_model.model.${module}.${part('B')}`, bytes: bytesOf(b.bytes) }
      ],
      config
    )
    const checkpoint = await openCheckpoint(post, base)
    const reader = openWeightReader(checkpoint)
    const read = floats(await reader.read(name), weight.dtype)
    const expected = floats(bytesOf(merged), weight.dtype)
    expect(read).toEqual(expected)
    // The same weight in pieces that end within rows, and single rows.
    const whole = await reader.read(name)
    const piece = new Uint8Array(7 * DTYPE_BYTES[weight.dtype])
    await reader.readInto(name, 5 * DTYPE_BYTES[weight.dtype], piece)
    expect(piece).toEqual(whole.slice(5 * DTYPE_BYTES[weight.dtype], 12 * DTYPE_BYTES[weight.dtype]))
    const rowBytes = whole.byteLength / (checkpoint.tensors.get(name)?.shape[0] ?? NaN)
    const row = (index: number): Uint8Array => whole.slice(index * rowBytes, (index + 1) * rowBytes)
    expect(Buffer.from(await reader.gatherRows(name, [3, 1]))).toEqual(Buffer.concat([row(3), row(1)]))
    await reader.close()
  })
})

describe('an unrounded sum with an adapter', () => {
  it('gives products equal to unmerged arithmetic', async () => {
    const root = await temporaryFolder()
    const base = await writeTinyLlama(join(root, 'base'))
    const [a, b] = factorTensors(Q_PROJ, [8, 8])
    if (a === undefined || b === undefined) throw new Error('a factor is missing')
    const { tensors, ...files } = await openCheckpoint(await writeAdapter(join(root, 'post'), [a, b]), base)
    const name = `${Q_PROJ}.weight`
    const merged = openWeightReader({ ...files, tensors })
    const unrounded = openWeightReader({ ...files, tensors: unroundedSums(tensors) })
    const inBase = openWeightReader(await openCheckpoint(base))
    const sum = floats(await unrounded.read(name), 'F32')
    const [weight, left, right] = [
      floats(await inBase.read(name), 'BF16'),
      floats(b.bytes, 'F32'),
      floats(a.bytes, 'F32')
    ]
    const product = (matrix: Float32Array, x: readonly number[]): number[] =>
      Array.from({ length: matrix.length / x.length }, (_, row) =>
        x.reduce((total, value, column) => total + value * elementAt(matrix, row * x.length + column, 'value'), 0)
      )
    const x = Array.from({ length: 8 }, (_, i) => Math.cos(i))
    const low = product(left, product(right, x))
    const unmerged = product(weight, x).map((value, row) => value + 2 * elementAt(low, row, 'row'))
    const difference = (matrix: Float32Array): number =>
      Math.max(...product(matrix, x).map((value, row) => Math.abs(value - elementAt(unmerged, row, 'row'))))
    expect(difference(sum)).toBeLessThan(1e-5)
    expect(difference(floats(await merged.read(name), 'BF16'))).toBeGreaterThan(1e-4)
    await Promise.all([merged, unrounded, inBase].map((reader) => reader.close()))
  })
})

describe('an adapter as post', () => {
  it('opens over the base of the pair, with the bytes of base where it changes nothing', async () => {
    const root = await temporaryFolder()
    const base = await writeTinyLlama(join(root, 'base'))
    const post = await writeAdapter(join(root, 'post'), qFactors())
    const pair = await readPair(base, post)
    expect(pair.post.checkpoint).toMatchObject({
      path: post,
      textFolder: base,
      adapter: { basePath: base, trainedOn: 'example/base' }
    })
    expect(pair.post.checkpoint.fingerprint).not.toBe(pair.base.checkpoint.fingerprint)
    const readers = [openWeightReader(pair.base.checkpoint), openWeightReader(pair.post.checkpoint)]
    const both = (name: string): Promise<Uint8Array[]> => Promise.all(readers.map((reader) => reader.read(name)))
    const [inBase, inPost] = await both('model.layers.1.self_attn.q_proj.weight')
    expect(inPost).toEqual(inBase)
    const [changedFrom, changed] = await both(`${Q_PROJ}.weight`)
    expect(changed).not.toEqual(changedFrom)
    await Promise.all(readers.map((reader) => reader.close()))
  })

  it('finds its base by name in the Hugging Face cache', async () => {
    const cache = await temporaryFolder()
    vi.stubEnv('HF_HUB_CACHE', cache)
    const snapshot = join(cache, 'models--example--base', 'snapshots', 'abc')
    await mkdir(join(snapshot, '..'), { recursive: true })
    await cp(await writeTinyLlama(await temporaryFolder()), snapshot, { recursive: true })
    for (const revision of [undefined, null, '']) {
      const post = await writeAdapter(await temporaryFolder(), qFactors(), { revision })
      expect((await openCheckpoint(post)).adapter).toMatchObject({ basePath: snapshot })
    }
  })

  it('brings the revision of its base that its settings name', async () => {
    const cache = await temporaryFolder()
    vi.stubEnv('HF_HUB_CACHE', cache)
    await mkdir(join(cache, 'models--example--base', 'snapshots'), { recursive: true })
    const post = await writeAdapter(await temporaryFolder(), qFactors(), { revision: 'abc' })
    expect(await baseOfAdapter(post)).toBe(join(cache, 'models--example--base', 'snapshots', 'abc'))
  })

  it('uses its own tokenizer, and without one that of its base', async () => {
    const root = await temporaryFolder()
    const base = await writeTinyLlama(join(root, 'base'))
    const post = await writeAdapter(join(root, 'post'), qFactors())
    expect(await postTextFolder({ base, post })).toBe(base)
    await writeFile(join(post, 'tokenizer.json'), '{}')
    expect(await postTextFolder({ base, post })).toBe(post)
    expect((await openCheckpoint(post, base)).textFolder).toBe(post)
  })

  it('replaces tensors that it saves whole, and reads stacked prefixes', async () => {
    const root = await temporaryFolder()
    const base = await writeTinyLlama(join(root, 'base'))
    const head = floatTensor('base_model.model.lm_head.weight', 'BF16', [16, 8], Array(128).fill(0.5))
    const norm = floatTensor('base_model.model.model.norm.weight', 'F32', [8], Array(8).fill(2))
    const stacked = qFactors().map((tensor) => ({ ...tensor, name: `base_model.model.${tensor.name}` }))
    const post = await writeAdapter(join(root, 'post'), [...stacked, head, norm], {
      modules_to_save: ['lm_head']
    })
    const checkpoint = await openCheckpoint(post, base)
    const reader = openWeightReader(checkpoint)
    expect(floats(await reader.read('lm_head.weight'), 'BF16')).toEqual(new Float32Array(128).fill(0.5))
    expect(floats(await reader.read('model.norm.weight'), 'F32')).toEqual(new Float32Array(8).fill(2))
    expect(checkpoint.tensors.get(`${Q_PROJ}.weight`)?.adapted?.scale).toBe(2)
    await reader.close()
  })
})

it.each([
  ['gpt_neox', 'gpt_neox.embed_in', 'embed_out', 'gpt_neox.layers.0.mlp.dense_4h_to_h'],
  ['llava', 'language_model.model.embed_tokens', 'language_model.lm_head', 'language_model.model.layers.0.mlp.up_proj']
] as const)('an adapter may extend the vocabulary: %s', async (family, embeddings, head, module) => {
  const base = goldenPath(family, 'post-bf16')
  const saved = (module: string): TensorFixture =>
    floatTensor(`base_model.model.${module}.weight`, 'BF16', [68, 32], Array(68 * 32).fill(0.5))
  const tensors = [...factorTensors(module, [32, 32]), saved(embeddings), saved(head)]
  const post = await writeAdapter(await temporaryFolder(), tensors)
  expect(specOfCheckpoint(await openCheckpoint(post, base)).vocabularySize).toBe(68)
})

describe('an adapter of a base whose head is tied', () => {
  const saved = (module: string, value: number, dtype: 'BF16' | 'F32' = 'BF16'): TensorFixture =>
    floatTensor(`base_model.model.${module}.weight`, dtype, [16, 8], Array(128).fill(value))
  const [EMBEDDINGS, HEAD] = ['model.embed_tokens', 'lm_head']

  /** Factors of rank 2 for the embeddings, and those that PEFT ties to them for the head. */
  const embeddingFactors = (): TensorFixture[] => [
    floatTensor(`base_model.model.${EMBEDDINGS}.lora_embedding_A`, 'F32', [2, 16], Array(32).fill(1)),
    floatTensor(`base_model.model.${EMBEDDINGS}.lora_embedding_B`, 'F32', [8, 2], pattern(16))
  ]
  const headFactors = (scale = 1): TensorFixture[] => [
    floatTensor(`base_model.model.${HEAD}.lora_A.weight`, 'F32', [2, 8], transposed(pattern(16), 2)),
    floatTensor(`base_model.model.${HEAD}.lora_B.weight`, 'F32', [16, 2], Array(32).fill(scale))
  ]
  const pattern = (size: number): number[] => Array.from({ length: size }, (_, i) => 1 + (i % 3))
  const transposed = (values: readonly number[], columns: number): number[] =>
    Array.from(values, (_, i) => {
      const rows = values.length / columns
      return elementAt(values, (i % rows) * columns + Math.floor(i / rows), 'value')
    })

  /** Opens an adapter that saves these tensors. @returns the first embedding, or the message of the refusal */
  async function opened(tensors: TensorFixture[], changes: Readonly<Record<string, unknown>> = {}, storesHead = false) {
    const root = await temporaryFolder()
    const { config, tensors: baseTensors } = checkpointFixture()
    const base = await writeCheckpoint(join(root, 'base'), {
      config: { ...config, tie_word_embeddings: true },
      tensors: storesHead ? baseTensors : baseTensors.filter(({ name }) => name !== 'lm_head.weight')
    })
    const post = await writeAdapter(join(root, 'post'), [...qFactors(), ...tensors], changes)
    const checkpoint = await openCheckpoint(post, base).catch((error: unknown) => String(error))
    if (typeof checkpoint === 'string') return checkpoint.replaceAll(root, '')
    const head = checkpoint.tensors.get('lm_head.weight')
    expect(head?.file).toBe(storesHead ? join(base, 'model.safetensors') : undefined)
    expect(head?.adapted).toBeUndefined()
    const reader = openWeightReader(checkpoint)
    const stored = checkpoint.tensors.get('model.embed_tokens.weight')?.dtype
    const [first] = floats(await reader.read('model.embed_tokens.weight'), Dtype.parse(stored))
    await reader.close()
    return first
  }

  it('may save both where they are equal, or leave PEFT to tie them', async () => {
    expect(await opened([saved(EMBEDDINGS, 0.5), saved(HEAD, 0.5)])).toBe(0.5)
    expect(await opened([saved(EMBEDDINGS, 0.5), saved(HEAD, 0.5, 'F32')])).toBe(0.5)
    expect(await opened([saved(EMBEDDINGS, 0.5)], { ensure_weight_tying: true })).toBe(0.5)
    expect(await opened([saved(EMBEDDINGS, 0.5), saved(HEAD, 0.5)], {}, true)).toBe(0.5)
  })

  it.each([
    ['both, which differ', [saved(EMBEDDINGS, 0.5), saved(HEAD, 0.25)], 'lm_head.weight'],
    ['only embeddings', [saved(EMBEDDINGS, 0.5)], 'model.embed_tokens.weight'],
    ['only a head', [saved(HEAD, 0.5)], 'lm_head.weight']
  ])('is refused by name if it saves %s', async (_, tensors, name) => {
    const message = await opened(tensors)
    expect(message).toContain(`/post/adapter_model.safetensors: tensor "base_model.model.${name}" differs`)
    expect(message).toContain('the base ties its head to its embeddings')
    // The config decides, as it does for the base: a stored head is not used.
    expect(await opened(tensors, {}, true)).toBe(message)
  })

  it('may have factors of the embeddings only if PEFT ties them to the head', async () => {
    const tied = { ensure_weight_tying: true }
    expect(await opened(embeddingFactors())).toContain(
      `/post/adapter_model.safetensors: tensor "base_model.model.${EMBEDDINGS}.lora_embedding_A" changes only`
    )
    // Row 0 of B has 1 and 2, scaled by 2.
    const changed = Number(await opened([])) + 6
    expect(await opened(embeddingFactors(), tied)).toBeCloseTo(changed, 1)
    expect(await opened([...embeddingFactors(), ...headFactors()], tied)).toBeCloseTo(changed, 1)
  })

  it.each([
    ['only there', headFactors(), {}],
    ['only there, with a stored head', headFactors(), {}, true],
    [
      'that differ from those of the embeddings',
      [...embeddingFactors(), ...headFactors(2)],
      { ensure_weight_tying: true }
    ]
  ])('is refused with factors of the head %s', async (_, tensors, changes, storesHead = false) => {
    expect(await opened(tensors, changes, storesHead)).toContain(
      '/post/adapter_model.safetensors: tensor "base_model.model.lm_head.lora_A.weight" changes only the head, ' +
        'but the base ties its head to its embeddings.'
    )
  })
})

describe('an adapter that cannot be read', () => {
  /** The refusal of an adapter with these settings and tensors. */
  async function refusal(tensors: readonly TensorFixture[], changes: Readonly<Record<string, unknown>> = {}) {
    const root = await temporaryFolder()
    const base = await writeTinyLlama(join(root, 'base'))
    const post = await writeAdapter(join(root, 'post'), tensors, changes)
    const { code, message } = await problemOf(openCheckpoint(post, base))
    return { code, message: message.replaceAll(root, '') }
  }

  const Settings = z.strictObject({
    ...{ changes: z.record(z.string(), z.unknown()), code: z.string(), message: z.string() }
  })
  it.each(malformedCases('adapter-settings', Settings))(
    'names the field of the settings: $changes',
    async ({ changes, code, message }) => {
      const problem = await refusal(qFactors(), changes)
      expect(problem).toMatchObject({ code, message: expect.stringContaining(message) })
      expect(problem.message).toContain('/post/adapter_config.json')
    }
  )

  const [a, b] = [() => qFactors().slice(0, 1), () => qFactors().slice(1)]
  it.each<[string, () => TensorFixture[], string]>([
    ['half of the factors', a, 'lora_A and lora_B'],
    ['the other half', b, 'lora_A and lora_B'],
    ['another rank', () => factorTensors(Q_PROJ, [8, 8], 3), 'expected [2, 8]'],
    ['another size', () => factorTensors(Q_PROJ, [8, 9]), 'expected [2, 8]'],
    ['a layer that the base lacks', () => factorTensors('model.layers.7.self_attn.q_proj', [8, 8]), 'layers.7'],
    ['factors of a norm', () => factorTensors('model.norm', [8, 8]), 'is not a matrix'],
    [
      'no factors',
      () => [floatTensor('base_model.model.lm_head.weight', 'BF16', [16, 8], Array(128).fill(0))],
      'no factors'
    ],
    ['no tensors', () => [], 'no factors'],
    [
      'an unknown part',
      () => [...qFactors(), floatTensor(`${Q_PROJ}.lora_magnitude_vector`, 'F32', [8], Array(8).fill(1))],
      'lora_magnitude_vector'
    ],
    [
      'a saved tensor of another shape',
      () => [...qFactors(), floatTensor('model.norm.weight', 'F32', [8, 1], Array(8).fill(1))],
      'expected [8]'
    ]
  ])('names the tensor: %s', async (_, tensors, part) => {
    const { message } = await refusal(tensors())
    expect(message).toContain('/post/adapter_model.safetensors')
    expect(message).toContain(part)
  })

  it('requires the base that its settings do not name, and follows no path', async () => {
    const root = await temporaryFolder()
    vi.stubEnv('HF_HUB_CACHE', join(root, 'cache'))
    const secret = await writeTinyLlama(join(root, 'elsewhere'))
    for (const name of [null, '', secret, '../elsewhere', 'example/none']) {
      const post = await writeAdapter(join(root, 'post'), qFactors(), { base_model_name_or_path: name })
      const { code, message, hint } = await problemOf(openCheckpoint(post))
      expect(code).toBe('not-found')
      expect(message).toContain('base_model_name_or_path')
      expect(hint).toContain('--base')
    }
  })

  it('refuses a base that is an adapter itself, and weights in pickle files', async () => {
    const root = await temporaryFolder()
    const post = await writeAdapter(join(root, 'post'), qFactors())
    const twice = await writeAdapter(join(root, 'twice'), qFactors())
    expect((await problemOf(openCheckpoint(post, twice))).message).toContain('is itself a PEFT adapter')
    await writeFile(join(post, 'adapter_model.bin'), await readFile(join(post, 'adapter_model.safetensors')))
    await rm(join(post, 'adapter_model.safetensors'))
    expect((await problemOf(openCheckpoint(post, twice))).hint).toContain('safetensors')
  })

  it('leaves a complete model beside files of an adapter unchanged', async () => {
    const folder = await writeTinyLlama(await temporaryFolder(), { ...TINY_LLAMA })
    await writeFile(join(folder, 'adapter_config.json'), 'not read')
    expect((await openCheckpoint(folder)).adapter).toBeNull()
  })
})
