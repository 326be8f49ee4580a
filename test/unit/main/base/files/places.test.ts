import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { cachedModelFolder, modelPath } from '../../../../../src/main/base/files/paths'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'

afterEach(() => void vi.unstubAllEnvs())

test('a model of the Hugging Face cache is named with its revision or without', async () => {
  const cache = await temporaryFolder()
  vi.stubEnv('HF_HUB_CACHE', cache)
  const model = join(cache, 'models--org--name')
  await mkdir(join(model, 'refs', 'pr'), { recursive: true })
  await writeFile(join(model, 'refs', 'main'), 'aaaa')
  await writeFile(join(model, 'refs', 'pr', '1'), 'bbbb\n')
  await writeFile(join(cache, 'outside'), 'cccc')
  const snapshot = (commit: string): string => join(model, 'snapshots', commit)
  expect(modelPath('org/name')).toBe(model)
  expect(modelPath('org/name@main')).toBe(snapshot('aaaa'))
  expect(modelPath('org/name@pr/1')).toBe(snapshot('bbbb'))
  expect(modelPath('org/name@dddd')).toBe(snapshot('dddd'))
  expect(modelPath('org/name@x/../../../outside')).toBe(snapshot('x-..-..-..-outside'))
  expect(cachedModelFolder('org/name', '..\\..\\outside')).toBe(snapshot('--..-outside'))
  expect(cachedModelFolder('org/name', '..')).toBe(snapshot('-'))
  expect(modelPath('org/other@main')).toBe(resolve('org/other@main'))
})
