import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { layersModel } from '../../../../src/contract/model/model'
import { elementAt, mapGet } from '../../../../src/contract/model/look-up'
import { openCheckpoint, type Checkpoint } from '../../../../src/main/checkpoint/checkpoint'
import { compareLayers } from '../../../../src/main/checkpoint/layer-distances'
import { nonFiniteValues } from '../../../../src/main/checkpoint/non-finite'
import { inspectPair, readPair } from '../../../../src/main/checkpoint/pair'
import { storedTensorBytes } from '../../../../src/main/checkpoint/scaled-weights'
import { openWeightReader } from '../../../../src/main/checkpoint/weight-reader'
import { probe } from '../../../../src/main/engine/questions/probe'
import { prepareExport } from '../../../../src/main/export/prepare'
import type { CheckpointFixture, TensorFixture } from '../../../fixtures/checkpoint-builder'
import {
  checkpointFixture,
  temporaryFolder,
  TINY_LLAMA,
  writeCheckpoint
} from '../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../fixtures/problems'

const Stored = z.object({ dtype: z.string(), shape: z.array(z.number()), bytes: z.base64() })
const Cases = z.array(
  z.object({
    what: z.string(),
    config: z.record(z.string(), z.unknown()),
    tensors: z.record(z.string(), Stored),
    weight: Stored
  })
)
type Case = z.infer<typeof Cases>[number]
const CASES = Cases.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../fixtures/packed-weights.json'), 'utf8'))
)

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
const tensor = (name: string, { dtype, shape, bytes }: z.infer<typeof Stored>): TensorFixture => ({
  name,
  dtype,
  shape,
  bytes: bytesOf(bytes)
})

const named = (what: string): Case => {
  const found = CASES.find((each) => each.what === what)
  if (found === undefined) throw new Error(`no case ${what}`)
  return found
}
const GPTQ = named('GPTQ, 4 bits, asymmetric, groups of 16, act-order')
const IN_TURN = named('GPTQ, 4 bits, symmetric, groups of 16')
const PACKED = named('compressed-tensors, int4, asymmetric, groups of 8, float16')
const ORDERED = named('compressed-tensors, int4, symmetric, groups of 16, act-order, float16')

async function written(
  { config, tensors }: Pick<Case, 'config' | 'tensors'>,
  change: (tensors: TensorFixture[]) => TensorFixture[] = (same) => same
): Promise<string> {
  return writeCheckpoint(await temporaryFolder(), {
    config: { ...TINY_LLAMA, quantization_config: config },
    tensors: change(Object.entries(tensors).map(([name, stored]) => tensor(`x.${name}`, stored)))
  })
}

/** What the reference made, in the dtype that it is read in here: float32 is rounded. */
function expectedOf({ weight }: Case): { dtype: string; bytes: Uint8Array } {
  const bytes = bytesOf(weight.bytes)
  if (weight.dtype !== 'F32') return { dtype: weight.dtype, bytes }
  const halves = Uint16Array.from(new Uint32Array(bytes.buffer), (bits) => {
    const odd = (bits >>> 16) & 1
    return (bits + 0x7fff + odd) >>> 16
  })
  return { dtype: 'BF16', bytes: new Uint8Array(halves.buffer) }
}

async function firstRow(checkpoint: Checkpoint): Promise<void> {
  const reader = openWeightReader(checkpoint)
  try {
    await reader.readRows('x.weight', 0, 1)
  } finally {
    await reader.close()
  }
}

