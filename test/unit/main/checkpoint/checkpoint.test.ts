import { z } from 'zod'
import { malformedCases } from '../../../fixtures/malformed'
import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, open, readFile, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { Problem } from '../../../../src/contract/model/problem'
import { modelPath } from '../../../../src/main/base/files/paths'
import { openCheckpoint, type Checkpoint } from '../../../../src/main/checkpoint/checkpoint'
import { inspectPair } from '../../../../src/main/checkpoint/pair'
import { folderModelName, resolveModelFolder } from '../../../../src/main/checkpoint/model-folder'
import { openWeightReader, type WeightReader } from '../../../../src/main/checkpoint/weight-reader'
import {
  checkpointFixture,
  floatTensor,
  rawSafetensors,
  safetensorsBytes,
  shardName,
  temporaryFolder,
  TINY_LLAMA,
  writeCheckpoint
} from '../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../fixtures/problems'

const DEMO = join(import.meta.dirname, '../../../../resources/blend-pair')
const GOLDENS = join(import.meta.dirname, '../../../goldens')
const INDEX = 'model.safetensors.index.json'

/** A model of three tensors, enough for everything that does not ask what a tensor is for. */
const SMALL = {
  config: { ...TINY_LLAMA },
  tensors: [
    floatTensor('a', 'F32', [3, 2], [0, 1, 2, 3, 4, 5]),
    floatTensor('b', 'BF16', [2], [1, 2]),
    floatTensor('c', 'F16', [1], [3])
  ]
}

async function withReader<T>(checkpoint: Checkpoint, work: (reader: WeightReader) => Promise<T>): Promise<T> {
  const reader = openWeightReader(checkpoint)
  try {
    return await work(reader)
  } finally {
    await reader.close()
  }
}

/** A folder of as many empty tensors in five files, as mixtures of experts have them. */
async function manyTensors(count: number): Promise<string> {
  const folder = await temporaryFolder()
  const tensor = '{"dtype":"BF16","shape":[0],"data_offsets":[0,0]}'
  const shardOf: Record<string, string> = {}
  for (const shard of [0, 1, 2, 3, 4]) {
    const names = Array.from({ length: count }, (_, i) => `t${i}`).filter((_, i) => i % 5 === shard)
    for (const name of names) shardOf[name] = shardName(shard, 5)
    const header = `{${names.map((name) => `"${name}":${tensor}`).join(',')}}`
    await writeFile(join(folder, shardName(shard, 5)), rawSafetensors(header, new Uint8Array()))
  }
  await writeFile(join(folder, INDEX), JSON.stringify({ weight_map: shardOf }))
  await writeFile(join(folder, 'config.json'), JSON.stringify(TINY_LLAMA))
  return folder
}

