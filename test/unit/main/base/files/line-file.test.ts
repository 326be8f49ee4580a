import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { appendLines, flushLines, linesOfFile } from '../../../../../src/main/base/files/line-file'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { canMount, smallDisk } from '../../../../fixtures/small-disk'

it('has lines on the disk once they are flushed, with one flush for many', async () => {
  const file = join(await temporaryFolder(), 'a.jsonl')
  const handle = await open(file, 'w')
  const sync = vi.spyOn(Object.getPrototypeOf(handle), 'sync')
  onTestFinished(() => sync.mockRestore())
  await handle.close()
  for (let n = 0; n < 3; n++) await appendLines(file, [n])
  expect(sync).not.toHaveBeenCalled()
  await flushLines()
  await flushLines()
  expect(sync).toHaveBeenCalledOnce()
})

it('reads lines of any length that is let through, over the pieces of a file', async () => {
  const file = join(await temporaryFolder(), 'a.txt')
  const long = 'ü'.repeat(1_500_000)
  const handle = await open(file, 'w')
  await handle.writeFile(`a\n\n${long}\nlast`)
  await handle.close()
  const lines: string[] = []
  for await (const { text } of linesOfFile(file, 10_000_000, () => undefined)) lines.push(text)
  expect(lines.map(({ length }) => length)).toEqual([1, 0, 1_500_000, 4])
  expect(lines[2]).toBe(long)
})

it.skipIf(!canMount)('keeps none of the lines that a full disk takes in part', async () => {
  const disk = await smallDisk('64k')
  const file = join(disk, 'a.jsonl')
  await appendLines(file, ['before'])
  await writeFile(join(disk, 'filler'), Buffer.alloc(52_000))
  const lines = Array.from({ length: 10_000 }, (_, line) => line)
  await expect(appendLines(file, lines)).rejects.toThrow('ENOSPC')
  expect(await readFile(file, 'utf8')).toBe('"before"\n')
  await rm(join(disk, 'filler'))
  await appendLines(file, ['after'])
  expect(await readFile(file, 'utf8')).toBe('"before"\n"after"\n')
})
