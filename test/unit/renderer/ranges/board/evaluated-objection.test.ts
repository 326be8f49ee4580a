import { expect, it } from 'vitest'
import type { EvaluationObjection } from '../../../../../src/contract/documents/evaluation'
import { summarizeEvaluation } from '../../../../../src/main/project/documents/evaluation-files'
import { summarizeSweep } from '../../../../../src/main/project/documents/sweep-files'
import { comparedSweep, selectionOfSecond } from '../../../../fixtures/compared-sweeps'
import { evaluationRun } from '../../../../fixtures/evaluation-documents'
import { projectState, ScriptedLine, showSweep, settled } from '../../../../fixtures/scripted-line'

const selection = selectionOfSecond(0.8)

it('asks what any evaluation of the pair has against the selected range, and anew when one comes', async () => {
  const line = new ScriptedLine()
  const sweep = { ...comparedSweep({ id: 'swept' }), selection }
  const older = summarizeEvaluation(evaluationRun({ id: 'older' }), 1)
  const state = projectState({ sweeps: [summarizeSweep(sweep, null)], evaluations: [older] })
  const { session } = await line.openProject(state)
  const { ranges } = session
  await showSweep(line, session, sweep)
  const range = ranges.shownSelection?.selected ?? null
  expect(range).not.toBeNull()
  ranges.evaluated.want()
  ranges.evaluated.want()
  expect(line.of('evaluations.objectionTo')).toHaveLength(1)
  expect(line.call('evaluations.objectionTo', 0).input).toMatchObject({ sweepId: 'swept', range })
  expect(ranges.told?.mark?.label).not.toContain('loses quality')
  const objection: EvaluationObjection = {
    ...{ evaluationId: 'older', words: 'Evaluated: at a loss', mark: 'loses quality' }
  }
  await line.answer('evaluations.objectionTo', 0, objection)
  expect(ranges.objection).toEqual(objection)
  expect(ranges.told?.mark).toEqual({ label: 'loses quality', good: false })
  const end = range?.end ?? 0
  expect(ranges.evaluated.against({ name: 'kept', ranges: [[range?.start ?? 0, end]] })).toEqual(objection)
  expect(ranges.evaluated.against({ name: 'another', ranges: [[end + 1, end + 1]] })).toBeNull()

  // Another evaluation may say otherwise: what the older one said stands no longer.
  session.accept({ ...state, evaluations: [{ ...older, id: 'newer' }, older] })
  expect(ranges.objection).toBeNull()
  ranges.evaluated.want()
  await settled()
  await line.answer('evaluations.objectionTo', 1, null)
  expect(ranges.objection).toBeNull()
  expect(ranges.told?.mark?.label).toBe('selected')
})