describe('a model folder', () => {
  test('may have as many tensors as the largest supported mixture of experts, and no more', async () => {
    expect((await openCheckpoint(await manyTensors(70_000))).tensors.size).toBe(70_000)
    expect((await problemOf(openCheckpoint(await manyTensors(100_001)))).message).toMatch(
      /has 100001 tensors; at most 100000 are read/
    )
  })

  test('may have Infinity in config.json, as Python writes it', async () => {
    const folder = await writeCheckpoint(await temporaryFolder(), checkpointFixture())
    const file = join(folder, 'config.json')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('{', '{ "time_step_limit": [0.0, Infinity], "note": "Infinity",'))
    const { config } = await openCheckpoint(folder)
    expect(config).toMatchObject({ time_step_limit: [0, Infinity], note: 'Infinity' })
  })

  test('is the folder of config.json, and gives the model its name', async () => {
    expect(await resolveModelFolder(join(DEMO, 'base', '..', 'post'))).toBe(join(DEMO, 'post'))
    expect(folderModelName(join(DEMO, 'post'))).toBe('post')
  })

  test('is refused with the missing file if it is missing, a file or no model', async () => {
    const folder = await temporaryFolder()
    expect(await problemOf(resolveModelFolder(join(folder, 'none')))).toMatchObject({
      code: 'not-found',
      message: `There is no folder ${join(folder, 'none')}.`
    })
    const named = await problemOf(resolveModelFolder('nobody/nothing'))
    expect(named.hint).toMatch(/^Nor is nobody\/nothing in the Hugging Face cache, .*Nothing is downloaded/)
    expect((await problemOf(resolveModelFolder('../nothing'))).hint).toBeUndefined()
    const file = join(DEMO, 'post', 'model.safetensors')
    expect(await problemOf(resolveModelFolder(file))).toMatchObject({
      code: 'bad-input',
      message: `${file} is not a folder.`
    })
    expect(await problemOf(resolveModelFolder(folder))).toMatchObject({
      code: 'not-found',
      message: `${folder} is not a model folder: it has no config.json.`
    })
  })

  describe('in the Hugging Face cache', () => {
    /** models--org--tiny with these snapshots (files linked to blobs, as the cache does), oldest first. */
    async function cache(snapshots: readonly string[], main?: string): Promise<string> {
      const folder = join(await temporaryFolder(), 'models--org--tiny')
      const blobs = await writeCheckpoint(join(folder, 'blobs'), SMALL)
      for (const [i, hash] of snapshots.entries()) {
        const snapshot = join(folder, 'snapshots', hash)
        await mkdir(snapshot, { recursive: true })
        for (const name of ['config.json', 'model.safetensors']) {
          await symlink(join('..', '..', 'blobs', name), join(snapshot, name))
        }
        await utimes(snapshot, 1000 + i, 1000 + i)
      }
      if (main !== undefined) {
        await mkdir(join(folder, 'refs'))
        await writeFile(join(folder, 'refs', 'main'), main)
      }
      expect(blobs).toBe(join(folder, 'blobs'))
      return folder
    }

    test('is the snapshot that refs/main names, and is called org/name', async () => {
      const folder = await cache(['aaa1', 'bbb2'], 'aaa1\n')
      const checkpoint = await openCheckpoint(folder)
      expect(checkpoint.path).toBe(join(folder, 'snapshots', 'aaa1'))
      expect(folderModelName(checkpoint.path)).toBe('org/tiny')
      expect(checkpoint.tensors.size).toBe(3)
      const bytes = await withReader(checkpoint, (reader) => reader.read('c'))
      expect([...bytes]).toEqual([0x00, 0x42])
    })

    test('may be given by its name on the Hub, unless such a folder is there', async () => {
      const folder = await cache(['aaa1'])
      vi.stubEnv('HF_HUB_CACHE', dirname(folder))
      expect(modelPath('org/tiny')).toBe(folder)
      expect(modelPath('org/other')).toBe(resolve('org/other'))
      expect(modelPath('test/unit')).toBe(resolve('test/unit'))
      vi.unstubAllEnvs()
    })

    test('may be given as a snapshot', async () => {
      const folder = await cache(['aaa1', 'bbb2'], 'bbb2')
      expect(await resolveModelFolder(join(folder, 'snapshots', 'aaa1'))).toBe(join(folder, 'snapshots', 'aaa1'))
    })

    test.each([
      ['without refs/main', undefined],
      ['with a main that was not fetched', 'ccc3'],
      ['with a main that points elsewhere', '../../elsewhere']
    ])('%s is the newest snapshot', async (_, main) => {
      const folder = await cache(['bbb2', 'aaa1'], main)
      expect(await resolveModelFolder(folder)).toBe(join(folder, 'snapshots', 'aaa1'))
    })

    test.skipIf(process.platform === 'win32')('with a pipe for a main is the newest snapshot', async () => {
      const folder = await cache(['bbb2', 'aaa1'])
      await mkdir(join(folder, 'refs'))
      // Opening it would wait for ever for somebody who writes to it.
      execFileSync('mkfifo', [join(folder, 'refs', 'main')])
      expect(await resolveModelFolder(folder)).toBe(join(folder, 'snapshots', 'aaa1'))
    })

    test('without a complete snapshot is refused', async () => {
      const folder = await cache([])
      await mkdir(join(folder, 'snapshots', 'aaa1'), { recursive: true })
      expect((await problemOf(resolveModelFolder(folder))).message).toMatch(/no snapshot has a config\.json/)
    })

    test('whose weights were cleaned away is refused, naming the link', async () => {
      const folder = await cache(['aaa1'])
      await rm(join(folder, 'blobs', 'model.safetensors'))
      const problem = await problemOf(openCheckpoint(folder))
      expect(problem.code).toBe('not-found')
      expect(problem.message).toMatch(/aaa1\/model\.safetensors is a link to a file that does not exist/)
    })
  })
})

