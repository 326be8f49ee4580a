import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { mayHaveGpu } from '../../../../src/main/work/gpu-nodes'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'

async function devices(...names: string[]): Promise<string> {
  const folder = await temporaryFolder()
  for (const name of names) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), '')
  }
  return folder
}

it.each(['dri/renderD128', 'nvidia0', 'dxg', 'kfd', 'mali0', 'nvhost-gpu'])(
  'there may be a GPU where the kernel shows %s',
  async (node) => {
    expect(await mayHaveGpu('linux', await devices('null', node))).toBe(true)
  }
)

it.each([[['null', 'nvme0', 'nvram']], [['null', 'dri/card0']]])(
  'there is none where the kernel shows %j alone',
  async (nodes) => {
    expect(await mayHaveGpu('linux', await devices(...nodes))).toBe(false)
  }
)

it('there may be one wherever there is no telling', async () => {
  const folder = await devices('null')
  expect(await mayHaveGpu('darwin', folder)).toBe(true)
  expect(await mayHaveGpu('win32', folder)).toBe(true)
  expect(await mayHaveGpu('linux', join(folder, 'nowhere'))).toBe(true)
})
