import { execFileSync } from 'node:child_process'
import { mkdir, readdir, rename, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { baseModels } from '../../../../src/main/checkpoint/local-models'
import { factorTensors, writeAdapter } from '../../../fixtures/adapter-folder'
import { findPairs, matchModels } from '../../../../src/main/checkpoint/local-pairs'
import { checkpointFixture, temporaryFolder, TINY_LLAMA, writeCheckpoint } from '../../../fixtures/checkpoint-builder'

const REVISION = 'a'.repeat(40)
const BASE = checkpointFixture({ seed: 1 })
const POST = checkpointFixture({ seed: 2 })
const DEEPER = checkpointFixture({ config: { ...TINY_LLAMA, num_hidden_layers: 3 } })

/** A repository as huggingface_hub keeps it: files are blobs, and a snapshot's names are links to them. */
class Repository {
  readonly folder: string
  readonly snapshot: string

  constructor(
    cache: string,
    readonly id: string
  ) {
    this.folder = join(cache, `models--${id.replace('/', '--')}`)
    this.snapshot = join(this.folder, 'snapshots', REVISION)
  }

  async write(checkpoint = BASE, { card, shardCount = 0 }: { card?: string; shardCount?: number } = {}): Promise<this> {
    await mkdir(join(this.folder, 'refs'), { recursive: true })
    await writeFile(join(this.folder, 'refs', 'main'), REVISION)
    await mkdir(join(this.folder, 'blobs'))
    await writeCheckpoint(this.snapshot, checkpoint, { shardCount })
    if (card !== undefined) await writeFile(join(this.snapshot, 'README.md'), card)
    for (const name of await readdir(this.snapshot)) {
      await rename(join(this.snapshot, name), join(this.folder, 'blobs', `blob-${name}`))
      await symlink(join('..', '..', 'blobs', `blob-${name}`), join(this.snapshot, name))
    }
    return this
  }

  /** Takes a blob away, as a download that was stopped leaves it. */
  async lose(name: string): Promise<void> {
    await unlink(join(this.folder, 'blobs', `blob-${name}`))
  }

  async replace(name: string, put: (path: string) => unknown): Promise<void> {
    await unlink(join(this.snapshot, name))
    await put(join(this.snapshot, name))
  }
}

const cardOf = (...bases: string[]): string =>
  bases.length === 1
    ? `---\nlicense: mit\nbase_model: ${bases[0]}\n---\n# Hello`
    : `---\nbase_model:\n${bases.map((base) => `  - "${base}"`).join('\n')}\ntags: []\n---\n`

/**
 * 200 repositories, ten of each of 20 kinds or halves of kinds.
 * @returns the pairs that are to be found, as base > post
 */
async function cacheOf200(cache: string): Promise<string[]> {
  const right: string[] = []
  for (let n = 0; n < 10; n++) {
    const repository = (name: string): Repository => new Repository(cache, `org/${name}-${n}B`)
    const named = (name: string, ending: string): Repository => new Repository(cache, `org/${name}-${n}B${ending}`)
    await repository('card').write(BASE, { shardCount: 2 })
    await new Repository(cache, `other/tuned-${n}`).write(POST, { card: cardOf(`org/card-${n}B`) })
    right.push(`org/card-${n}B > other/tuned-${n}`)
    await repository('name').write(BASE)
    await named('name', '-it').write(POST, { shardCount: 3 })
    right.push(`org/name-${n}B > org/name-${n}B-it`)
    await named('qwen', '-Base').write(BASE)
    await repository('qwen').write(POST, { card: cardOf(`elsewhere/gone-${n}`) })
    right.push(`org/qwen-${n}B-Base > org/qwen-${n}B`)
    // Not these: another depth, half downloaded, weights or config gone, going round, a pipe, GGUF alone,
    // alone, of others.
    await repository('deep').write(BASE)
    await named('deep', '-Chat').write(DEEPER)
    await repository('half').write(BASE)
    await (await named('half', '-Instruct').write(POST, { shardCount: 2 })).lose('model-00002-of-00002.safetensors')
    await (await repository('lost').write(BASE)).lose('model.safetensors')
    await named('lost', '-SFT').write(POST)
    await repository('round').write(BASE)
    await (await named('round', '-DPO').write(POST)).replace('config.json', (path) => symlink('config.json', path))
    await repository('pipe').write(BASE)
    await (await named('pipe', '-it').write(POST)).replace('config.json', (path) => execFileSync('mkfifo', [path]))
    await repository('gguf').write(BASE)
    await (await named('gguf', '-it').write(POST)).replace('model.safetensors', (path) => writeFile(`${path}.gguf`, ''))
    await repository('alone').write(BASE)
    await new Repository(cache, `third/alone-${n}B-it`).write(POST)
  }
  return right.sort()
}

const shown = ({ pairs }: Awaited<ReturnType<typeof findPairs>>): string[] =>
  pairs.map(({ baseName, postName }) => `${baseName} > ${postName}`).sort()
const never = new AbortController().signal

describe('pairs on this machine', () => {
  test('are exactly the right ones among 200 repositories, while the window stays responsive', async () => {
    const cache = await temporaryFolder()
    const right = await cacheOf200(cache)
    expect(await readdir(cache)).toHaveLength(200)
    let turns = 0
    const turning = setInterval(() => turns++, 1)
    const found = await findPairs([cache], never)
    clearInterval(turning)
    expect(shown(found)).toEqual(right)
    expect(found.cutShort).toBe(false)
    // A search that held the thread would have let no timer go off.
    expect(turns).toBeGreaterThan(10)
    expect(found.pairs[0]).toMatchObject({
      family: 'llama',
      layers: 2,
      base: expect.stringContaining(REVISION)
    })
    const reasons = found.leftOut.map(({ reason }) => reason).join('\n')
    for (const said of ['.gguf', 'half-0B', 'pipe-0B', 'deep-0B', 'lost-0B'])
      expect(reasons + found.leftOut.map(({ folder }) => folder).join('\n')).toContain(said)
  })

  test('are not joined across families with similar names, and each model without a pair is listed once', async () => {
    const root = await temporaryFolder()
    for (const family of ['one', 'two', 'three']) {
      await writeCheckpoint(join(root, family, 'base'), family === 'one' ? BASE : DEEPER)
      if (family !== 'three') await writeCheckpoint(join(root, family, 'instruct'), POST)
    }
    const found = await findPairs([root], never)
    expect(found.pairs.map(({ base: folder }) => folder)).toEqual([
      join(root, 'one', 'base'),
      join(root, 'one', 'base')
    ])
    expect(found.leftOut).toEqual([])
    const alone = await findPairs([join(root, 'two'), join(root, 'three')], never)
    expect(alone.leftOut).toEqual([
      {
        folder: join(root, 'two', 'instruct'),
        reason: expect.stringMatching(/^No pair with base: .* \(nor with 1 more\)$/)
      }
    ])
  })

  test('are found in folders of the user, and links in a circle are not followed', async () => {
    const root = await temporaryFolder()
    await writeCheckpoint(join(root, 'models', 'tiny'), BASE)
    await writeCheckpoint(join(root, 'models', 'tuned', 'tiny-chat-v2'), POST)
    await symlink(root, join(root, 'models', 'round'))
    const found = await findPairs([root, join(root, 'gone')], never)
    expect(shown(found)).toEqual(['tiny > tiny-chat-v2'])
    expect(found.pairs[0]?.bytes).toBeGreaterThan(2000)
    expect(found.leftOut).toEqual([])
  })

  test('put an adapter over the base that its settings name, and include a merged model below it', async () => {
    const root = await temporaryFolder()
    await writeCheckpoint(join(root, 'tiny'), BASE)
    const factors = factorTensors('model.layers.0.self_attn.q_proj', [8, 8])
    const adapter = await writeAdapter(join(root, 'tuned'), factors, { base_model_name_or_path: 'org/tiny' })
    await writeCheckpoint(join(adapter, 'tiny-sft'), POST)
    const alone = await writeAdapter(join(root, 'alone'), factors, { base_model_name_or_path: 'org/none' })
    const pickled = join(root, 'pickled')
    await mkdir(pickled)
    await writeFile(join(pickled, 'adapter_model.bin'), '')
    const local = await findPairs([root], never)
    expect(shown(local)).toEqual(['tiny > tiny-sft', 'tiny > tuned'])
    expect(local.leftOut.map(({ folder, reason }) => [folder, reason])).toEqual([
      [pickled, expect.stringContaining('adapter_config.json is missing: it holds adapter_model.bin')],
      [alone, 'It is an adapter of org/none, which was not found.']
    ])
  })

  test('are searched within limits, and a search that was cut short says so', async () => {
    const root = await temporaryFolder()
    for (let n = 0; n < 12; n++) await mkdir(join(root, `empty-${n}`))
    const limits = { folders: 5, untilMs: Infinity }
    expect(await findPairs([root], never, limits)).toMatchObject({ pairs: [], cutShort: true })
    // Entries of a cache are looked at before anything else that lies beside them.
    await new Repository(root, 'org/tiny').write(BASE)
    await new Repository(root, 'org/tiny-it').write(POST)
    const cut = await findPairs([root], never, limits)
    expect({ pairs: shown(cut), cutShort: cut.cutShort }).toEqual({
      pairs: ['org/tiny > org/tiny-it'],
      cutShort: true
    })
    await expect(findPairs([root], AbortSignal.abort())).rejects.toMatchObject({
      problem: { code: 'cancelled' }
    })
  })
})

describe('models are joined', () => {
  const joined = (...models: [name: string, ...madeFrom: string[]][]): string[] =>
    matchModels(models.map(([name, ...madeFrom]) => ({ folder: `/${name}`, name, madeFrom, isAdapter: false }))).map(
      ({ base, post, by }) => `${base.name} > ${post.name} by ${by}`
    )

  test('with work that grows with their number, even if their names are similar', () => {
    let reads = 0
    const models = Array.from({ length: 1_500 }, (_, n) => ({
      folder: `/${n}`,
      get name() {
        reads += 1
        return n % 2 === 0 ? 'llama' : 'llama-it'
      },
      madeFrom: n % 2 === 0 ? [] : ['llama', 'none/llama'],
      isAdapter: false
    }))
    expect(matchModels(models)).toHaveLength(750 * 20)
    // Comparing each with each would read 2,250,000.
    expect(reads).toBeLessThan(20 * models.length)
  })

  test('by the card before any name, in spite of case', () => {
    expect(joined(['a/Base'], ['b/x'], ['b/x-it', 'A/base'])).toEqual(['a/Base > b/x-it by card'])
  })

  test('by endings of names within an organisation', () => {
    expect(joined(['a/m-1B'], ['a/m-1B-SFT-DPO'], ['b/m-1B-it'])).toEqual(['a/m-1B > a/m-1B-SFT-DPO by name'])
    expect(joined(['g/gemma-3-1b-pt'], ['g/gemma-3-1b-it'])).toEqual(['g/gemma-3-1b-pt > g/gemma-3-1b-it by name'])
    expect(joined(['q/Q-0.6B-Base'], ['q/Q-0.6B'])).toEqual(['q/Q-0.6B-Base > q/Q-0.6B by name'])
    expect(joined(['m/M-7B-v0.3'], ['m/M-7B-Instruct-v0.3'])).toEqual(['m/M-7B-v0.3 > m/M-7B-Instruct-v0.3 by name'])
    expect(joined(['a/m-it'], ['a/m-chat'])).toEqual([])
  })
})

test('cards name their base models in each usual form, and nothing else counts', () => {
  expect(baseModels(cardOf('a/b'))).toEqual(['a/b'])
  expect(baseModels(cardOf('a/b', 'c/d'))).toEqual(['a/b', 'c/d'])
  expect(baseModels('---\r\nbase_model: [\'a/b\', "c"]\r\n---\r\n')).toEqual(['a/b', 'c'])
  for (const card of [
    '',
    '# base_model: a/b',
    '---\nbase_model: ../../etc/x y\n---\n',
    '---\nx: 1\n---\nbase_model: a/b'
  ])
    expect(baseModels(card)).toEqual([])
})
