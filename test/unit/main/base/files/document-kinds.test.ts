import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

test.each([
  { command: ['evaluate', '--demo', '--task'], wanted: 'a task' },
  { command: ['sweep', '--no-check', '--demo', '--prompts'], wanted: 'a prompt set' },
  { command: ['sweep', '--no-check', '--demo', '--recipes'], wanted: 'a list of recipes' },
  { command: ['sample', '--demo', '--prompts'], wanted: 'a list of prompts' },
  { command: ['study'], wanted: 'a study' }
])('slr $command of a sweep says that it is one, and not $wanted', async ({ command, wanted }) => {
  const file = join(await temporaryFolder(), 'sweep.json')
  await writeFile(file, JSON.stringify({ kind: 'sweep', ...tinySweep() }))
  const { status, stderr } = await runHere([...command, file])
  expect(status).toBe(1)
  expect(stderr).toContain(`sweep.json is a sweep, not ${wanted}.`)
})

test('slr sweep --merge and slr report name what they are given in place of a part and of a project', async () => {
  const file = join(await temporaryFolder(), 'given.json')
  await writeFile(file, JSON.stringify({ kind: 'check' }))
  const merged = await runHere(['sweep', '--merge', file, '--out', `${file}.merged.json`])
  expect(merged.stderr).toContain('given.json is a full-answer check, not a part of a sweep.')
  const reported = await runHere(['report', file])
  expect(reported.stderr).toContain('given.json is a file, not the folder of a project.')
})
