import { parse } from 'node:path'
import { expect, test, vi } from 'vitest'
import { restrictTo, requireAllowed } from '../../../../../src/main/base/files/only-folder'
import { isWithin } from '../../../../../src/main/base/files/within'

test('a folder holds itself and what lies below it, and no neighbour whose name begins alike', () => {
  expect(isWithin('/models', '/models')).toBe(true)
  expect(isWithin('/models', '/models/base')).toBe(true)
  expect(isWithin('/models', '/models-2')).toBe(false)
  expect(isWithin('/models/base', '/models')).toBe(false)
})

test('everything of a drive may be read when the program keeps to its root', async () => {
  vi.stubEnv('SLR_ONLY_DIRS', '')
  try {
    restrictTo(parse(process.cwd()).root, [])
    await expect(requireAllowed(import.meta.filename)).resolves.toBeUndefined()
  } finally {
    vi.unstubAllEnvs()
  }
})
