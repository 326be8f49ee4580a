import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createRouterClient } from '@orpc/server'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { contract } from '../../src/contract/procedures/contract'
import { Problem, WorkbenchError } from '../../src/contract/model/problem'
import { resourcePath } from '../../src/main/base/resources'
import { openCheckpoint } from '../../src/main/checkpoint/checkpoint'
import { readSafetensorsHeader } from '../../src/main/checkpoint/safetensors'
import { decoderSpec } from '../../src/main/family'
import { readTaskFile } from '../../src/main/evaluation/task-file'
import { readSamplePrompts } from '../../src/main/samples/prompts'
import { readTokenizerConfig } from '../../src/main/text/tokenizer-config'
import { onlyWithin } from '../../src/main/serve/windows'
import { createWorkbench } from '../../src/main/workbench/router'
import {
  checkpointFixture,
  floatTensor,
  rawSafetensors,
  safetensorsBytes,
  temporaryFolder,
  writeCheckpoint
} from '../fixtures/checkpoint-builder'
import { taskFixture } from '../fixtures/evaluation-documents'
import { fullProject, NAMED } from '../fixtures/full-project'
import { Chance, FUZZ_TIMES } from '../fixtures/mutations'
import type { WindowClient } from '../fixtures/own-workbench'
import { noEngine } from '../fixtures/scripted-engine'
import { strictTensors } from '../fixtures/strict-safetensors'

/*
 * Changes input from strangers at random, from one seed. Every outcome is a result or a WorkbenchError: any other error
 * is a defect. `npm run fuzz` does each 500 times as often.
 */

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const PLAIN = { entry: 'browser' as const, initial: { project: null } }

const LIMIT_MS = 30_000 + 60_000 * FUZZ_TIMES

/** Reports whether the input was accepted. An unexpected error fails the test. */
async function reads(what: string, read: () => unknown): Promise<boolean> {
  try {
    await read()
    return true
  } catch (error) {
    if (error instanceof WorkbenchError) return false
    throw new Error(`${what} failed in another way`, { cause: error })
  }
}

test('headers of safetensors are read as an independent strict reader reads them', { timeout: LIMIT_MS }, async () => {
  const file = join(await temporaryFolder(), 'model.safetensors')
  const valid = safetensorsBytes(
    [floatTensor('a', 'F32', [2, 3], [1, 2, 3, 4, 5, 6]), floatTensor('b.weight', 'BF16', [2], [1, -1])],
    { format: 'pt' }
  )
  const headerBytes = Number(valid.readBigUInt64LE())
  const header = valid.toString('utf8', 8, 8 + headerBytes)
  const data = valid.subarray(8 + headerBytes)
  const chance = new Chance(20_260_101)
  let accepted = 0
  for (let round = 0; round < 200 * FUZZ_TIMES; round++) {
    const text = chance.below(20) === 0 ? header : chance.text(header)
    const bytes = rawSafetensors(
      Buffer.from(text),
      data.subarray(0, chance.of([data.length, data.length, chance.below(29)]))
    )
    await writeFile(file, bytes)
    const strict = strictTensors(bytes)
    const read = await readSafetensorsHeader(file).catch((error: unknown) => {
      if (error instanceof WorkbenchError) return null
      throw new Error(`header ${JSON.stringify(text)}`, { cause: error })
    })
    const dataStart = 8 + Buffer.byteLength(text)
    const ours = read?.tensors.map(({ name, dtype, shape, offset, byteLength }) => ({
      ...{ name, dtype, shape: shape.map((size) => size + 0) },
      ...{ begin: offset - dataStart, end: offset - dataStart + byteLength }
    }))
    expect({ text, tensors: ours ?? null }).toEqual({ text, tensors: strict })
    if (strict !== null) accepted += 1
  }
  expect(accepted).toBeGreaterThan(10 * FUZZ_TIMES)
})

test('model folders are opened, or refused', { timeout: LIMIT_MS }, async () => {
  const folder = await writeCheckpoint(await temporaryFolder(), checkpointFixture())
  for (const name of ['tokenizer_config.json', 'special_tokens_map.json', 'generation_config.json'])
    await cp(resourcePath('blend-pair', 'post', name), join(folder, name))
  const names = ['config.json', 'tokenizer_config.json', 'special_tokens_map.json', 'generation_config.json']
  const chance = new Chance(1)
  for (let round = 0; round < 60 * FUZZ_TIMES; round++) {
    const file = join(folder, chance.of(names))
    const before = await readFile(file, 'utf8')
    await writeFile(file, chance.document(before))
    await reads(file, async () => {
      const { config, configPath } = await openCheckpoint(folder)
      decoderSpec(config, configPath)
    })
    await reads(file, () => readTokenizerConfig(folder))
    await writeFile(file, before)
  }
})

