import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { layersModel } from '../../../../src/contract/model/model'
import { openCheckpoint } from '../../../../src/main/checkpoint/checkpoint'
import { planLowRank } from '../../../../src/main/checkpoint/low-rank-plan'
import { inspectPair, openPair } from '../../../../src/main/checkpoint/pair'
import { openWeightReader } from '../../../../src/main/checkpoint/weight-reader'
import { probe } from '../../../../src/main/engine/questions/probe'
import { prepareExport, requestedForm } from '../../../../src/main/export/prepare'
import { factorTensors, writeAdapter } from '../../../fixtures/adapter-folder'
import type { CheckpointFixture, TensorFixture } from '../../../fixtures/checkpoint-builder'
import { checkpointFixture, temporaryFolder, TINY_LLAMA, writeCheckpoint } from '../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../fixtures/problems'

const Cases = z.array(
  z.object({
    dtype: z.enum(['F8_E4M3', 'I8']),
    shape: z.array(z.number()),
    block: z.array(z.number()).nullable(),
    stored: z.base64(),
    scales: z.base64(),
    scalesShape: z.array(z.number()),
    bf16: z.base64()
  })
)
const CASES = Cases.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../fixtures/scaled-weights.json'), 'utf8'))
)
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
const float8Config = (block: unknown): object => ({
  quantization_config: { quant_method: 'fp8', activation_scheme: 'dynamic', weight_block_size: block }
})

/** The same of compressed-tensors, which names blocks by their shape. */
function compressedConfig(dtype: string, block: readonly number[] | null, columns: number): object {
  const strategy = block === null ? 'tensor' : block[0] !== 1 ? 'block' : block[1] === columns ? 'channel' : 'group'
  const weights = {
    num_bits: 8,
    type: dtype === 'I8' ? 'int' : 'float',
    strategy,
    symmetric: true,
    group_size: strategy === 'group' ? block?.[1] : null,
    block_structure: strategy === 'block' ? block : null,
    dynamic: false,
    actorder: null
  }
  return {
    quantization_config: {
      quant_method: 'compressed-tensors',
      format: dtype === 'I8' ? 'int-quantized' : 'float-quantized',
      config_groups: { group_0: { weights, input_activations: null, targets: ['Linear'] } },
      ignore: ['lm_head'],
      quantization_status: 'compressed'
    }
  }
}

/** NaN has many bit patterns. */
function numbersOf(bf16: Uint8Array): number[] {
  const words = new Uint16Array(new Uint8Array(bf16).buffer)
  return Array.from(new Float32Array(Uint32Array.from(words, (word) => word << 16).buffer))
}

/** Published formats: float8 by blocks, and compressed-tensors in both dtypes. */
const PUBLISHED = CASES.flatMap((given) => {
  const [, columns = 0] = given.shape
  return [
    ...(given.dtype === 'F8_E4M3'
      ? [{ ...given, how: 'fp8', suffix: '_scale_inv', config: float8Config(given.block) }]
      : []),
    {
      ...given,
      how: 'compressed-tensors',
      suffix: '_scale',
      config: compressedConfig(given.dtype, given.block, columns)
    }
  ]
})

