import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DEFAULT_JUDGE } from '../../../../../src/contract/documents/judge'
import { evaluationRun } from '../../../../fixtures/evaluation-documents'
import { openDemo } from '../../../../fixtures/open-demo'

it('attributes scores of version 1, which had no address, to the judge of that time', async () => {
  const { evaluations, folder } = (await openDemo()).firstPair
  const judge = { ...DEFAULT_JUDGE, baseUrl: 'http://first/v1', model: 'judge-1', rubric: 'Good?' }
  const run = evaluationRun()
  await evaluations.add(run)
  await evaluations.append(run.id, 'verdicts', [{ key: 'a'.repeat(64), mark: 1 }])
  const former = { ...run, schemaVersion: 1, addressOfOldScores: undefined, judge }
  await writeFile(join(folder, 'evaluations', `${run.id}.json`), JSON.stringify(former))
  const stored = async (): Promise<unknown> => {
    const { run: migrated, verdicts } = await evaluations.read(run.id)
    return [migrated.judge, verdicts.map(({ baseUrl }) => baseUrl)]
  }
  expect(await stored()).toEqual([{ ...judge, way: 'marks', anyModel: false }, ['http://first/v1']])

  const second = { ...judge, baseUrl: 'http://second/v1', way: 'marks', anyModel: false } as const
  await evaluations.noteJudge(run.id, second)
  expect(await stored()).toEqual([second, ['http://first/v1']])
})