describe('packed weights', () => {
  test.each(CASES)('$what: have the values of the reference', async (given) => {
    const checkpoint = await openCheckpoint(await written(given))
    expect([...checkpoint.tensors.keys()]).toEqual(['x.weight'])
    const entry = mapGet(checkpoint.tensors, 'x.weight', 'tensor')
    const [rows, columns] = [elementAt(entry.shape, 0, 'size'), elementAt(entry.shape, 1, 'size')]
    const { dtype, bytes } = expectedOf(given)
    expect([entry.dtype, entry.shape]).toEqual([dtype, given.weight.shape])
    const reader = openWeightReader(checkpoint)
    // Rows by themselves first: nothing is held yet.
    const rowBytes = 2 * columns
    const gathered = await reader.gatherRows('x.weight', [rows - 1, 1])
    expect(gathered).toEqual(
      Uint8Array.from([...bytes.slice(-rowBytes), ...bytes.slice(rowBytes, 2 * rowBytes)])
    )
    // From the middle of a byte and a group, over the end of a row.
    const piece = new Uint8Array(2 * rowBytes)
    await reader.readInto('x.weight', 6, piece)
    expect(piece).toEqual(bytes.slice(6, 6 + piece.length))
    await reader.close()
    const another = openWeightReader(checkpoint)
    expect(await another.read('x.weight')).toEqual(bytes)
    expect(another.bytesRead).toBe(storedTensorBytes(entry))
    await another.close()
  })

  type Change = (tensors: TensorFixture[]) => TensorFixture[]
  const without =
    (...names: string[]): Change =>
    (tensors) =>
      tensors.filter(({ name }) => !names.includes(name))
  const changed =
    (name: string, change: Partial<TensorFixture>): Change =>
    (tensors) =>
      tensors.map((each) => (each.name === name ? { ...each, ...change } : each))
  const zeros = (dtype: string, ...shape: number[]) => ({
    ...{ dtype, shape },
    bytes: new Uint8Array(shape.reduce((size, count) => size * count, { I8: 1, I32: 4, I64: 8 }[dtype] ?? 2))
  })
  const added =
    (name: string, dtype: string, ...shape: number[]): Change =>
    (tensors) => [...tensors, { name, ...zeros(dtype, ...shape) }]
  const sized = (...sizes: bigint[]): Change =>
    changed('x.weight_shape', { bytes: new Uint8Array(new BigInt64Array(sizes).buffer) })

  test.each<[string, Case, Change]>([
    ['"x.weight_packed" needs "x.weight_scale", which is missing', PACKED, without('x.weight_scale')],
    ['needs "x.weight_shape", which is missing', PACKED, without('x.weight_shape')],
    ['needs "x.weight_zero_point", which is missing', PACKED, without('x.weight_zero_point')],
    ['needs "x.weight_g_idx", which is missing', ORDERED, without('x.weight_g_idx')],
    ['"x.qweight" needs "x.scales", which is missing', GPTQ, without('x.scales')],
    ['needs "x.g_idx", which is missing', GPTQ, without('x.g_idx')],
    [
      '"x.weight_packed" is I32 of the shape [24, 3], expected I32 of [24, 4] for a weight of [24, 32]',
      PACKED,
      changed('x.weight_packed', zeros('I32', 24, 3))
    ],
    ['"x.weight_packed" is I8', PACKED, changed('x.weight_packed', zeros('I8', 24, 16))],
    ['"x.weight_shape" holds 24, -32, expected the number of rows and columns', PACKED, sized(24n, -32n)],
    ['"x.weight_shape" is I64 of the shape [3]', PACKED, changed('x.weight_shape', zeros('I64', 3))],
    ['"x.weight_shape" holds', PACKED, sized(2n ** 62n, 2n ** 62n)],
    ['has 31 columns by its shape, which groups of 8 do not divide', PACKED, sized(24n, 31n)],
    [
      '"x.weight_scale" is F16 of the shape [24, 2], expected F16 of [24, 4]',
      PACKED,
      changed('x.weight_scale', zeros('F16', 24, 2))
    ],
    [
      '"x.weight_scale" is I16 of the shape [24, 4], expected F32, F16 or BF16',
      PACKED,
      changed('x.weight_scale', zeros('I16', 24, 4))
    ],
    [
      '"x.weight_zero_point" is I8 of the shape [24, 4], expected I32 of [3, 4]',
      PACKED,
      changed('x.weight_zero_point', zeros('I8', 24, 4))
    ],
    [
      '"x.qzeros" is I32 of the shape [8, 2], expected I32 of [2, 8]',
      GPTQ,
      changed('x.qzeros', { shape: [8, 2] })
    ],
    ['"x.g_idx" is not I32 with a group for each of 32 columns', GPTQ, changed('x.g_idx', zeros('I32', 31))],
    [
      '"x.qweight" is of the shape [64, 4], expected [4, 64] by the tensors beside it: its rows and columns are exchanged',
      GPTQ,
      changed('x.qweight', { shape: [64, 4] })
    ],
    [
      '"x.qweight" is there beside "x.weight" of model.safetensors: the weight is stored twice',
      GPTQ,
      added('x.weight', 'F16', 8, 32)
    ],
    [
      '"x.weight_zero_point" is there, but by its config.json such weights have none',
      ORDERED,
      added('x.weight_zero_point', 'I32', 2, 4)
    ]
  ])('are refused: %s', async (message, given, change) => {
    const problem = await problemOf(openCheckpoint(await written(given, change)))
    expect(problem.message).toContain(message)
    expect(problem.message).toContain('model.safetensors')
  })

  test('without settings in the config are refused once, with the cause', async () => {
    const folder = await writeCheckpoint(await temporaryFolder(), {
      config: TINY_LLAMA,
      tensors: Object.entries(GPTQ.tensors).map(([name, stored]) => tensor(`x.${name}`, stored))
    })
    const problem = await problemOf(openCheckpoint(folder))
    expect(problem.message).toMatch(
      /config.json has no "quantization_config", but 1 tensor .* such as "x.qweight"/
    )
    expect(problem.hint).toMatch(/quantize_config.json/)
  })

  test('with scales that are not finite name the scales', async () => {
    const scales = elementAt(
      Object.entries(GPTQ.tensors).filter(([name]) => name === 'scales'),
      0,
      'scales'
    )[1]
    const bytes = bytesOf(scales.bytes)
    new Uint16Array(bytes.buffer)[3] = 0x7e00
    const checkpoint = await openCheckpoint(await written(GPTQ, changed('x.scales', { bytes })))
    const reader = openWeightReader(checkpoint)
    const found = await nonFiniteValues(reader, 'x.weight', mapGet(checkpoint.tensors, 'x.weight', 'tensor'))
    await reader.close()
    expect(found).toMatchObject({ tensor: 'x.scales', nan: 1, first: 'NaN', at: [0, 3] })
  })

  const groups = (count: number, group: (column: number) => number): Uint8Array =>
    new Uint8Array(Int32Array.from({ length: count }, (_, column) => group(column)).buffer)

  test.each<[string, Case, Change]>([
    [
      '"x.g_idx" puts column 7 into group 2, expected 0 to 1',
      GPTQ,
      changed('x.g_idx', { bytes: groups(32, (column) => (column === 7 ? 2 : 0)) })
    ],
    [
      '"x.weight_g_idx" puts column 0 into group -1, expected 0 to 3',
      ORDERED,
      changed('x.weight_g_idx', { bytes: groups(64, () => -1) })
    ],
    // The reference cuts groups of other sizes elsewhere.
    [
      '"x.weight_g_idx" puts 17 columns into group 0, expected 16',
      ORDERED,
      changed('x.weight_g_idx', {
        bytes: groups(64, (column) => (column < 17 ? 0 : Math.floor(column / 16)))
      })
    ],
    [
      '"x.g_idx" puts column 1 into group 1, but by its config.json they are in turn',
      IN_TURN,
      changed('x.g_idx', { bytes: groups(64, (column) => column % 4) })
    ],
    [
      '"x.qzeros" stores the zero point 15, of which some programs make 16 and others 0',
      GPTQ,
      changed('x.qzeros', { bytes: new Uint8Array(64).fill(0xff) })
    ]
  ])('are refused when they are read: %s', async (message, given, change) => {
    const checkpoint = await openCheckpoint(await written(given, change))
    const problem = await problemOf(firstRow(checkpoint))
    expect(problem.message).toContain(message)
    expect(problem.message).toContain('model.safetensors')
  })

  test('have consecutive groups if none are stored and the config allows it', async () => {
    const checkpoint = await openCheckpoint(await written(IN_TURN, without('x.g_idx')))
    const reader = openWeightReader(checkpoint)
    expect(await reader.read('x.weight')).toEqual(bytesOf(IN_TURN.weight.bytes))
    await reader.close()
  })

  test.each([
    [{ quant_method: 'awq', bits: 4 }, /of the method "awq", which is not read; read are float8/],
    [{ ...GPTQ.config, bits: 3 }, /of the method "gptq", read but for this: bits: expected 4 or 8, found 3;/],
    [
      { ...GPTQ.config, checkpoint_format: 'marlin' },
      /checkpoint_format: expected "gptq" or "gptq_v2", found "marlin"/
    ],
    [{ ...GPTQ.config, group_size: 0 }, /group_size: expected (-1|more than 0), found 0/],
    [{ ...GPTQ.config, dynamic: { '+:.*down.*': { bits: 8 } } }, /dynamic/],
    [{ ...GPTQ.config, rotation: 'hadamard' }, /rotation/],
    [{ ...PACKED.config, format: 'nvfp4-pack-quantized' }, /of the method "compressed-tensors".*format/],
    [{ ...PACKED.config, format: 'int-quantized' }, /config_groups.group_0/],
    [{ ...PACKED.config, config_groups: { group_0: {}, group_1: {} } }, /config_groups/],
    [{ ...PACKED.config, transform_config: { config_groups: {} } }, /transform_config/]
  ])('said to be %j are refused with the reason', async (config, message) => {
    const fixture = checkpointFixture({ seed: 1 })
    const path = await writeCheckpoint(await temporaryFolder(), {
      ...fixture,
      config: { ...fixture.config, quantization_config: config }
    })
    const problem = await problemOf(inspectPair(path, path))
    expect(problem).toMatchObject({ code: 'unsupported' })
    expect(problem.message).toMatch(message)
  })
})

