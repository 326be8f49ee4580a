import { expect, it, onTestFinished } from 'vitest'
import { FEW_SHOT_DEFAULTS } from '../../../../src/contract/model/few-shot'
import { fewShotOf } from '../../../../src/contract/documents/task'
import { writePair } from '../../../fixtures/exported-pair'
import { undo } from '../../../fixtures/project-documents'
import { tinyProject } from '../../../fixtures/tiny-project'

it('null returns the few-shot prompt of a project to the default, and undoing that restores it', async () => {
  const project = await tinyProject(await writePair())
  onTestFinished(() => project.close())
  const pair = project.firstPair
  const before = pair.document.rendering
  const fewShot = { ...FEW_SHOT_DEFAULTS.characters, preamble: 'Be random.' }
  await pair.update({ rendering: { fewShot } })
  await pair.update({ rendering: { assistantPrefix: 'A' } })
  expect(pair.document.rendering).toEqual({ ...before, fewShot, assistantPrefix: 'A' })
  const change = await pair.update({ rendering: { fewShot: null } })
  expect(pair.document.rendering).toEqual({ ...before, assistantPrefix: 'A' })
  if (change === null) throw new Error('nothing changed')
  await undo(project, change)
  expect(pair.document.rendering.fewShot).toEqual(fewShot)
})

it('a task prefers its own few-shot prompt to that of the project', () => {
  const [ofTask, ofProject] = [FEW_SHOT_DEFAULTS.open, FEW_SHOT_DEFAULTS.characters]
  expect(fewShotOf({ kind: 'creative', fewShot: ofTask }, { fewShot: ofProject })).toEqual(ofTask)
  expect(fewShotOf({ kind: 'creative' }, { fewShot: ofProject })).toEqual(ofProject)
  expect(fewShotOf({ kind: 'open-ended' }, {})).toEqual(FEW_SHOT_DEFAULTS.listed)
})
