import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, expect, it, vi } from 'vitest'
import { applyConfig, isConfigured } from '../../../../../src/main/cli/options/configured'
import { computingOptions } from '../../../../../src/main/cli/options/computing-options'
import { deviceOptions, memoryOption } from '../../../../../src/main/cli/options/options'
import { deviceAndMemory } from '../../../../../src/main/work/device-and-memory'
import { modelFolders } from '../../../../../src/main/project/pair/model-folders'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { openDemo } from '../../../../fixtures/open-demo'
import { problemOf } from '../../../../fixtures/problems'

afterEach(() => vi.unstubAllEnvs())

async function configure(config: unknown): Promise<string> {
  const folder = await temporaryFolder()
  vi.stubEnv('SLR_CONFIG_DIR', folder)
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  return join(folder, 'config.json')
}

it('the configuration file gives device, memory and model folders, and options have priority', async () => {
  await configure({ device: 'cuda', memory: '6GiB', modelFolders: ['/models'] })
  const parsed = async (...args: string[]): Promise<Command> => {
    const command = new Command()
    deviceOptions.and(memoryOption).declare(command).parse(args, { from: 'user' })
    await applyConfig(command)
    return command
  }
  const configured = await parsed()
  expect(configured.opts()).toMatchObject({ device: 'cuda', memory: 6 * 2 ** 30 })
  expect(isConfigured(configured, 'device')).toBe(true)
  expect((await parsed('--device', 'cpu')).opts()).toMatchObject({ device: 'cpu' })
  expect(await modelFolders()).toContain('/models')
})

it.each([
  [{}, { device: 'auto' as const, memoryBytes: null }, { device: 'cuda', memoryBytes: 6 * 2 ** 30 }],
  [{}, { device: 'webgpu' as const, memoryBytes: 8e9 }, { device: 'webgpu', memoryBytes: 8e9 }],
  [
    { device: 'cpu' as const, memory: 4e9 },
    { device: 'webgpu' as const, memoryBytes: 8e9 },
    { device: 'cpu', memoryBytes: 4e9 }
  ]
])('options %j and the stored %j come before the configuration file', async (named, stored, expected) => {
  await configure({ device: 'cuda', memory: '6GiB' })
  expect(await deviceAndMemory(named, stored)).toEqual(expected)
})

it('a sweep of a project keeps the stored device when the configuration file names another', async () => {
  await configure({ device: 'cuda' })
  const project = await openDemo()
  await project.firstPair.update({ settings: { device: 'cpu' } })
  await project.close()
  const { status, stderr } = await runHere(['sweep', '--project', project.path, '--dry-run', '--json'])
  expect({ status, stderr }).toMatchObject({ status: 0 })
})

it('a device that a command lacks is not set', async () => {
  await configure({ device: 'cuda' })
  const command = new Command()
  computingOptions.declare(command).parse([], { from: 'user' })
  await applyConfig(command)
  expect(command.opts()).toEqual({})
})

it('slr sample computes answers on the CPU if the configured device computes single tokens only', async () => {
  await configure({ device: 'cuda' })
  const { stderr } = await runHere(['sample', '--blend-demo', '--json'])
  expect(stderr).toContain('no prompt is given')
})

it.each([
  [{ device: 'tpu' }, 'device'],
  [{ memory: '6' }, 'memory: Expected a size'],
  [{ colour: 'red' }, 'colour']
])('a configuration file of %j is refused by its name and field', async (config, field) => {
  const file = await configure(config)
  expect((await problemOf(modelFolders())).message).toContain(`${file}: `)
  const { status, stderr } = await runHere(['inspect'])
  expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining(field) })
})