describe('config.json', () => {
  test.each([
    ['no JSON', '{"model_type": ', /config\.json is not JSON/],
    ['a list', '[1]', /config\.json is not a JSON object/],
    ['a field named twice', '{"hidden_size": 1, "hidden_size": 2}', /config\.json names "hidden_size" twice/],
    ['endless', ' '.repeat(1_000_001), /config\.json is too large: it has 1\.0 MB, more than the 1\.0 MB that are read/]
  ])('that is %s is refused', async (_, text, expected) => {
    const folder = await writeCheckpoint(await temporaryFolder(), SMALL)
    await writeFile(join(folder, 'config.json'), text)
    expect(await problemOf(openCheckpoint(folder))).toMatchObject({
      code: 'bad-file',
      message: expect.stringMatching(expected)
    })
  })
})

describe('weights', () => {
  test('in one file and in shards are the same tensors', async () => {
    const single = await openCheckpoint(join(GOLDENS, 'llama3', 'post-bf16'))
    const sharded = await openCheckpoint(join(GOLDENS, 'llama3', 'post-bf16-sharded'))
    expect(sharded.files.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['model-00001-of-00002.safetensors', 147_896],
      ['model-00002-of-00002.safetensors', 148_096]
    ])
    expect([...sharded.tensors.keys()].sort()).toEqual([...single.tensors.keys()].sort())
    await withReader(single, (a) =>
      withReader(sharded, async (b) => {
        for (const name of single.tensors.keys()) expect(Buffer.compare(await b.read(name), await a.read(name))).toBe(0)
        expect(b.bytesRead).toBe(291_968)
      })
    )
  })

  test('are read from the single file if there is also an index', async () => {
    const folder = await writeCheckpoint(await temporaryFolder(), SMALL)
    await writeFile(join(folder, INDEX), 'not even JSON')
    expect((await openCheckpoint(folder)).files.map(({ name }) => name)).toEqual(['model.safetensors'])
  })

  test('are known by their canonical names, whatever wrapper stored them', async () => {
    const one = floatTensor('language_model.model.norm.weight', 'F32', [1], [1])
    const folder = await writeCheckpoint(await temporaryFolder(), { config: SMALL.config, tensors: [one] })
    const checkpoint = await openCheckpoint(folder)
    expect(checkpoint.tensors.get('model.norm.weight')?.name).toBe('language_model.model.norm.weight')

    const other = floatTensor('norm.weight', 'F32', [1], [1])
    await writeFile(join(folder, 'model.safetensors'), safetensorsBytes([one, other]))
    expect((await problemOf(openCheckpoint(folder))).message).toMatch(/both stand for "model\.norm\.weight"/)
  })

  test.each([
    ['pytorch_model.bin', /found "pytorch_model\.bin"/, /Only safetensors files are read/],
    ['model-Q4_K_M.gguf', /found "model-Q4_K_M\.gguf"/, /Only safetensors files are read/],
    ['model-00001-of-00002.safetensors', /found "model-00001/, /need their model\.safetensors\.index\.json/],
    ['weights.safetensors', /found "weights\.safetensors"/, /holds the whole model, rename it to model\.safetensors/],
    ['tokenizer.json', /looked for model\.safetensors and model\.safetensors\.index\.json\.$/, undefined]
  ])('that are missing beside %s are asked for', async (present, message, hint) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'config.json'), JSON.stringify(TINY_LLAMA))
    await writeFile(join(folder, present), '')
    const problem = await problemOf(openCheckpoint(folder))
    expect(problem.code).toBe('not-found')
    expect(problem.message).toMatch(message)
    if (hint === undefined) expect(problem.hint).toBeUndefined()
    else expect(problem.hint).toMatch(hint)
  })
})

