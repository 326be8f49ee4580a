import { execFileSync } from 'node:child_process'
import { type FileHandle, mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { openRegularFile, readRegularFile, readRegularFileNow } from '../../../../../src/main/base/files/regular-file'
import { problemOf } from '../../../../fixtures/problems'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slr-regular-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
afterEach(() => void vi.useRealTimers())

describe.skipIf(process.platform === 'win32')('a pipe', () => {
  let pipe: string
  beforeAll(() => {
    pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
  })

  test('is refused at once', async () => {
    expect((await problemOf(readRegularFile(pipe, 10))).message).toBe(`${pipe} is not a file.`)
    expect(() => readRegularFileNow(pipe, 10)).toThrow(`${pipe} is not a file.`)
  })

  test('that takes the place of a file before it is opened is not waited for', async () => {
    const file = join(folder, 'swapped')
    await writeFile(file, 'x')
    const opening = openRegularFile(pipe, { open, stat: () => stat(file) })
    expect((await problemOf(opening)).message).toBe(`${pipe} is not a file.`)
  })
})

test.skipIf(process.platform !== 'linux')('what grows without end gives what it says it holds', async () => {
  // The system says 0 bytes of each of these, and gives more.
  expect(await readRegularFile('/proc/self/status', 10)).toHaveLength(0)
})

test.skipIf(process.platform !== 'linux')('a device that never ends is refused', async () => {
  expect((await problemOf(readRegularFile('/dev/zero', 10))).message).toBe('/dev/zero is not a file.')
})

test('more bytes than are read are refused with their number', async () => {
  const file = join(folder, 'large')
  await writeFile(file, '12345678901')
  const message = `${file} is too large: it has 11 B, more than the 10 B that are read.`
  expect((await problemOf(readRegularFile(file, 10))).message).toBe(message)
  expect(() => readRegularFileNow(file, 10)).toThrow(message)
  expect(String(await readRegularFile(file, 11))).toBe('12345678901')
})

test('a file that opens after the limit is closed', async () => {
  const file = join(folder, 'late')
  await writeFile(file, 'x')
  const handle = await open(file)
  const closed = vi.spyOn(handle, 'close')
  let openLate: (handle: FileHandle) => void = () => undefined
  const opening = new Promise<FileHandle>((resolve) => {
    openLate = resolve
  })
  const stats = await stat(file)
  vi.useFakeTimers()
  const refused = problemOf(openRegularFile(file, { open: () => opening, stat: () => Promise.resolve(stats) }))
  await vi.advanceTimersByTimeAsync(20_000)
  expect((await refused).message).toBe(`${file} gave nothing for 20 s.`)
  openLate(handle)
  await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce())
})

test('a drive that does not answer is given up', async () => {
  vi.useFakeTimers()
  const never = new Promise<never>(() => undefined)
  const refused = problemOf(openRegularFile('/gone/config.json', { open, stat: () => never }))
  await vi.advanceTimersByTimeAsync(20_000)
  expect((await refused).message).toBe('/gone/config.json gave nothing for 20 s.')
})
