import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { DEFAULT_RENDERING } from '../../../src/contract/documents/crc'
import { Sandbox, SANDBOX_LIMITS } from '../../../src/main/sandbox/host'
import type { SandboxLimits, SandboxRequest } from '../../../src/main/sandbox/messages'
import { readYaml } from '../../../src/main/sandbox/yaml'
import { promptMessages, renderChats } from '../../../src/main/text/chat'
import { recentTextModel } from '../../../src/main/text/recent-text-models'
import { loadTextModel, type TextModel } from '../../../src/main/text/text-model'
import { rawSafetensors, TINY_LLAMA } from '../../fixtures/checkpoint-builder'
import { childrenOf, exitStatus, startCli } from '../../fixtures/cli'
import { problemOf } from '../../fixtures/problems'
import { processorMsOf } from '../../fixtures/processor-time'
import { requireKnownTemplateVariables } from '../../../src/main/work/template-arguments'
import { byteLevelTokenizer, textFolder } from '../../fixtures/text-folder'
import { tightSandbox } from '../../fixtures/tight-sandbox'

/** A template's text, 2 ** doublings letters long, in `ns.NAME`. */
const grown = (name: string, doublings: number): string =>
  `{% for i in range(${doublings}) %}{% set ns.${name} = ns.${name} ~ ns.${name} %}{% endfor %}`
const GROWING = "{% set ns = namespace(long='a', part='a', list=[]) %}"
const HOARDS = `${GROWING}${grown('long', 22)}{% for i in range(1000) %}{% set ns.list = ns.list + [ns.long | upper] %}{% endfor %}`
/** A search that reads millions of letters at each of millions of places, without looking at the clock. */
const SEARCHES = `${GROWING}${grown('long', 24)}${grown('part', 22)}{{ (ns.part ~ 'b' ~ ns.part) in ns.long }}`

async function rendered(template: string, prompts: string[] = ['Hi']): Promise<string[]> {
  const folder = await textFolder({
    'tokenizer.json': byteLevelTokenizer(),
    'chat_template.jinja': template
  })
  const chats = prompts.map((prompt) => promptMessages(prompt, ''))
  const texts = await renderChats(await loadTextModel(folder), chats, DEFAULT_RENDERING)
  return texts.map((chat) => chat.rendered)
}

const templateRequest = (source: string): SandboxRequest => ({
  kind: 'template',
  file: 'chat_template.jinja',
  source,
  specialTokens: [],
  templateArguments: {},
  date: '2026-01-01',
  chats: [promptMessages('Hi', '')]
})

/** Shorter than the limit of requests, a few seconds, for tests that exceed the limit. */
const TIGHT: SandboxLimits = {
  work: { cpuMs: 200, wallMs: 60_000 },
  read: { cpuMs: 1_000, wallMs: 60_000 },
  heapMiB: 1024
}

test('answered requests are released while the process lives on', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const sandbox = new Sandbox(SANDBOX_LIMITS)
  const ask = async (): Promise<number> => {
    await sandbox.ask(templateRequest(`${GROWING}${grown('long', 20)}{{ ns.long }}`))
    await setImmediate()
    collect()
    return process.memoryUsage().heapUsed
  }
  const first = await ask()
  for (let more = 0; more < 5; more++) await ask()
  expect((await ask()) - first).toBeLessThan(2.5 * 2 ** 20)
})

/** How many turns main took while something went on: next to none while that held it up, however slow the machine is. */
async function withTurns(work: Promise<unknown>): Promise<number> {
  let turns = 0
  const timer = setInterval(() => (turns += 1), 10)
  await work.finally(() => clearInterval(timer))
  return turns
}