test('a folder whose links lead in a circle is refused by name', async () => {
  const folder = await temporaryFolder()
  await symlink('b', join(folder, 'a'))
  await symlink('a', join(folder, 'b'))
  const { code, message } = await problemOf(openCheckpoint(join(folder, 'a')))
  expect(code).toBe('bad-file')
  expect(message).toContain(`${join(folder, 'a')} cannot be read: ELOOP`)
})

describe('a sharded checkpoint', () => {
  const [FIRST, SECOND] = [shardName(0, 2), shardName(1, 2)]
  const MAPS = malformedCases(
    'weight-maps',
    z.strictObject({ what: z.string(), index: z.string(), message: z.string() })
  )
  // Tensors a and b are in the first shard, c is in the second.
  const putIndex = (folder: string, text: string): Promise<void> => writeFile(join(folder, INDEX), text)
  const putMap = (folder: string, map: Record<string, string>): Promise<void> =>
    putIndex(folder, JSON.stringify({ weight_map: map }))

  test.each<[string, (folder: string) => Promise<unknown>, string, Problem['code']?]>([
    [
      'with a missing shard',
      (folder) => rm(join(folder, SECOND)),
      `1 of the 2 files that FOLDER/${INDEX} names are missing: ${SECOND}.`,
      'not-found'
    ],
    [
      'with a shard that is a link to itself',
      (folder) => rm(join(folder, SECOND)).then(() => symlink(SECOND, join(folder, SECOND))),
      `FOLDER/${SECOND} cannot be read: ELOOP`
    ],
    [
      'with tensors in two shards',
      (folder) =>
        copyFile(join(folder, FIRST), join(folder, SECOND)).then(() => putMap(folder, { a: FIRST, b: SECOND })),
      `in two files: "a" (${FIRST} and ${SECOND}), "b" (${FIRST} and ${SECOND})`
    ],
    [
      'in more files than any dense model has',
      (folder) =>
        putMap(folder, Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`t${n}`, `${n}.safetensors`]))),
      'names 501 files; at most 500 are read',
      'unsupported'
    ],
    ...MAPS.map(({ what, index, message }): [string, (folder: string) => Promise<unknown>, string] => [
      `whose index ${what}`,
      (folder) => putIndex(folder, index),
      message
    ])
  ])('%s is refused', async (_, change, expected, code = 'bad-file') => {
    const folder = await writeCheckpoint(await temporaryFolder(), SMALL, { shardCount: 2 })
    await change(folder)
    const problem = await problemOf(openCheckpoint(folder))
    expect(problem.code).toBe(code)
    expect(problem.message.replaceAll(folder, 'FOLDER')).toContain(expected)
  })
})

describe('a fingerprint', () => {
  const of = async (folder: string): Promise<string> => (await openCheckpoint(folder)).fingerprint

  test('is the same for a copy elsewhere', async () => {
    const folder = await temporaryFolder()
    const one = await writeCheckpoint(join(folder, 'one'), SMALL)
    const other = await writeCheckpoint(join(folder, 'other'), SMALL)
    expect(await of(one)).toBe(await of(other))
    expect(await of(one)).toMatch(/^[0-9a-f]{64}$/)
  })

  test('distinguishes base from post, which differ only in their weights', async () => {
    expect(await readFile(join(DEMO, 'base', 'config.json'))).toEqual(await readFile(join(DEMO, 'post', 'config.json')))
    expect(await of(join(DEMO, 'base'))).not.toBe(await of(join(DEMO, 'post')))
  })

  test('changes with the config, the layout and the values', async () => {
    const folder = await temporaryFolder()
    const variants = [
      SMALL,
      { ...SMALL, config: { ...SMALL.config, rms_norm_eps: 1e-6 } },
      { ...SMALL, tensors: [...SMALL.tensors].reverse() },
      { ...SMALL, tensors: [floatTensor('a', 'F32', [3, 2], [0, 1, 2, 3, 4, 6]), ...SMALL.tensors.slice(1)] }
    ]
    const prints = new Set<string>()
    for (const [i, variant] of variants.entries()) {
      prints.add(await of(await writeCheckpoint(join(folder, `${i}`), variant)))
    }
    prints.add(await of(await writeCheckpoint(join(folder, 'sharded'), SMALL, { shardCount: 2 })))
    expect(prints.size).toBe(5)
  })
})

