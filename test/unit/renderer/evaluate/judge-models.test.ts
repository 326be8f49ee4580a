import { expect, it } from 'vitest'
import { JudgeModels } from '../../../../src/renderer/evaluate/judge-models.svelte'
import { projectState, ScriptedLine } from '../../../fixtures/scripted-line'

const judge = { baseUrl: 'http://localhost:8080/v1', model: 'large', anyModel: false }

it('doubts a judge that its server does not list, and no other', async () => {
  const line = new ScriptedLine()
  const models = new JudgeModels((await line.openProject(projectState())).session)
  expect(models.doubtOf(judge)).toBeNull()
  void models.ask(judge, '')
  expect(line.call('evaluations.judgeModels', 0).input).toEqual({ baseUrl: judge.baseUrl })
  await line.answer('evaluations.judgeModels', 0, ['small', 'tiny'])
  expect(models.doubtOf(judge)).toBe(
    'This server serves no model "large": it lists small, tiny. Use one of its names, or accept verdicts of any model.'
  )
  expect(models.doubtOf({ ...judge, model: 'tiny' })).toBeNull()
  expect(models.doubtOf({ ...judge, anyModel: true })).toBeNull()
  expect(models.doubtOf({ ...judge, baseUrl: 'http://localhost:9090/v1' })).toBeNull()
  void models.ask(judge, 'secret')
  await line.answer('evaluations.judgeModels', 1, null)
  expect(models.doubtOf(judge)).toBeNull()
})
