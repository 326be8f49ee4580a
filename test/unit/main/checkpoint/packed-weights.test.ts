import { malformedCases } from '../../../fixtures/malformed'
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
import { checkpointFixture, temporaryFolder, TINY_LLAMA, writeCheckpoint } from '../../../fixtures/checkpoint-builder'
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

const NAMED = { GPTQ, PACKED, ORDERED }
const MalformedSettings = z.strictObject({
  of: z.enum(['GPTQ', 'PACKED']).nullable(),
  changes: z.record(z.string(), z.unknown()),
  message: z.string()
})
/** A tensor that is missing, stored otherwise, or there besides; `sizes` are what the tensor of the shape holds. */
const MalformedTensors = z.strictObject({
  ...{ of: z.enum(['GPTQ', 'PACKED', 'ORDERED']), message: z.string() },
  ...{ drop: z.string().optional(), set: z.string().optional(), add: z.string().optional() },
  ...{ dtype: z.string().optional(), shape: z.array(z.number()).optional() },
  sizes: z.array(z.string()).optional()
})

async function written(
  { config, tensors }: Pick<Case, 'config' | 'tensors'>,
  change: (tensors: TensorFixture[]) => TensorFixture[] = (same) => same
): Promise<string> {
  return writeCheckpoint(await temporaryFolder(), {
    config: { ...TINY_LLAMA, quantization_config: config },
    tensors: change(Object.entries(tensors).map(([name, stored]) => tensor(`x.${name}`, stored)))
  })
}

/** Returns the weights of the reference in the dtype that is read here. Float32 is rounded. */
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
    expect(gathered).toEqual(Uint8Array.from([...bytes.slice(-rowBytes), ...bytes.slice(rowBytes, 2 * rowBytes)]))
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
    (removed?: string): Change =>
    (tensors) =>
      tensors.filter(({ name }) => name !== removed)
  const changed =
    (changedName: string | undefined, change: Partial<TensorFixture>): Change =>
    (tensors) =>
      tensors.map((each) => (each.name === changedName ? { ...each, ...change } : each))
  const zeros = (dtype: string, shape: number[]) => ({
    ...{ dtype, shape },
    bytes: new Uint8Array(shape.reduce((size, count) => size * count, { I8: 1, I32: 4, I64: 8 }[dtype] ?? 2))
  })

  test.each(malformedCases('packed-tensors', MalformedTensors))(
    'are refused: $message',
    async ({ of, drop, set, add, dtype = '', shape = [], sizes, message }) => {
      const stored =
        sizes === undefined
          ? zeros(dtype, shape)
          : { bytes: new Uint8Array(new BigInt64Array(sizes.map(BigInt)).buffer) }
      const added = add === undefined ? [] : [{ name: add, ...zeros(dtype, shape) }]
      const change: Change = (tensors) => [...changed(set, stored)(without(drop)(tensors)), ...added]
      const problem = await problemOf(openCheckpoint(await written(NAMED[of], change)))
      expect(problem.message).toContain(message)
      expect(problem.message).toContain('model.safetensors')
    }
  )

  test('of the second GPTQ format are named by GPTQModel with the short key too', async () => {
    const given = named('GPTQ, 4 bits, asymmetric, groups of 16, act-order, second format')
    const { checkpoint_format: format, ...config } = given.config
    for (const settings of [config, { ...config, checkpoint_format: null }]) {
      const checkpoint = await openCheckpoint(await written({ ...given, config: { ...settings, format } }))
      const reader = openWeightReader(checkpoint)
      expect(await reader.read('x.weight')).toEqual(expectedOf(given).bytes)
      await reader.close()
    }
  })

  test('of AWQ beside scaled activations are refused', async () => {
    const given = named('AWQ, groups of 16')
    const scales = { dtype: 'F16', shape: [48], bytes: Buffer.alloc(96).toString('base64') }
    const { code, message } = await problemOf(
      written({ ...given, tensors: { ...given.tensors, 'act.scales': scales } }).then(openCheckpoint)
    )
    expect([code, message]).toEqual(['unsupported', expect.stringContaining('"x.act.scales" scales an activation')])
  })

  test('of AWQ in groups that do not divide the columns are refused', async () => {
    const { config, tensors } = named('AWQ, groups of 16')
    const folder = await written({ config: { ...config, group_size: 17 }, tensors })
    const { message } = await problemOf(openCheckpoint(folder))
    expect(message).toContain('has 48 columns by its shape, which groups of 17 do not divide')
  })

  test('without settings in the config are refused once, with the cause', async () => {
    const folder = await writeCheckpoint(await temporaryFolder(), {
      config: TINY_LLAMA,
      tensors: Object.entries(GPTQ.tensors).map(([name, stored]) => tensor(`x.${name}`, stored))
    })
    const problem = await problemOf(openCheckpoint(folder))
    expect(problem.message).toMatch(/config.json has no "quantization_config", but 1 tensor .* such as "x.qweight"/)
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
      '"x.g_idx" puts column 1 into group 1, but by its config.json groups are consecutive',
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

  test.each(malformedCases('packed-settings', MalformedSettings))(
    'of $of said to be $changes are refused with the reason',
    async ({ of, changes, message }) => {
      const fixture = checkpointFixture({ seed: 1 })
      const settings = { ...(of === null ? {} : NAMED[of].config), ...changes }
      const path = await writeCheckpoint(await temporaryFolder(), {
        ...fixture,
        config: { ...fixture.config, quantization_config: settings }
      })
      const problem = await problemOf(inspectPair(path, path))
      expect(problem).toMatchObject({ code: 'unsupported', message: expect.stringMatching(message) })
    }
  )
})