describe('reading weights', () => {
  const small = async (): Promise<Checkpoint> => openCheckpoint(await writeCheckpoint(await temporaryFolder(), SMALL))
  const floats = (bytes: Uint8Array): number[] => [...new Float32Array(Uint8Array.from(bytes).buffer)]

  test('gives whole tensors, rows of matrices and elements of vectors, and counts the bytes', async () => {
    await withReader(await small(), async (reader) => {
      expect(floats(await reader.read('a'))).toEqual([0, 1, 2, 3, 4, 5])
      expect(floats(await reader.readRows('a', 1, 2))).toEqual([2, 3, 4, 5])
      expect(floats(await reader.readRows('a', 2, 0))).toEqual([])
      expect([...(await reader.readRows('b', 1, 1))]).toEqual([0x00, 0x40])
      expect(floats(await reader.gatherRows('a', [2, 0, 2]))).toEqual([4, 5, 0, 1, 4, 5])
      expect(floats(await reader.gatherRows('a', []))).toEqual([])
      expect(reader.bytesRead).toBe(24 + 16 + 0 + 2 + 24)
    })
  })

  test('works side by side', async () => {
    const { tensors } = checkpointFixture()
    const checkpoint = await openCheckpoint(
      await writeCheckpoint(await temporaryFolder(), checkpointFixture(), { shardCount: 3 })
    )
    await withReader(checkpoint, async (reader) => {
      const read = await Promise.all([...tensors, ...tensors].map(({ name }) => reader.read(name)))
      expect(read.map((bytes) => [...bytes])).toEqual([...tensors, ...tensors].map(({ bytes }) => [...bytes]))
    })
  })

  test('reads tensors larger than one read', async () => {
    const folder = await writeCheckpoint(await temporaryFolder(), SMALL)
    const byteLength = 150 * 2 ** 20
    const header = JSON.stringify({
      big: { dtype: 'U8', shape: [150, 2 ** 20], data_offsets: [0, byteLength] }
    })
    const file = join(folder, 'model.safetensors')
    await writeFile(file, rawSafetensors(header, new Uint8Array()))
    await truncate(file, 8 + header.length + byteLength)
    // One mark on either side of every possible joint of 2^20 bytes.
    const handle = await open(file, 'r+')
    for (let row = 0; row < 150; row++) {
      await handle.write(Uint8Array.of(row + 1), 0, 1, 8 + header.length + row * 2 ** 20)
      await handle.write(Uint8Array.of(row + 1), 0, 1, 8 + header.length + (row + 1) * 2 ** 20 - 1)
    }
    await handle.close()
    await withReader(await openCheckpoint(folder), async (reader) => {
      const bytes = await reader.read('big')
      const marks = Array.from({ length: 150 }, (_, row) => [bytes[row * 2 ** 20], bytes[(row + 1) * 2 ** 20 - 1]])
      expect(marks).toEqual(Array.from({ length: 150 }, (_, row) => [row + 1, row + 1]))
      expect(reader.bytesRead).toBe(byteLength)
    })
  })

  test('refuses tensors and rows that are not there', async () => {
    await withReader(await small(), async (reader) => {
      expect(await problemOf(reader.read('__proto__'))).toMatchObject({
        code: 'not-found',
        message: expect.stringMatching(/has no tensor "__proto__"/)
      })
      for (const [first, count] of [
        [0, 4],
        [3, 1],
        [-1, 1],
        [0, -1],
        [0.5, 1]
      ] as const) {
        await expect(reader.readRows('a', first, count)).rejects.toThrow(RangeError)
      }
      await expect(reader.gatherRows('a', [0, 3])).rejects.toThrow(RangeError)
      expect(reader.bytesRead).toBe(0)
    })
  })

  test('refuses a file that was rewritten since its header was read', async () => {
    const checkpoint = await small()
    const file = join(checkpoint.path, 'model.safetensors')
    const bytes = await readFile(file)
    await writeFile(file, bytes)
    await utimes(file, 1000, 1000)
    const problem = await withReader(checkpoint, (reader) => problemOf(reader.read('a')))
    expect(problem.code).toBe('bad-file')
    expect(problem.message).toBe(
      `${file} has changed since the model was opened (written again, ${bytes.length} bytes as then).`
    )
  })

  test('refuses a file that is cut short, grows or vanishes, before and after its first read', async () => {
    for (const readFirst of [false, true]) {
      for (const change of ['cut', 'grow'] as const) {
        const checkpoint = await small()
        const file = join(checkpoint.path, 'model.safetensors')
        const { bytes = 0 } = checkpoint.files[0] ?? {}
        await withReader(checkpoint, async (reader) => {
          if (readFirst) await reader.read('a')
          await truncate(file, change === 'cut' ? bytes - 1 : bytes + 1)
          expect((await problemOf(reader.read('c'))).message).toMatch(/has changed since the model was opened/)
        })
      }
    }
    const checkpoint = await small()
    await rename(join(checkpoint.path, 'model.safetensors'), join(checkpoint.path, 'moved.safetensors'))
    await withReader(checkpoint, async (reader) => {
      expect(await problemOf(reader.read('a'))).toMatchObject({
        code: 'not-found',
        message: `There is no file ${join(checkpoint.path, 'model.safetensors')}.`
      })
    })
  })

  test('ends with close, which may be called twice', async () => {
    const reader = openWeightReader(await small())
    await reader.read('a')
    await reader.close()
    await reader.close()
    await expect(reader.read('a')).rejects.toThrow(/after the weight reader was closed/)
  })
})