/** Sizes that packed tensors of the cases fit. */
const SIZES = {
  hidden_size: 32,
  intermediate_size: 64,
  num_attention_heads: 2,
  num_key_value_heads: 2,
  head_dim: 16
}

/** A checkpoint whose gate and up projections are a case's, packed, and the one that it stands for. */
function twins(seed: number, given: Case): { packed: CheckpointFixture; plain: CheckpointFixture } {
  const plain = checkpointFixture({ seed, config: { ...TINY_LLAMA, ...SIZES } })
  const isTaken = ({ name }: TensorFixture): boolean => /\.(gate|up)_proj\.weight$/.test(name)
  return {
    packed: {
      config: { ...plain.config, quantization_config: given.config },
      tensors: plain.tensors.flatMap((each) =>
        isTaken(each)
          ? Object.entries(given.tensors).map(([name, stored]) =>
              tensor(each.name.replace(/weight$/, name), stored)
            )
          : [each]
      )
    },
    plain: {
      ...plain,
      tensors: plain.tensors.map((each) => (isTaken(each) ? tensor(each.name, given.weight) : each))
    }
  }
}

describe('a pair with packed weights', () => {
  async function pairs(): Promise<{ base: string; packed: string; plain: string }> {
    const folder = await temporaryFolder()
    const post = twins(2, GPTQ)
    return {
      base: await writeCheckpoint(join(folder, 'base'), twins(1, GPTQ).plain),
      packed: await writeCheckpoint(join(folder, 'packed'), post.packed),
      plain: await writeCheckpoint(join(folder, 'plain'), post.plain)
    }
  }

  test('gives the logits of the encoded weights, and says so', async () => {
    const { base, packed, plain } = await pairs()
    const model = layersModel([
      { attention: 0.5, mlp: 0.5 },
      { attention: 0, mlp: 1 }
    ])
    const logitsOf = (post: string): ReturnType<typeof probe> =>
      probe({ base, post, device: 'cpu', model, prompts: [[1, 2, 3]] })
    expect(await logitsOf(packed)).toEqual(await logitsOf(plain))
    const report = await inspectPair(base, packed)
    expect(report.compatible).toBe(true)
    expect(report.post.dtypes).toMatchObject({ I4: 4 })
    expect(report.findings.map(({ message }) => message).join()).toMatch(
      /Post stores 4 tensors as I4 with scales: they are computed as the F16 that these make/
    )
  })

  test('with missing groups does not pass an inspection', async () => {
    const { base } = await pairs()
    const bad = twins(2, GPTQ).packed
    const isGroups = ({ name }: TensorFixture): boolean => name.endsWith('.g_idx')
    const folder = await writeCheckpoint(await temporaryFolder(), {
      ...bad,
      tensors: bad.tensors.map((each) =>
        isGroups(each) ? { ...each, bytes: new Uint8Array(each.bytes).fill(1) } : each
      )
    })
    const { compatible, findings } = await inspectPair(base, folder)
    expect(compatible).toBe(false)
    expect(elementAt(findings, 0, 'finding').message).toMatch(
      /gate_proj.g_idx" puts column 0 into group 16843009, expected 0 to 1. So it is with 3 other tensors/
    )
  })

  test('has their distances, reading each byte once', async () => {
    const { base, packed, plain } = await pairs()
    const distancesOf = async (post: string) => {
      for await (const event of compareLayers(await readPair(base, post)))
        if (event.type === 'done') return event.distances
      throw new Error('no distances')
    }
    const { bytesRead, ...distances } = await distancesOf(packed)
    const { bytesRead: ofPlain, ...expected } = await distancesOf(plain)
    expect(distances).toEqual(expected)
    const saved =
      4 *
      (64 * 32 * 2 - Object.values(GPTQ.tensors).reduce((sum, { bytes }) => sum + bytesOf(bytes).length, 0))
    expect(ofPlain - bytesRead).toBe(saved)
  })

  test('is not exported, with the reason', async () => {
    const { base, packed } = await pairs()
    const { message } = await problemOf(
      prepareExport({ base, post: packed }, { name: 'x', ranges: [[0, 0]] })
    )
    expect(message).toMatch(/packed stores weights with scales, of which no restored model is written/)
  })
})
