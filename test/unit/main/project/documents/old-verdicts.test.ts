import { expect, it } from 'vitest'
import type { JudgeSettings } from '../../../../../src/contract/documents/judge'
import { DEFAULT_JUDGE } from '../../../../../src/contract/documents/judge'
import { evaluationRun } from '../../../../fixtures/evaluation-documents'
import { openDemo } from '../../../../fixtures/open-demo'

const judgeAt = (host: string, way: JudgeSettings['way']): JudgeSettings => ({
  ...DEFAULT_JUDGE,
  ...{ baseUrl: `http://${host}/v1`, model: 'judge-1', rubric: 'Good?', way }
})

it('attributes verdicts without an address to the judge that was noted when they were stored', async () => {
  const { evaluations } = (await openDemo()).firstPair
  const key = 'a'.repeat(64)
  const run = evaluationRun({ judge: judgeAt('first', 'marks'), formJudge: judgeAt('reader', 'forms') })
  await evaluations.add(run)
  await evaluations.append(run.id, 'verdicts', [{ key, mark: 1 }])
  await evaluations.append(run.id, 'pairVerdicts', [{ key, said: 'tie' }])
  await evaluations.append(run.id, 'forms', [{ key, form: 'Rome' }])
  const stored = async (): Promise<unknown> => {
    const { verdicts, pairVerdicts, forms } = await evaluations.read(run.id)
    expect(await evaluations.knownForms()).toEqual(forms)
    return [verdicts, pairVerdicts, forms].map((lines) => lines.map(({ baseUrl }) => baseUrl))
  }
  // Nobody knows who compared the pairs.
  const attributed = [['http://first/v1'], [undefined], ['http://reader/v1']]
  expect(await stored()).toEqual(attributed)

  for (const way of ['marks', 'pairs', 'forms'] as const) await evaluations.noteJudge(run.id, judgeAt('second', way))
  expect(await stored()).toEqual(attributed)
})
