import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { requireFits, requireRoom, roomNotice } from '../../../../../src/main/base/files/room'
import { problemOf } from '../../../../fixtures/problems'

const FILE = join(tmpdir(), 'no-such-folder', 'result.json')

test('a file larger than the free space is refused before the work, with both sizes', async () => {
  expect(await problemOf(requireRoom(FILE, 1e21))).toMatchObject({
    code: 'read-only',
    message: expect.stringMatching(/result\.json cannot be written: it takes about .+ TB, and its disk has .+ free\.$/)
  })
  await requireRoom(FILE, 0)
})

test('a file is accepted where the file system reports no free space', () => {
  requireFits(FILE, 1e21, null)
  requireFits(FILE, 10, 10)
  expect(() => requireFits(FILE, 11, 10)).toThrow('it takes about 11 B, and its disk has 10 B free')
  expect(() => requireFits(FILE, 9, 10, 2)).toThrow('it takes about 9 B and 2 B in reserve, and its disk has 10 B free')
})

test('a notice appears only when answers may not fit', async () => {
  expect(await roomNotice(FILE, 1e21)).toContain('can take up to')
  expect(await roomNotice(FILE, 0)).toBeNull()
})
