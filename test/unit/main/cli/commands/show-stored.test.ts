import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { fullProject } from '../../../../fixtures/full-project'
import { STORED_PROJECTS, storedProject } from '../../../../fixtures/stored-projects'

test('slr show reads results of a project', async () => {
  const project = await fullProject(await temporaryFolder())
  const texts = {
    'sweeps/a': 'Means over 6 prompts',
    'evaluations/evaluation-1': 'A task: 2 prompts, 4 answers each',
    'samples/run-1': 'model  Distinct answers'
  }
  for (const [name, text] of Object.entries(texts)) {
    const shown = await runHere(['show', join(project, 'pairs/pair-1', `${name}.json`)])
    expect(shown).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining(text) })
  }
})

test.each(STORED_PROJECTS)('slr show reads the evaluation of a project of %s', async (name) => {
  const project = await storedProject(name)
  const paths = await readdir(project, { recursive: true })
  const evaluation = paths.find((path) => /evaluations.[\w-]+\.json$/.test(path)) ?? ''
  expect(await runHere(['show', join(project, evaluation)])).toMatchObject({ status: 0, stderr: '' })
})
