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
    says: '--device is of a sweep that is made first'
  },
  { args: ['search', '--prompts', 'p.json', '--from', 'SWEEP'], says: '--prompts is of a sweep' },
  { args: ['check', '--demo', 'r.json', '--best', '3'], says: '--best is of the best ranges' },
  { args: ['sample', '--demo', '--prompt', 'Hi', '--top', '3'], says: '--top is of the next token' },
  { args: ['sample', '--demo', '--next', '--prompt', 'Hi', '--n', '3'], says: '--n is of answers' },
  { args: ['inspect', '--values'], says: '--values is of a pair' },
  { args: ['inspect', '--demo', '--in', '/tmp'], says: '--in lists pairs' },
  {
    args: ['sweep', '--no-check', '--demo', '--dry-run', '--shard', '1/2'],
    says: '--shard is of a sweep that is computed'
  },
  {
    args: ['sweep', '--no-check', '--demo', '--merge', 'a.json'],
    says: '--demo is of a sweep that is computed'
  },
  { args: ['open', '--only', '/tmp'], says: '--only is of a page that is served' },
  { args: ['show', 'SWEEP', 'SWEEP', '--draws', '3'], says: '--draws is of one sweep' },
  {
    args: ['evaluate', '--demo', '--task', 'demo-open', '--variants', 'v.json', 'post'],
    says: 'models do not go with --variants'
  },
  { args: ['report', 'p.slr', '--json', '--format', 'html'], says: '--format is of the page' },
  {
    args: ['inspect', '--distances', '--demo', '--json', '--metric', 'cosine'],
    says: '--metric is of the table'
  },
  {
    args: ['study', 's.yaml', '--template', 'quick', '--dry-run'],
    says: '--dry-run is of a study that is run'
  },
  {
    args: ['sample', '--demo', '--prompt', 'Hi', '--greedy', '--top-k', '5'],
    says: "'--greedy' cannot be used with"
  },
  { args: ['sample', '--demo', '--prompt', 'Hi', '--stop', ''], says: 'Expected a text: leave --stop out' }
])('slr $args says that an option would change nothing', async ({ args, says }) => {
  const file = await sweepFile()
  const { status, stderr } = await runHere(args.map((arg) => (arg === 'SWEEP' ? file : arg)))
  expect(stderr).toContain(says)
  expect(status).toBe(2)
})

test('a preview does not replace a whole sweep', async () => {
  const file = await sweepFile()
  const before = await readFile(file, 'utf8')
  expect(
    await runHere(['sweep', '--no-check', '--demo', '--device', 'cpu', '--preview', '--out', file])
  ).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(`${file} holds a whole sweep, and a preview would replace it by less`)
  })
  expect(await readFile(file, 'utf8')).toBe(before)
})

test('an output that would replace what the command reads is refused', async () => {
  const file = await sweepFile()
  expect(await runHere(['check', '--from', file, '--out', file])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(`--out would replace ${file}, which --from reads`)
  })
})