/** Functions that turn the stored documents of a project into views of the window. */
function looks(client: WindowClient, path: string): (() => Promise<unknown>)[] {
  const { pair, sweepId, runId, evaluationId, model } = NAMED
  const own = { path, pair }
  const rho = 0.9
  return [
    () => client.pairs.overview({ path, scoring: null }),
    () => client.work.watch({ path }),
    () => client.sweeps.get({ ...own, sweepId }),
    () => client.sweeps.scores({ ...own, sweepId, model }),
    () => client.sweeps.select({ ...own, sweepId, rho }),
    () => client.sweeps.compare({ ...own, sweepId, other: { pair: 'pair-2', sweepId }, rho }),
    () => client.samples.get({ ...own, runId }),
    () => client.samples.preferences({ ...own, runId }),
    () => client.samples.export({ ...own, runId, format: 'html' }),
    () => client.evaluations.tasks(own),
    () => client.evaluations.get({ ...own, evaluationId }),
    () => client.evaluations.prompt({ ...own, evaluationId, prompt: 0 }),
    () => client.searches.get({ ...own, sweepId }),
    () => client.checks.get({ ...own, sweepId }),
    () => client.projects.report({ ...own, format: 'html' })
  ]
}

/** Has a call answered, of a stream its beginning. @throws Error unless it is answered, or refused in words of the program */
async function answered(what: string, call: () => Promise<unknown>): Promise<void> {
  try {
    const answer = await call()
    if (!isStream(answer)) return
    await answer.next()
    await answer.return(undefined)
  } catch (error) {
    const { success, data } = Problem.safeParse(memberOf(error, 'data'))
    const code = success ? data.code : String(error)
    if (!success || code === 'internal') throw new Error(`${what}: ${code}`, { cause: error })
  }
}

test('projects are opened and shown, or refused', { timeout: LIMIT_MS }, async () => {
  const home = await temporaryFolder()
  vi.stubEnv('SLR_CONFIG_DIR', join(home, 'config'))
  const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const path = await fullProject(home)
  const names = (await readdir(path, { recursive: true })).filter((name) => /\.jsonl?$/.test(name))
  expect(names.length).toBeGreaterThan(10)
  const workbench = createWorkbench({ ...PLAIN, engine: noEngine })
  const client = createRouterClient(workbench.router)
  const chance = new Chance(2)
  for (let round = 0; round < 3 * FUZZ_TIMES; round++) {
    const name = chance.of(names)
    const file = join(path, name)
    const before = await readFile(file, 'utf8')
    const changed = name.endsWith('l') ? chance.text(before) : chance.document(before)
    await writeFile(file, changed)
    const what = `${name} in round ${round}`
    await answered(what, () => client.projects.open({ path }))
    for (const look of looks(client, path)) await answered(`${what}, ${String(look)}`, look)
    await answered(what, () => client.projects.close({ path }))
    // Opening may have put it into this version's form, or removed what belongs to no pair.
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, before)
  }
  await workbench.close()
  expect(logged.mock.calls).toEqual([])
})

test('files of prompts and tasks are read, or refused', { timeout: LIMIT_MS }, async () => {
  const task = JSON.stringify(taskFixture())
  const lines = '{"text": "Name a colour.", "answers": ["red", ["blue", "azure"]]}\n{"prompt": "Name a city."}\n'
  const table = 'text,answers\n"Name a ""colour"".","red|blue"\nName a city.,Rome\n'
  const files: [string, string][] = [
    ...([
      ['t.json', task],
      ['t.jsonl', lines],
      ['t.csv', table],
      ['t.txt', 'one\ntwo\n']
    ] satisfies [string, string][])
  ]
  const chance = new Chance(3)
  for (let round = 0; round < 100 * FUZZ_TIMES; round++) {
    const [name, text] = chance.of(files)
    const changed = name === 't.json' ? chance.document(text) : chance.text(text)
    await reads(`${name} ${JSON.stringify(changed)}`, () => readTaskFile(name, changed))
    await reads(`${name} ${JSON.stringify(changed)}`, () => readSamplePrompts(name, changed))
  }
})

