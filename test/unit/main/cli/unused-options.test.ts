import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { runHere } from '../../../fixtures/command-line'
import { tinySweep, withTrueMeans } from '../../../fixtures/tiny-sweep'

/** A file of a sweep, in a folder of its own. */
async function sweepFile(): Promise<string> {
  const file = join(await temporaryFolder(), 'sweep.json')
  await writeFile(file, JSON.stringify({ kind: 'sweep', ...withTrueMeans(tinySweep()) }))
  return file
}

test.each([
  {
    args: ['search', '--device', 'cpu', '--from', 'SWEEP'],
    says: '--device applies to a new sweep'
  },
  { args: ['search', '--prompts', 'p.json', '--from', 'SWEEP'], says: '--prompts applies to a new sweep' },
  { args: ['show', 'SWEEP', 'SWEEP', '--draws', '3'], says: '--draws applies to one sweep' }
])('slr $args says that an option would change nothing', async ({ args, says }) => {
  const file = await sweepFile()
  const { status, stderr } = await runHere(args.map((arg) => (arg === 'SWEEP' ? file : arg)))
  expect(stderr).toContain(says)
  expect(status).toBe(2)
})

test('a preview does not replace a full sweep', async () => {
  const file = await sweepFile()
  const before = await readFile(file, 'utf8')
  expect(
    await runHere(['sweep', '--no-check', '--blend-demo', '--device', 'cpu', '--preview', '--out', file])
  ).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(`A preview would replace the full sweep in ${file}`)
  })
  expect(await readFile(file, 'utf8')).toBe(before)
})
