import { z } from 'zod'
import { malformedCases } from '../../../fixtures/malformed'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { readSafetensorsHeader } from '../../../../src/main/checkpoint/safetensors'
import { floatTensor, rawSafetensors, safetensorsBytes, temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../fixtures/problems'

const DEMO_FILE = join(import.meta.dirname, '../../../../resources/blend-pair/base/model.safetensors')

async function fileOf(bytes: Uint8Array): Promise<string> {
  const file = join(await temporaryFolder(), 'model.safetensors')
  await writeFile(file, bytes)
  return file
}

/** The message about a file with this header and as many zero bytes of data, without the file's path. */
async function complaint(header: unknown, dataBytes: number): Promise<string> {
  const text = typeof header === 'string' ? header : JSON.stringify(header)
  const file = await fileOf(rawSafetensors(text, new Uint8Array(dataBytes)))
  const { code, message } = await problemOf(readSafetensorsHeader(file))
  expect(code).toBe('bad-file')
  expect(message).toContain(file)
  return message.replace(file, 'FILE')
}

const entry = (dtype: string, shape: number[], ...data_offsets: number[]): object => ({
  dtype,
  shape,
  data_offsets
})
const f32 = (begin: number, end: number, shape = [(end - begin) / 4]): object => entry('F32', shape, begin, end)

describe('a safetensors header', () => {
  test('lists name, dtype, shape and offset of every tensor, sorted by their bytes', async () => {
    const a = floatTensor('a', 'F32', [2, 3], [1, 2, 3, 4, 5, 6])
    const b = floatTensor('b', 'BF16', [2], [1, -1])
    const bytes = safetensorsBytes([b, a], { format: 'pt' })
    const file = await fileOf(bytes)
    const header = await readSafetensorsHeader(file)

    const headerBytes = Number(bytes.readBigUInt64LE())
    const dataStart = 8 + headerBytes
    expect(header).toEqual({
      tensors: [
        { name: 'b', dtype: 'BF16', shape: [2], file, offset: dataStart, byteLength: 4 },
        { name: 'a', dtype: 'F32', shape: [2, 3], file, offset: dataStart + 4, byteLength: 24 }
      ],
      headerBytes,
      headerSha256: createHash('sha256').update(bytes.subarray(8, dataStart)).digest('hex'),
      fileBytes: bytes.byteLength,
      modifiedMs: expect.any(Number)
    })
  })

  test('of a published layout is understood', async () => {
    const { tensors, fileBytes } = await readSafetensorsHeader(DEMO_FILE)
    expect(tensors).toHaveLength(110)
    expect(tensors.map(({ name }) => name)).toContain('model.layers.11.mlp.down_proj.weight')
    expect(fileBytes).toBe(4_966_184)
  })

  test('may list tensors in any order, as older writers do', async () => {
    const file = await fileOf(rawSafetensors(JSON.stringify({ later: f32(4, 8), first: f32(0, 4) }), new Uint8Array(8)))
    expect((await readSafetensorsHeader(file)).tensors.map(({ name }) => name)).toEqual(['first', 'later'])
  })

  test('may hold scalars, empty tensors, no tensor at all, and trailing spaces', async () => {
    const header = { scalar: f32(0, 4, []), empty: f32(4, 4, [0, 5]) }
    const file = await fileOf(rawSafetensors(`${JSON.stringify(header)}    `, new Uint8Array(4)))
    expect((await readSafetensorsHeader(file)).tensors.map(({ shape }) => shape)).toEqual([[], [0, 5]])
    expect((await readSafetensorsHeader(await fileOf(rawSafetensors('{}', new Uint8Array())))).tensors).toEqual([])
  })

  test('treats names with a meaning in JavaScript like other names', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
    const entries = names.map((name, i) => `"${name}": ${JSON.stringify(f32(4 * i, 4 * i + 4))}`)
    const file = await fileOf(rawSafetensors(`{${entries.join()}}`, new Uint8Array(16)))
    expect((await readSafetensorsHeader(file)).tensors.map(({ name }) => name)).toEqual(names)
  })

  test('may quote JSON in its metadata: a key inside a string is no key', async () => {
    const file = await fileOf(safetensorsBytes([], { note: '", "note": {"note": [1, {' }))
    expect((await readSafetensorsHeader(file)).tensors).toEqual([])
  })

  test('is read without the data: a file of 64 GiB is as quick as any', async () => {
    const elements = 2 ** 34
    const header = JSON.stringify({ vast: f32(0, 4 * elements) })
    const file = await fileOf(rawSafetensors(header, new Uint8Array()))
    await truncate(file, 8 + header.length + 4 * elements)
    expect((await readSafetensorsHeader(file)).tensors[0]?.byteLength).toBe(64 * 2 ** 30)
  })

  test('is found through a symbolic link', async () => {
    const folder = await temporaryFolder()
    await symlink(DEMO_FILE, join(folder, 'model.safetensors'))
    expect((await readSafetensorsHeader(join(folder, 'model.safetensors'))).tensors).toHaveLength(110)
  })

  test('of random tensors equals what was written', async () => {
    const folder = await temporaryFolder()
    const dtypeSizes = { BOOL: 1, U8: 1, F8_E4M3: 1, I16: 2, F16: 2, BF16: 2, U32: 4, F32: 4, I64: 8, F64: 8 }
    const tensor = fc
      .record({
        name: fc.string({ unit: 'binary' }).filter((name) => name !== '__metadata__'),
        dtype: fc.constantFrom('BOOL', 'U8', 'F8_E4M3', 'I16', 'F16', 'BF16', 'U32', 'F32', 'I64', 'F64'),
        shape: fc.array(fc.nat(4), { maxLength: 4 })
      })
      .map(({ name, dtype, shape }) => {
        const elements = shape.reduce((product, size) => product * size, 1)
        return { name, dtype, shape, bytes: new Uint8Array(elements * dtypeSizes[dtype]) }
      })
    const tensors = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(tensors, async (written) => {
        const file = join(folder, 'random.safetensors')
        await writeFile(file, safetensorsBytes(written))
        const read = await readSafetensorsHeader(file)
        const described = (list: readonly { name: string; dtype: string; shape: number[] }[]): string[] =>
          list.map(({ name, dtype, shape }) => JSON.stringify([name, dtype, shape])).sort()
        expect(described(read.tensors)).toEqual(described(written))
      }),
      { numRuns: 100 }
    )
  })
})

