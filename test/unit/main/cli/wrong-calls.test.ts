import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { runHere } from '../../../fixtures/command-line'
import groups from '../../../fixtures/wrong-calls.json'

/** A call, or one for each of its values. `FOLDER` is a new folder that holds the files. */
const Call = z.strictObject({
  args: z.array(z.string()),
  values: z.array(z.string()).default(['']),
  files: z.record(z.string(), z.string()).default({}),
  /** 2 for wrong usage, 1 for another failure. */
  status: z.number().default(2),
  message: z.string(),
  what: z.string().optional()
})

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder()
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return folder
}

test.each(Object.entries(groups))('a wrong call is answered in a few lines and leaves no file: %s', async (_, rows) => {
  for (const { args, values, files, status, message } of z.array(Call).parse(rows)) {
    for (const value of values) {
      const folder = await folderWith(files)
      const before = await readdir(folder, { recursive: true })
      const words = args.map((arg) => arg.replace('FOLDER', folder).replace('VALUE', value))
      const answer = await runHere(words)
      const text = answer.stderr.replaceAll(folder, 'FOLDER')
      expect.soft(text, words.join(' ')).toContain(message)
      expect.soft({ ...answer, left: await readdir(folder, { recursive: true }) }, text).toMatchObject({
        ...{ status, stdout: '', left: before }
      })
      expect.soft(text).not.toMatch(/unexpected error|^ +at /m)
      if (text.startsWith('Usage: ')) continue
      expect.soft(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
      expect.soft(text.trimEnd().split('\n').length, text).toBeLessThanOrEqual(4)
      if (status === 2) expect.soft(text).toMatch(/\nSee "slr .*--help"\.\n$/)
    }
  }
})
