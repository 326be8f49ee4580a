import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { kindOfFile } from '../../../../../src/main/base/files/document-kinds'
import { checkSweepFile } from '../../../../../src/main/cli/results/output-file'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { STORED_PROJECTS, storedProject } from '../../../../fixtures/stored-projects'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

test.each([
  { command: ['evaluate', '--blend-demo', '--task'], wanted: 'a task' },
  { command: ['sweep', '--no-check', '--blend-demo', '--prompts'], wanted: 'a prompt set' },
  { command: ['sweep', '--no-check', '--blend-demo', '--recipes'], wanted: 'a list of recipes' },
  { command: ['sample', '--blend-demo', '--prompts'], wanted: 'a list of prompts' },
  { command: ['study'], wanted: 'a study' }
])('slr $command of a sweep says that it is one, and not $wanted', async ({ command, wanted }) => {
  const file = join(await temporaryFolder(), 'sweep.json')
  await writeFile(file, JSON.stringify({ kind: 'sweep', ...tinySweep() }))
  const { status, stderr } = await runHere([...command, file])
  expect(status).toBe(1)
  expect(stderr).toContain(`sweep.json is a sweep, not ${wanted}.`)
})

test('slr sweep --merge and slr report name the kind of a file that is no part or no project', async () => {
  const file = join(await temporaryFolder(), 'given.json')
  await writeFile(file, JSON.stringify({ kind: 'check' }))
  const merged = await runHere(['sweep', '--merge', file, '--out', `${file}.merged.json`])
  expect(merged.stderr).toContain('given.json is a full-answer check, not a part of a sweep.')
  const reported = await runHere(['report', file])
  expect(reported.stderr).toContain('given.json is a file, not the folder of a project.')
})

test.each(STORED_PROJECTS)('results of %s name no kind and are recognised by their fields', async (name) => {
  const project = await storedProject(name)
  const paths = await readdir(project, { recursive: true })
  const kinds = { sweeps: 'sweep', checks: 'check', searches: 'search', evaluations: 'evaluation-run' }
  for (const [folder, kind] of Object.entries(kinds)) {
    const results = paths.filter((path) => path.includes(`${folder}/`) && /[^y]\.json$/.test(path))
    expect(results.length).toBeGreaterThan(0)
    for (const path of results) expect((await kindOfFile(join(project, path), 1e8))?.kind).toBe(kind)
  }
})

test('a sweep of an earlier version may be replaced, and serves the next one', async () => {
  const file = join(await temporaryFolder(), 'sweep.json')
  await writeFile(file, JSON.stringify(tinySweep()))
  expect((await checkSweepFile(file, 'sweep', {}, false)).sweep?.id).toBe(tinySweep().id)
})

test('slr show reads a check and a search of an earlier version', async () => {
  const pair = join(await storedProject('project-version-3'), 'pairs/pair-1')
  for (const folder of ['checks', 'searches']) {
    const [name = ''] = (await readdir(join(pair, folder))).filter((entry) => /[^y]\.json$/.test(entry))
    expect(await runHere(['show', join(pair, folder, name)])).toMatchObject({ status: 0, stderr: '' })
  }
})