describe('a chat template', () => {
  test('that fills the memory ends only its own process, and the next one is rendered by another', async () => {
    // Time enough to fill it, on any machine.
    const sandbox = new Sandbox({ ...SANDBOX_LIMITS, work: { cpuMs: 60_000, wallMs: 60_000 }, heapMiB: 128 })
    const hoarding = sandbox.ask(templateRequest(HOARDS))
    expect(await problemOf(hoarding)).toMatchObject({
      code: 'bad-file',
      message: expect.stringMatching(/^The chat template in chat_template\.jinja takes more than the 128 MiB/)
    })
    const { kind } = await sandbox.ask(templateRequest("{{ messages[0]['content'] }}!"))
    expect(kind).toBe('template')
  })

  test('that does not let itself be stopped is stopped with its process, while main takes its turns', async () => {
    const refused = problemOf(new Sandbox(TIGHT).ask(templateRequest(SEARCHES)))
    const turns = await withTurns(refused)
    expect((await refused).message).toMatch(
      /chat_template\.jinja took longer than 0\.2 s of the processor and was stopped\.$/
    )
    expect(turns).toBeGreaterThan(5)
  })

  test('that writes without end is stopped before its text is taken over', async () => {
    const problem = await problemOf(rendered(`${GROWING}${grown('long', 24)}{{ ns.long }}`))
    expect(problem.message).toMatch(/chat_template\.jinja does not work: it renders more than 10000000 char/)
  })

  test('is rendered for many prompts, long ones too, each for its own', async () => {
    const prompts = Array.from({ length: 200 }, (_, index) => `${index}`.repeat(index % 50 === 7 ? 100_000 : 1))
    expect(await rendered("[{{ messages[0]['content'] }}]", prompts)).toEqual(prompts.map((prompt) => `[${prompt}]`))
  })
})

test('a request that takes too long only by the clock is stopped too, with a possible reason', async () => {
  const brief = { cpuMs: 600_000, wallMs: 200 }
  const sandbox = new Sandbox({ ...SANDBOX_LIMITS, work: brief, read: brief })
  expect(await problemOf(sandbox.ask(templateRequest(SEARCHES)))).toMatchObject({
    code: 'bad-file',
    message: 'The chat template in chat_template.jinja took longer than 0.2 s and was stopped.',
    hint: expect.stringMatching(/^Look whether its drive answers/)
  })
})

test('requests of a program that ends are cancelled at once, also later ones', async () => {
  const sandbox = new Sandbox({ ...SANDBOX_LIMITS, work: { cpuMs: 600_000, wallMs: 600_000 } })
  const problems = [1, 2].map(() => problemOf(sandbox.ask(templateRequest(SEARCHES))))
  await setImmediate()
  sandbox.end()
  expect(await Promise.all([...problems, problemOf(sandbox.ask(templateRequest('Hi')))])).toMatchObject(
    Array(3).fill({ code: 'cancelled' })
  )
})

test('the variables of a chat template are listed in the sandbox, which can be stopped', async () => {
  tightSandbox()
  const folder = await textFolder({
    'tokenizer.json': byteLevelTokenizer(),
    'chat_template.jinja': `{{ '${"\\'".repeat(200_000)} }}`
  })
  expect(await problemOf(requireKnownTemplateVariables({ templateArgument: [['tone', 'dry']] }, folder))).toMatchObject(
    {
      code: 'bad-file',
      message: expect.stringContaining(`${folder}/chat_template.jinja took longer than`)
    }
  )
})