describe('weights with scales', () => {
  test.each(PUBLISHED)('$how: $dtype in blocks of $block are the BF16 that torch makes of them', async (given) => {
    const tensors: TensorFixture[] = [
      { name: 'x.weight', dtype: given.dtype, shape: given.shape, bytes: bytesOf(given.stored) },
      {
        name: `x.weight${given.suffix}`,
        dtype: 'F32',
        shape: given.scalesShape,
        bytes: bytesOf(given.scales)
      }
    ]
    const config = { ...TINY_LLAMA, ...given.config }
    const checkpoint = await openCheckpoint(await writeCheckpoint(await temporaryFolder(), { config, tensors }))
    expect([...checkpoint.tensors.keys()]).toEqual(['x.weight'])
    const reader = openWeightReader(checkpoint)
    const expected = bytesOf(given.bf16)
    const [rows = 0, columns = 0] = given.shape
    expect(numbersOf(await reader.read('x.weight'))).toEqual(numbersOf(expected))
    expect(reader.bytesRead).toBe(rows * columns + 4 * given.scalesShape.reduce((a, b) => a * b, 1))
    const row = 2 * columns
    const gathered = await reader.gatherRows('x.weight', [rows - 1, 0])
    expect(numbersOf(gathered)).toEqual([...numbersOf(expected.slice(-row)), ...numbersOf(expected.slice(0, row))])
    // In the middle of a block, over the end of a row.
    const piece = new Uint8Array(2 * columns)
    await reader.readInto('x.weight', 6, piece)
    expect(numbersOf(piece)).toEqual(numbersOf(expected.slice(6, 6 + 2 * columns)))
    await reader.close()
  })

  /** A checkpoint whose down projections are float8, and the BF16 one that it stands for. */
  function twins(seed: number): { float8: CheckpointFixture; plain: CheckpointFixture } {
    const plain = checkpointFixture({ seed })
    const given = CASES[1]
    if (given === undefined) throw new Error('no case')
    const config = { ...plain.config, ...float8Config([4, 4]) }
    const [rows, columns] = [8, 12]
    const stored = Uint8Array.from({ length: rows * columns }, (_, i) => (i * 37 * seed) % 96)
    const scales = new Float32Array((rows / 4) * (columns / 4)).fill(2 ** -4)
    const value = (bits: number): number =>
      (bits >> 3 === 0 ? (bits & 7) * 2 ** -9 : (8 + (bits & 7)) * 2 ** ((bits >> 3) - 10)) / 16
    const isDown = ({ name }: TensorFixture): boolean => name.endsWith('down_proj.weight')
    return {
      float8: {
        config,
        tensors: plain.tensors.flatMap((tensor) =>
          isDown(tensor)
            ? [
                { ...tensor, dtype: 'F8_E4M3', bytes: stored },
                {
                  name: `${tensor.name}_scale_inv`,
                  dtype: 'F32',
                  shape: [rows / 4, columns / 4],
                  bytes: new Uint8Array(scales.buffer)
                }
              ]
            : [tensor]
        )
      },
      plain: {
        ...plain,
        tensors: plain.tensors.map((tensor) =>
          isDown(tensor)
            ? {
                ...tensor,
                bytes: new Uint8Array(
                  Uint16Array.from(new Uint32Array(Float32Array.from(stored, value).buffer), (bits) => bits >>> 16)
                    .buffer
                )
              }
            : tensor
        )
      }
    }
  }

  test('give a pair the logits of the BF16 weights, say so, and are not exported', async () => {
    const folder = await temporaryFolder()
    const [base, post] = [twins(1), twins(2)]
    const paths = {
      float8: await writeCheckpoint(join(folder, 'float8'), post.float8),
      plain: await writeCheckpoint(join(folder, 'plain'), post.plain),
      base: await writeCheckpoint(join(folder, 'base'), base.plain)
    }
    const model = layersModel([
      { attention: 0.5, mlp: 0.5 },
      { attention: 0, mlp: 1 }
    ])
    const logitsOf = (post: string): ReturnType<typeof probe> =>
      probe({ base: paths.base, post, device: 'cpu', model, prompts: [[1, 2, 3]] })
    expect(await logitsOf(paths.float8)).toEqual(await logitsOf(paths.plain))
    const report = await inspectPair(paths.base, paths.float8)
    expect(report.compatible).toBe(true)
    expect(report.post.dtypes).toMatchObject({ F8_E4M3: 2 })
    expect(report.findings.map(({ message }) => message).join()).toMatch(/Post stores 2 tensors as F8_E4M3 with scales/)
    const { message } = await problemOf(
      prepareExport({ base: paths.base, post: paths.float8 }, { name: 'x', ranges: [[0, 0]] }, { kind: 'model' })
    )
    expect(message).toMatch(/stores weights with scales, of which no restored model is written/)
    const adviceFor = async (post: string): Promise<string | undefined> => {
      const members = await openPair(paths.base, post)
      const kept = Array.from({ length: 2 }, () => ({ attention: 0, mlp: 0 }))
      return (await problemOf((async () => planLowRank({ ...members, others: new Map() }, kept))())).hint
    }
    expect(await adviceFor(paths.plain)).toBe('Export the whole model instead.')
    expect(await adviceFor(paths.float8)).toBe('Export the whole model from the unquantised checkpoints instead.')
  })

  test('are exported as an adapter, and the refusal of a folder names the quantised one and advises so', async () => {
    const folder = await temporaryFolder()
    const base = await writeCheckpoint(join(folder, 'float8'), twins(1).float8)
    const lora = await writeAdapter(join(folder, 'lora'), factorTensors('model.layers.1.self_attn.q_proj', [8, 8]))
    const plain = await writeCheckpoint(join(folder, 'plain'), twins(2).plain)
    const recipe = { name: 'x', ranges: [[0, 0]] as [number, number][] }
    for (const post of [lora, plain]) {
      const { message, hint } = await problemOf(prepareExport({ base, post }, recipe, { kind: 'model' }))
      expect(message).toContain(`${base} stores weights with scales`)
      expect(hint).toContain('Export an adapter (--adapter)')
      const form = await requestedForm({ base, post }, recipe, 1)
      expect((await prepareExport({ base, post }, recipe, form)).adapterConfig).not.toBeNull()
    }
  })

  test('with changed experts are not advised to be exported as an adapter, which is refused', async () => {
    const folder = await temporaryFolder()
    const experts = { model_type: 'mixtral', architectures: ['MixtralForCausalLM'] }
    const config = { ...TINY_LLAMA, ...experts, num_local_experts: 2, num_experts_per_tok: 1 }
    const plain = checkpointFixture({ seed: 1, config })
    const scales = { dtype: 'F32' as const, shape: [2, 2], bytes: new Uint8Array(new Float32Array(4).fill(1).buffer) }
    const quantised = {
      config: { ...config, ...float8Config([4, 4]) },
      tensors: plain.tensors.flatMap((tensor): TensorFixture[] =>
        tensor.name.endsWith('q_proj.weight')
          ? [
              { ...tensor, dtype: 'F8_E4M3', bytes: new Uint8Array(64) },
              { name: `${tensor.name}_scale_inv`, ...scales }
            ]
          : [tensor]
      )
    }
    const folders = {
      base: await writeCheckpoint(join(folder, 'base'), quantised),
      post: await writeCheckpoint(join(folder, 'post'), checkpointFixture({ seed: 2, config }))
    }
    const { hint } = await problemOf(prepareExport(folders, { name: 'x', ranges: [[0, 0]] }, { kind: 'model' }))
    expect(hint).toMatch(/^Use the unquantised checkpoint in its place\./)
  })

  test.each([
    ['scales of other blocks', { weight_block_size: [2, 4] }, /has 6 scales in F32, expected 12/],
    ['a config without a method', { quant_method: undefined }, /"quantization_config" names no method/],
    ['another way of quantising', { quant_method: 'gptq' }, /"quantization_config" is/],
    ['what is not known', { per_channel: true }, /"quantization_config" is/],
    [
      'packed int4',
      {
        ...Object.assign({}, ...Object.values(compressedConfig('I8', null, 12))),
        format: 'pack-quantized',
        weight_block_size: undefined
      },
      /"quantization_config" is/
    ]
  ])('with %s are refused', async (_what, changes, message) => {
    const { float8 } = twins(1)
    const config = {
      ...float8.config,
      quantization_config: { quant_method: 'fp8', weight_block_size: [4, 4], ...changes }
    }
    const path = await writeCheckpoint(await temporaryFolder(), { ...float8, config })
    expect((await problemOf(inspectPair(path, path))).message).toMatch(message)
  })

  test.each([
    ['fp8', '"fp8"'],
    [['fp8'], '["fp8"]'],
    [true, 'true']
  ])('are refused if the settings are no object: %j', async (settings, value) => {
    const { float8 } = twins(1)
    const config = { ...float8.config, quantization_config: settings }
    const path = await writeCheckpoint(await temporaryFolder(), { ...float8, config })
    expect((await problemOf(openCheckpoint(path))).message).toBe(
      `${join(path, 'config.json')}: "quantization_config" is ${value}, expected an object with "quant_method".`
    )
  })

  test('without scales are refused by their dtype', async () => {
    const { float8 } = twins(1)
    const tensors = float8.tensors.filter(({ name }) => !name.endsWith('_scale_inv'))
    const path = await writeCheckpoint(await temporaryFolder(), { ...float8, tensors })
    await writeFile(join(path, 'tokenizer.json'), '{}')
    const { findings } = await inspectPair(path, path)
    expect(findings[0]?.message).toMatch(/is stored as F8_E4M3/)
  })
})
