import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { areModelsAway, MODELS_AWAY } from '../../../../src/contract/words/pair-words'
import { createProject } from '../../../../src/main/project/create-project'
import { readPairState } from '../../../../src/main/project/pair-state'
import { collectReport } from '../../../../src/main/report/collect'
import { writeReport } from '../../../../src/main/report/write'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { PROMPTS, sweepFixture } from '../../../fixtures/project-documents'

it('reports the results of a project whose models are not on this machine, and says so in one line', async () => {
  const folder = await temporaryFolder()
  const pair = { kind: 'folders' as const, base: join(folder, 'base'), post: join(folder, 'post') }
  const project = await createProject({ folder, name: 'Received', pair, prompts: PROMPTS })
  await project.firstPair.saveSweep(sweepFixture())
  const state = await readPairState(project.firstPair)
  expect(areModelsAway(state)).toBe(true)
  expect(state.pairProblem).toMatchObject({
    message: MODELS_AWAY,
    hint: `Base: There is no folder ${pair.base}. Post: There is no folder ${pair.post}.`
  })
  const report = await collectReport(project.firstPair, state, undefined)
  expect(report.warnings).toEqual([MODELS_AWAY])
  const page = writeReport(report, 'html')
  expect(page).toContain('<figure class="ranges">')
  expect(page).not.toContain(folder)

  // Folders that exist and cannot be used are a fault to repair.
  await Promise.all([mkdir(pair.base), mkdir(pair.post)])
  const broken = await readPairState(project.firstPair)
  expect([areModelsAway(broken), broken.pairProblem?.code]).toEqual([false, 'not-found'])
  await project.close()
})
