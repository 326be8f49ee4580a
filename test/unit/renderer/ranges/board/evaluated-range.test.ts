import { expect, it } from 'vitest'
import type { EvaluationFinding } from '../../../../../src/contract/documents/verdict'
import { summarizeEvaluation } from '../../../../../src/main/project/documents/evaluation-files'
import { summarizeSweep } from '../../../../../src/main/project/documents/sweep-files'
import { comparedSweep, selectionOfSecond } from '../../../../fixtures/compared-sweeps'
import { evaluationRun } from '../../../../fixtures/evaluation-documents'
import { projectState, ScriptedLine, showSweep } from '../../../../fixtures/scripted-line'

const selection = selectionOfSecond(0.8)

it('reads the newest evaluation of the selected range, again when one comes, and praises nothing meanwhile', async () => {
  const line = new ScriptedLine()
  const sweep = { ...comparedSweep({ id: 'swept' }), selection }
  const older = summarizeEvaluation(evaluationRun({ id: 'older' }), 1)
  older.answerTotal = 1
  const state = projectState({ sweeps: [summarizeSweep(sweep, null)], evaluations: [older] })
  const { session } = await line.openProject(state)
  const { ranges } = session
  await showSweep(line, session, sweep)
  const range = ranges.numbers.selection?.selected ?? null
  expect(range).not.toBeNull()
  ranges.evaluated.refresh()
  ranges.evaluated.refresh()
  expect(line.of('evaluations.findingOf')).toHaveLength(1)
  expect(line.call('evaluations.findingOf', 0).input).toMatchObject({ sweepId: 'swept', range })
  const recipe = { name: 'kept', ranges: [[range?.start ?? 0, range?.end ?? 0]] satisfies [[number, number]] }
  const labels = (): string[] => ranges.checked.badgesOf(recipe).map(({ label }) => label)
  // Nothing is praised before the evaluation is read.
  expect(ranges.evaluated.isReading).toBe(true)
  expect(ranges.result?.badge).toEqual({ label: 'selected', good: false })
  const finding: EvaluationFinding = {
    ...{ evaluationId: 'older', task: 'Letters', diversity: 'better', better: null },
    loss: { measure: 'accuracy', mean: -0.18, postMean: 1 }
  }
  await line.answer('evaluations.findingOf', 0, finding)
  expect(ranges.result?.verdict).toMatchObject({ state: 'evaluated-loss', evaluationId: 'older' })
  expect(ranges.result?.badge).toEqual({ label: '18 % fewer right answers', good: false })
  expect(labels()).toEqual(['18 % fewer right answers'])

  // Another evaluation may find otherwise.
  session.accept({ ...state, evaluations: [{ ...older, id: 'newer' }, older] })
  expect(ranges.evaluated.current).toBeNull()
  expect(ranges.evaluated.isReading).toBe(true)
  ranges.evaluated.refresh()
  await line.answer('evaluations.findingOf', 1, null)
  expect(ranges.evaluated.isReading).toBe(false)
  expect(ranges.result?.badge).toMatchObject({ label: 'selected' })

  // One that runs says nothing before it has all its answers.
  const running = { ...older, id: 'running', answerCount: 0 }
  for (const answerCount of [0, 1]) {
    const answerTotal = 2
    session.accept({ ...state, evaluations: [{ ...running, answerCount, answerTotal }, older] })
    ranges.evaluated.refresh()
  }
  expect(ranges.evaluated.isReading).toBe(true)
  expect(line.of('evaluations.findingOf')).toHaveLength(3)
})