describe('a broken safetensors file', () => {
  test('that is missing, a folder or a pipe is refused at once', async () => {
    const folder = await temporaryFolder()
    const missing = join(folder, 'none.safetensors')
    expect(await problemOf(readSafetensorsHeader(missing))).toMatchObject({
      code: 'not-found',
      message: `There is no file ${missing}.`
    })
    await mkdir(join(folder, 'sub.safetensors'))
    expect((await problemOf(readSafetensorsHeader(join(folder, 'sub.safetensors')))).message).toMatch(
      /is a folder, not a file/
    )
    execFileSync('mkfifo', [join(folder, 'pipe.safetensors')])
    expect((await problemOf(readSafetensorsHeader(join(folder, 'pipe.safetensors')))).message).toMatch(/is not a file/)
    await symlink('gone', join(folder, 'link.safetensors'))
    expect((await problemOf(readSafetensorsHeader(join(folder, 'link.safetensors')))).message).toMatch(
      /is a link to a file that does not exist/
    )
  })

  test('that is too short for a header is refused', async () => {
    const problem = await problemOf(readSafetensorsHeader(await fileOf(new Uint8Array(7))))
    expect(problem.message).toMatch(/has 7 bytes, too few for a safetensors file/)
    expect(problem.hint).toMatch(/fetch the file again/)
  })

  test('whose header is longer than 4 MB or than the file is refused before it is read', async () => {
    const message = async (length: bigint): Promise<string> =>
      (await problemOf(readSafetensorsHeader(await fileOf(rawSafetensors('{}', new Uint8Array(), length))))).message
    expect(await message(4_000_001n)).toMatch(/gives its header 4000001 bytes, expected at most 4000000/)
    expect(await message(2n ** 64n - 1n)).toMatch(/gives its header 18446744073709551615 bytes/)
    expect(await message(3n)).toMatch(/is truncated: its header has 3 bytes, but only 2 follow/)
  })

  test('with as many tensors as a fifth of a mixture of experts, four for each weight, is read', async () => {
    const tensor = '{"dtype":"I32","shape":[0],"data_offsets":[0,0]}'
    const tensors = Array.from({ length: 15_000 }, (_, i) => `"model.layers.${i}.qweight":${tensor}`)
    const header = await readSafetensorsHeader(await fileOf(rawSafetensors(`{${tensors.join(',')}}`, new Uint8Array())))
    expect(header.tensors).toHaveLength(15_000)
  })

  test('that names more than any model that can be read is refused before it is built', async () => {
    const names = Array.from({ length: 100_001 }, (_, key) => `"${key}":""`)
    expect(await complaint(`{"__metadata__":{${names.join(',')}}}`, 0)).toBe(
      'FILE: the header has more than 100000 names.'
    )
  })

  test('whose header is not UTF-8 is refused', async () => {
    const header = Buffer.concat([Buffer.from('{"a'), Buffer.of(0xff), Buffer.from('": 1}')])
    const problem = await problemOf(readSafetensorsHeader(await fileOf(rawSafetensors(header, new Uint8Array()))))
    expect(problem.message).toMatch(/the header is not UTF-8 text/)
  })

  test.each([
    ...malformedCases('safetensors', z.strictObject({ what: z.string(), header: z.unknown(), message: z.string() })),
    ...[`${'['.repeat(5000)}${']'.repeat(5000)}}`, '['.repeat(900_000)].map((nested) => ({
      ...{ what: 'deep nesting', header: `{"a": ${nested}`, message: 'nests more than 100 deep' }
    }))
  ])('with $what is refused', async ({ header, message }) => {
    expect(await complaint(header, 4)).toMatch(new RegExp(message))
  })

  test('with a hole, an overlap or bytes left over is refused, naming the tensor', async () => {
    expect(await complaint({ a: f32(0, 4), b: f32(8, 12) }, 12)).toBe(
      'FILE: tensor "b" leaves a hole of 4 bytes before it: it starts at byte 8 of the data, expected 4.'
    )
    expect(await complaint({ a: f32(4, 8) }, 8)).toMatch(/tensor "a" leaves a hole of 4 bytes/)
    expect(await complaint({ a: f32(0, 8), b: f32(4, 12) }, 12)).toBe(
      'FILE: tensor "b" overlaps the one before it: it starts at byte 4 of the data, expected 8.'
    )
    expect(await complaint({ a: f32(0, 4), b: f32(0, 4) }, 4)).toMatch(/tensor "b" overlaps/)
    expect(await complaint({ a: f32(0, 4) }, 5)).toMatch(/has 1 bytes after its last tensor/)
  })

  test('that was cut short names the first tensor that is not complete', async () => {
    const whole = await readFile(DEMO_FILE)
    const { tensors } = await readSafetensorsHeader(DEMO_FILE)
    const cut = tensors[40]
    if (cut === undefined) throw new Error('the demo has more tensors')
    const file = await fileOf(whole.subarray(0, cut.offset + cut.byteLength - 1))
    const problem = await problemOf(readSafetensorsHeader(file))
    expect(problem.message).toContain(`${file} is truncated`)
    expect(problem.message).toContain(`expected 4966184; tensor "${cut.name}" is not complete`)
    expect(problem.hint).toMatch(/fetch the file again/)
  })

  test.each(['F4', 'F6_E2M3', 'F6_E3M2'])(
    'with %s, which packs values into bytes, is told apart from a broken one',
    async (dtype) => {
      const file = await fileOf(
        rawSafetensors(JSON.stringify({ q: { dtype, shape: [4], data_offsets: [0, 2] } }), new Uint8Array(2))
      )
      const problem = await problemOf(readSafetensorsHeader(file))
      expect(problem.code).toBe('unsupported')
      expect(problem.message).toContain(`tensor "q" is stored as ${dtype}`)
    }
  )

  test('cannot put control characters or endless names into a message', async () => {
    const message = await complaint({ [`\u001b[31m\n${'x'.repeat(100_000)}`]: 1 }, 0)
    expect(message).toContain('"\\u001b[31m\\nxxx')
    expect(message.length).toBeLessThan(500)
  })

  test('never fails with another error, whatever its bytes', async () => {
    const folder = await temporaryFolder()
    const valid = safetensorsBytes([floatTensor('a', 'F32', [2], [1, 2]), floatTensor('b', 'F16', [3], [1, 2, 3])])
    const edits = fc.array(fc.tuple(fc.nat(valid.byteLength - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4
    })
    const lengths = fc.oneof(fc.constant(valid.byteLength), fc.nat(valid.byteLength))
    await fc.assert(
      fc.asyncProperty(edits, lengths, async (changes, length) => {
        const bytes = Buffer.from(valid)
        for (const [at, value] of changes) bytes[at] = value
        const file = join(folder, 'fuzzed.safetensors')
        await writeFile(file, bytes.subarray(0, length))
        await readSafetensorsHeader(file).catch((error: unknown) => {
          if (!(error instanceof WorkbenchError)) throw error
          expect(error.message).toContain(file)
        })
      }),
      { numRuns: 300 }
    )
  })
})
