import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRouterClient } from '@orpc/server'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { contract } from '../../src/contract/procedures/contract'
import { Problem, WorkbenchError } from '../../src/contract/model/problem'
import { resourcePath } from '../../src/main/base/resources'
import { openCheckpoint } from '../../src/main/checkpoint/checkpoint'
import { readSafetensorsHeader } from '../../src/main/checkpoint/safetensors'
import type { EngineHost } from '../../src/main/engine/host'
import { decoderSpec } from '../../src/main/family'
import { readTaskFile } from '../../src/main/evaluation/task-file'
import { openProject } from '../../src/main/project/open-project'
import { readSamplePrompts } from '../../src/main/samples/prompts'
import { readTokenizerConfig } from '../../src/main/text/tokenizer-config'
import { onlyWithin } from '../../src/main/serve/only-folder'
import { createWorkbench } from '../../src/main/workbench/router'
import { createProject } from '../../src/main/project/create-project'
import {
  checkpointFixture,
  floatTensor,
  rawSafetensors,
  safetensorsBytes,
  temporaryFolder,
  writeCheckpoint
} from '../fixtures/checkpoint-builder'
import { taskFixture } from '../fixtures/evaluation-documents'
import { Chance, FUZZ_TIMES } from '../fixtures/mutations'
import { PROMPTS } from '../fixtures/project-documents'
import { scriptedEngine } from '../fixtures/scripted-engine'
import { strictTensors } from '../fixtures/strict-safetensors'

/*
 * What strangers may send, changed at random from one seed. Whatever comes of it is a result or a WorkbenchError: any other error
 * is a defect. `npm run fuzz` does each 500 times as often.
 */

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const LIMIT_MS = 30_000 + 60_000 * FUZZ_TIMES

/** Whether it was read; an error that no reader means fails the test. */
async function reads(what: string, read: () => unknown): Promise<boolean> {
  try {
    await read()
    return true
  } catch (error) {
    if (error instanceof WorkbenchError) return false
    throw new Error(`${what} failed in another way`, { cause: error })
  }
}

test(
  'headers of safetensors are read as a strict reader of its own reads them',
  { timeout: LIMIT_MS },
  async () => {
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
  }
)

test('model folders are opened, or refused', { timeout: LIMIT_MS }, async () => {
  const folder = await writeCheckpoint(await temporaryFolder(), checkpointFixture())
  for (const name of ['tokenizer_config.json', 'special_tokens_map.json', 'generation_config.json'])
    await cp(resourcePath('demo-pair', 'post', name), join(folder, name))
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

test('projects are opened, or refused', { timeout: LIMIT_MS }, async () => {
  const home = await temporaryFolder()
  const project = await createProject({ folder: home, name: 'P', pair: { kind: 'demo' }, prompts: PROMPTS })
  await project.close()
  const names = (await readdir(project.path, { recursive: true })).filter((name) => name.endsWith('.json'))
  const chance = new Chance(2)
  for (let round = 0; round < 30 * FUZZ_TIMES; round++) {
    const file = join(project.path, chance.of(names))
    const before = await readFile(file, 'utf8')
    await writeFile(file, chance.document(before))
    await reads(file, async () => (await openProject(project.path, 'view')).close())
    await writeFile(file, before)
  }
})

test('files of prompts and tasks are read, or refused', { timeout: LIMIT_MS }, async () => {
  const task = JSON.stringify(taskFixture())
  const lines =
    '{"text": "Name a colour.", "answers": ["red", ["blue", "azure"]]}\n{"prompt": "Name a city."}\n'
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
    await reads(`${name} ${JSON.stringify(changed)}`, () => readTaskFile(name, changed, undefined))
    await reads(`${name} ${JSON.stringify(changed)}`, () => readSamplePrompts(name, changed))
  }
})

/** What a schema takes, as plain as it can be. @param path of a project */
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
      return name === 'target'
        ? `${path}-export`
        : ['path', 'folder', 'base', 'post'].includes(name)
          ? path
          : 'x'
    case 'boolean':
      return false
    default:
      return of('minimum') ?? 1
  }
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

/** Write where they are told: called as `slr serve --only` has them called. */
const WRITES = ['exports.start', 'projects.create']

const noEngine: EngineHost = {
  client: () => scriptedEngine({}, new WorkbenchError('engine-lost', 'There is no engine.')),
  pid: undefined,
  another: () => noEngine,
  close: () => Promise.resolve()
}

test('calls are answered, or refused in words of the program', { timeout: LIMIT_MS }, async () => {
  const home = await temporaryFolder()
  vi.stubEnv('SLR_CONFIG_DIR', join(home, 'config'))
  vi.stubEnv('SLR_PROJECTS_DIR', join(home, 'projects'))
  const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const project = await createProject({ folder: home, name: 'P', pair: { kind: 'demo' }, prompts: PROMPTS })
  await project.close()
  const workbench = createWorkbench({
    engine: noEngine,
    entry: 'browser',
    initial: { project: null, demo: false }
  })
  const procedures = proceduresOf(contract, '')
  const within = onlyWithin(home)
  const chance = new Chance(4)
  const router = createRouterClient(workbench.router)
  for (let round = 0; round < 50 * FUZZ_TIMES; round++) {
    const { name, input } = chance.of(procedures)
    const plain = plainest(z.toJSONSchema(input, { unrepresentable: 'any', io: 'input' }), '', project.path)
    const given = chance.below(4) === 0 ? plain : chance.value(plain)
    const call = name.split('.').reduce<unknown>((node, part) => memberOf(node, part), router)
    if (typeof call !== 'function') throw new Error(`${name} is no procedure`)
    const stop = new AbortController()
    try {
      const next = (): Promise<unknown> => Promise.resolve(call(given, { signal: stop.signal }))
      const answer = await (WRITES.includes(name) ? within({ input: given, next }) : next())
      if (isStream(answer)) await answer.return(undefined)
    } catch (error) {
      const { success, data } = Problem.safeParse(memberOf(error, 'data'))
      const code = success ? data.code : String(error)
      if (!success || code === 'internal')
        throw new Error(`${name}(${JSON.stringify(given)}): ${code}`, { cause: error })
    }
    stop.abort()
  }
  await workbench.close()
  expect(logged.mock.calls).toEqual([])
})