describe('weights of MLX', () => {
  test.each([{}, { quantization_config: { group_size: 64, bits: 4 } }])('are refused by name: %s', async (more) => {
    const { config, tensors } = checkpointFixture()
    const settings = { ...config, quantization: { group_size: 64, bits: 4 }, ...more }
    const folder = await writeCheckpoint(await temporaryFolder(), { config: settings, tensors })
    const problem = await problemOf(readPair(folder, folder))
    expect(problem).toMatchObject({ code: 'unsupported', message: expect.stringContaining('"quantization" is MLX') })
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
          ? Object.entries(given.tensors).map(([name, stored]) => tensor(each.name.replace(/weight$/, name), stored))
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
      /Post stores 4 tensors as I4 with scales: they are decoded to F16/
    )
  })

  test('names the modules of its low-rank adapter as PEFT does', async () => {
    const { base, packed, plain } = await pairs()
    const settings = async (post: string): Promise<unknown> => {
      const form = { kind: 'low-rank', rank: 2, savesNormsAndBiases: true } as const
      const { adapterConfig, weights } = await prepareExport({ base, post }, { name: 'r', ranges: [[1, 1]] }, form)
      return [
        weights.map(({ bytes }) => bytes),
        z.object({ target_modules: z.array(z.string()) }).parse(JSON.parse(adapterConfig ?? ''))
      ]
    }
    expect(await settings(packed)).toEqual(await settings(plain))
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
      /gate_proj.g_idx" puts column 0 into group 16843009, expected 0 to 1. The same is true of 3 other tensors/
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
      4 * (64 * 32 * 2 - Object.values(GPTQ.tensors).reduce((sum, { bytes }) => sum + bytesOf(bytes).length, 0))
    expect(ofPlain - bytesRead).toBe(saved)
  })

  test('is not exported, with the reason', async () => {
    const { base, packed } = await pairs()
    const { message } = await problemOf(
      prepareExport({ base, post: packed }, { name: 'x', ranges: [[0, 0]] }, { kind: 'model' })
    )
    expect(message).toMatch(/packed stores weights with scales, of which no restored model is written/)
  })
})