/** Returns the simplest input of a schema, with ids that the project has. @param path of the project */
function plainest(schema: unknown, name: string, path: string): unknown {
  if (typeof schema !== 'object' || schema === null) return null
  const of = (key: string): unknown => Object.entries(schema).find(([known]) => known === key)?.[1]
  const [choice] = [of('anyOf'), of('oneOf')].find(Array.isArray) ?? []
  if (choice !== undefined) return plainest(choice, name, path)
  if (of('const') !== undefined) return of('const')
  const [allowed] = [of('enum')].find(Array.isArray) ?? []
  if (allowed !== undefined) return allowed
  switch (of('type')) {
    case 'object': {
      const members = of('properties')
      const entries: [string, unknown][] =
        typeof members === 'object' && members !== null ? Object.entries(members) : []
      return Object.fromEntries(entries.map(([key, member]) => [key, plainest(member, key, path)]))
    }
    case 'array':
      return [plainest(of('items'), name, path)]
    case 'string':
      return text(name, path)
    case 'boolean':
      return false
    default:
      return of('minimum') ?? 1
  }
}

function text(name: string, path: string): string {
  if (name === 'target') return `${path}-export`
  if (['path', 'folder', 'base', 'post'].includes(name)) return path
  return new Map<string, string>(Object.entries(NAMED)).get(name) ?? 'x'
}

interface Procedure {
  name: string
  input: z.ZodType
}

function proceduresOf(node: unknown, name: string): Procedure[] {
  if (typeof node !== 'object' || node === null) return []
  if (!('~orpc' in node)) {
    return Object.entries(node).flatMap(([part, member]) =>
      proceduresOf(member, name === '' ? part : `${name}.${part}`)
    )
  }
  const definition = node['~orpc']
  if (typeof definition !== 'object' || definition === null || !('inputSchema' in definition)) return []
  const input = definition.inputSchema
  return input instanceof z.ZodType ? [{ name, input }] : []
}

const memberOf = (node: unknown, name: string): unknown => {
  // The router's client makes its members when they are asked for.
  if ((typeof node !== 'object' && typeof node !== 'function') || node === null) return undefined
  const member: unknown = Reflect.get(node, name)
  return member
}

const isStream = (answer: unknown): answer is AsyncGenerator =>
  typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer

/** Write where they are told: called as `slr open --serve --only` has them called. */
const WRITES = ['exports.start', 'projects.create']

/** After so many calls the project is again what it was: some of them take from it what others ask for. */
const CALLS_OF_ONE = 25

test('calls are answered, or refused in words of the program', { timeout: LIMIT_MS }, async () => {
  const home = await temporaryFolder()
  vi.stubEnv('SLR_CONFIG_DIR', join(home, 'config'))
  vi.stubEnv('SLR_PROJECTS_DIR', join(home, 'projects'))
  const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const full = await fullProject(home)
  const workbench = createWorkbench({ ...PLAIN, engine: noEngine })
  const procedures = proceduresOf(contract, '')
  const within = onlyWithin(home)
  const chance = new Chance(4)
  const router = createRouterClient(workbench.router)
  let path = full
  for (let round = 0; round < 50 * FUZZ_TIMES; round++) {
    if (round % CALLS_OF_ONE === 0) {
      await answered('closing', () => router.projects.close({ path }))
      path = join(home, `copy-${round}.slr`)
      await cp(full, path, { recursive: true })
    }
    await answered('opening', () => router.projects.open({ path }))
    const { name, input } = chance.of(procedures)
    const plain = plainest(z.toJSONSchema(input, { unrepresentable: 'any', io: 'input' }), '', path)
    const given = chance.below(4) === 0 ? plain : chance.value(plain)
    const call = name.split('.').reduce<unknown>((node, part) => memberOf(node, part), router)
    if (typeof call !== 'function') throw new Error(`${name} is no procedure`)
    const stop = new AbortController()
    const next = (): Promise<unknown> => Promise.resolve(call(given, { signal: stop.signal }))
    await answered(`${name}(${JSON.stringify(given)})`, () =>
      WRITES.includes(name) ? within({ input: given, next }) : next()
    )
    stop.abort()
  }
  await workbench.close()
  expect(logged.mock.calls).toEqual([])
})
