import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { contract } from '../../../../src/contract/procedures/contract'
import { onlyWithin, PATH_FIELDS } from '../../../../src/main/serve/windows'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'

/** Names of the fields of all procedures that take a path, which are those of up to 4,096 characters. */
function pathFields(schema: unknown, name: string, found: Set<string>): void {
  if (typeof schema !== 'object' || schema === null) return
  if ('maxLength' in schema && schema.maxLength === 4096) found.add(name)
  for (const [key, member] of Object.entries(schema)) pathFields(member, isStructure(key) ? name : key, found)
}
const isStructure = (key: string): boolean => /^(anyOf|oneOf|items|prefixItems|\d+)$/.test(key)

function inputsOf(node: unknown, found: unknown[]): void {
  if (typeof node !== 'object' || node === null) return
  if ('~orpc' in node) {
    const definition = node['~orpc']
    if (typeof definition === 'object' && definition !== null && 'inputSchema' in definition)
      found.push(definition.inputSchema)
    return
  }
  for (const member of Object.values(node)) inputsOf(member, found)
}

test('every field that takes a path is looked at', () => {
  const inputs: unknown[] = []
  inputsOf(contract, inputs)
  const fields = new Set<string>()
  for (const input of inputs) {
    if (input instanceof z.ZodType)
      pathFields(z.toJSONSchema(input, { unrepresentable: 'any', io: 'input' }), '', fields)
  }
  expect([...fields].filter((field) => !PATH_FIELDS.includes(field))).toEqual([])
  expect([...fields].sort()).toEqual([
    'base',
    'classifier',
    'embeddingModel',
    'folder',
    'path',
    'post',
    'start',
    'target'
  ])
})

test('calls name places within the folder, whatever way they lead there, or are refused', async () => {
  const home = await temporaryFolder()
  const only = join(home, 'only')
  await mkdir(join(only, 'models'), { recursive: true })
  await mkdir(join(home, 'only-too'))
  await symlink(home, join(only, 'out'))
  await symlink(join(only, 'models'), join(only, 'in'))
  const call = (input: unknown): Promise<string> => onlyWithin(only)({ input, next: () => Promise.resolve('done') })
  for (const path of [only, join(only, 'models'), join(only, 'new', 'project.slr'), join(only, 'in', 'x')])
    expect(await call({ path })).toBe('done')
  for (const path of [home, join(home, 'only-too'), join(only, '..'), join(only, 'out', 'x'), '/', 'relative'])
    await expect(call({ path })).rejects.toThrow(`${path} lies outside ${only}.`)
  await expect(call({ path: only, variants: [{ kind: 'checkpoint', path: home }] })).rejects.toThrow('outside')
  expect(await call({ path: only, prompt: '/etc/passwd', start: '' })).toBe('done')
  expect(await call(undefined)).toBe('done')
})