describe('stored constants of xIELU', () => {
  /** Opens an Apertus that stores this constant in one layer. */
  async function opened(name: string, dtype: 'BF16' | 'F16' | 'F32', values: number[]) {
    const { config, tensors } = checkpointFixture({
      config: { ...TINY_LLAMA, model_type: 'apertus', hidden_act: 'xielu', rope_scaling: null }
    })
    const constant = floatTensor(`model.layers.1.mlp.act_fn.${name}`, dtype, [values.length], values)
    return openCheckpoint(await writeCheckpoint(await temporaryFolder(), { config, tensors: [...tensors, constant] }))
  }

  test.each([
    ['beta', 'BF16', 0.5],
    ['eps', 'BF16', -1e-6],
    ['eps', 'F16', -1e-6],
    ['eps', 'F32', -1e-6]
  ] as const)('may be the published ones: %s in %s', async (name, dtype, value) => {
    const { path } = await opened(name, dtype, [value])
    const { findings } = await inspectPair(path, path)
    expect(findings.map(({ message }) => message).filter((message) => message.includes('does not use'))).toEqual([])
  })

  test.each([
    ['beta', [0.75], 'is 0.75, expected the single value 0.5'],
    ['beta', [0.5, 0.5], 'is of the shape [2], expected the single value 0.5'],
    ['eps', [-0.5], 'is -0.5, expected the single value -0.000001']
  ])('are refused by name if they differ: %s %j', async (name, values, words) => {
    const { code, message } = await problemOf(opened(name, 'BF16', values))
    expect(code).toBe('unsupported')
    expect(message).toContain(`model.safetensors: tensor "model.layers.1.mlp.act_fn.${name}" ${words}`)
  })
})