describe('a tokenizer', () => {
  const slow = { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' }
  const open = async (changes: object): Promise<TextModel> =>
    recentTextModel(await textFolder({ 'tokenizer.json': { ...byteLevelTokenizer(), ...changes } }))

  test('whose decoder does not come to an end is stopped with its process, while main takes its turns', async () => {
    tightSandbox()
    const letter = 'a'.charCodeAt(0)
    const text = await open({ decoder: { type: 'Sequence', decoders: [{ type: 'Fuse' }, slow] } })
    const decoded = problemOf(text.decodeAll([[...new Array(60).fill(letter), 'b'.charCodeAt(0)]]))
    const turns = await withTurns(decoded)
    expect((await decoded).message).toMatch(
      /^The tokenizer in .*tokenizer\.json took longer than 0\.2 s of the processor/
    )
    expect(turns).toBeGreaterThan(5)
  })

  test('whose normalizer lets a text grow without end is stopped, and read again for the next text', async () => {
    tightSandbox()
    const doubling = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' }
    const normalizers = new Array(40).fill(doubling)
    const text = await open({ normalizer: { type: 'Sequence', normalizers } })
    const { code, message } = await problemOf(text.encodeAll(['a']))
    expect(code).toBe('bad-file')
    expect(message).toContain('tokenizer.json')
    expect(await text.encodeAll(['b'])).toEqual([['b'.charCodeAt(0)]])
  })
})

describe('a model folder', () => {
  const tight = { cpuMs: 20, wallMs: 60_000 }

  test('that takes too long is stopped by its name, while main takes its turns', async () => {
    const folder = await folderOfLargeHeaders()
    const sandbox = new Sandbox({ ...SANDBOX_LIMITS, work: tight, read: tight })
    const refused = problemOf(sandbox.ask({ kind: 'checkpoint', file: folder }))
    const turns = await withTurns(refused)
    expect(await refused).toMatchObject({
      code: 'bad-file',
      message: `The model folder ${folder} took longer than 0.02 s of the processor and was stopped.`,
      hint: expect.stringMatching(/^Files of published models take far less time/)
    })
    expect(turns).toBeGreaterThan(5)
  })
})

/** Seven files, each with nearly as many names as a header may have. */
async function folderOfLargeHeaders(): Promise<string> {
  const metadata = Object.fromEntries(Array.from({ length: 15_000 }, (_, i) => [`n${i}`, 'x'.repeat(45)]))
  const shards = Array.from({ length: 7 }, (_, shard) => `${shard}.safetensors`)
  const header = (shard: number): string =>
    JSON.stringify({
      __metadata__: metadata,
      [`t${shard}`]: { dtype: 'F32', shape: [0], data_offsets: [0, 0] }
    })
  const folder = await textFolder({
    'config.json': TINY_LLAMA,
    'model.safetensors.index.json': {
      weight_map: Object.fromEntries(shards.map((name, shard) => [`t${shard}`, name]))
    }
  })
  for (const [shard, name] of shards.entries())
    await writeFile(join(folder, name), rawSafetensors(header(shard), new Uint8Array()))
  return folder
}

describe('YAML from elsewhere', () => {
  const ALIASES = [
    'a: &a [x, x, x, x, x, x, x, x, x, x]',
    ...['ab', 'bc', 'cd', 'de'].map(
      ([from = '', to = '']) => `${to}: &${to} [${new Array(10).fill(`*${from}`).join(', ')}]`
    )
  ].join('\n')

  test.each([
    ['with thousands of open brackets', `name: x\nslices: ${'['.repeat(1000)}`, /^f\.yaml nests too deep in line 2: /],
    ['with brackets open over many lines', '[\n'.repeat(60), /^f\.yaml nests too deep in line 51: /],
    ['with lists in lists in one line', '- '.repeat(400), /^f\.yaml nests too deep in line 1: /],
    ['with keys of keys', '? '.repeat(400), /^f\.yaml nests too deep in line 1: /],
    ['that is large', ' '.repeat(1_000_001), /^f\.yaml has 1000001 bytes; at most 1000000 are read\.$/],
    ['that repeats itself without end', ALIASES, /^f\.yaml is not YAML: Excessive alias count/]
  ])('%s is refused', async (_, text, message) => {
    expect(await problemOf(readYaml(text, 'f.yaml', 100))).toMatchObject({
      code: 'bad-file',
      message: expect.stringMatching(message)
    })
  })

  test('as deep as any recipe is read', async () => {
    const text = `${'- '.repeat(48)}${'['.repeat(50)}${']'.repeat(50)}`
    expect(JSON.stringify((await readYaml(text, 'f.yaml', 100)).value)).toBe('['.repeat(98) + ']'.repeat(98))
  })

  const KEYS = Array.from({ length: 30_000 }, (_, index) => `k${index}: 1`).join('\n')

  test.concurrent('that takes too long is stopped, while main takes its turns', async () => {
    const refused = problemOf(new Sandbox(TIGHT).ask({ kind: 'yaml', file: 'f.yaml', text: KEYS, maxAliases: 100 }))
    const turns = await withTurns(refused)
    expect((await refused).message).toBe('f.yaml took longer than 0.2 s of the processor and was stopped.')
    expect(turns).toBeGreaterThan(5)
  })

  test.concurrent('does not keep a command from ending on request', async () => {
    const folder = await textFolder({ 'keys.yaml': KEYS })
    const args = [join(folder, 'keys.yaml'), '--out', join(folder, 'out')]
    const child = startCli(['export', '--blend-demo', ...args])
    const ended = exitStatus(child)
    let [sandbox] = await childrenOf(child.pid)
    for (; sandbox === undefined; [sandbox] = await childrenOf(child.pid)) await delay(100)
    child.kill('SIGTERM')
    let usedMs = 0
    for (let ms = await processorMsOf(sandbox); ms !== null; ms = await processorMsOf(sandbox)) {
      usedMs = ms
      await delay(20)
    }
    expect(await ended).toBe(143)
    // The request would go on until the sandbox reaches its limit.
    expect(usedMs).toBeLessThan((2 / 3) * SANDBOX_LIMITS.work.cpuMs)
  })
})
