import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../fixtures/checkpoint-builder'
import { runHere } from '../../../../fixtures/command-line'
import { fullProject } from '../../../../fixtures/full-project'

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
