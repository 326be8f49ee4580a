import { writeFile } from 'node:fs/promises'
import { beforeEach, expect, it, vi } from 'vitest'
import { addedModelFolders, networkHost, requireNamedHost } from '../../../../../src/main/base/files/network-path'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'

beforeEach(async () => {
  vi.stubEnv('SLR_CONFIG_DIR', await temporaryFolder())
})

it.each([
  ['\\\\nas\\models\\x', 'nas'],
  ['//NAS/models', 'nas'],
  ['\\\\?\\UNC\\nas\\models', 'nas'],
  ['\\\\?\\C:\\models', null],
  ['C:\\models', null],
  ['/home/x', null],
  ['models', null]
])('tells the machine of %s', (path, host) => {
  expect(networkHost(path)).toBe(host)
})

it('refuses a machine that the user has not named, on Windows only', async () => {
  const path = '\\\\stranger\\models'
  await expect(requireNamedHost(path, 'win32')).rejects.toThrow('lies on another machine, stranger')
  await requireNamedHost(path, 'linux')
  await requireNamedHost('D:\\models', 'win32')
})

it('takes machines of the folders that the user has added', async () => {
  await writeFile(addedModelFolders.path, JSON.stringify(['\\\\nas\\models']))
  await requireNamedHost('//nas/other', 'win32')
  await expect(requireNamedHost('//other/nas', 'win32')).rejects.toThrow('other')
})
