import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { addedModelFolders } from '../../../../../src/main/base/files/network-path'
import { addModelFolder } from '../../../../../src/main/project/pair/model-folders'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { problemOf } from '../../../../fixtures/problems'

it('adds a folder that exists, and refuses another by its path', async () => {
  const folder = await temporaryFolder()
  vi.stubEnv('SLR_CONFIG_DIR', join(folder, 'config'))
  const models = join(folder, 'models')
  expect(await problemOf(addModelFolder(models))).toMatchObject({
    code: 'not-found',
    message: `There is no folder ${models}.`
  })
  await mkdir(models)
  await addModelFolder(models)
  expect(await addedModelFolders.read()).toEqual([models])
  vi.unstubAllEnvs()
})
