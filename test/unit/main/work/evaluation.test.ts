import { expect, it } from 'vitest'
import { DEFAULT_RENDERING } from '../../../../src/contract/documents/crc'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import type { EvaluationRequest } from '../../../../src/main/evaluation/prepare-evaluation'
import { pairPaths } from '../../../../src/main/project/demo'
import { EvaluationWork } from '../../../../src/main/work/evaluation'
import { namedTask } from '../../../../src/main/work/named-task'
import { openDemo } from '../../../fixtures/open-demo'
import { problemOf } from '../../../fixtures/problems'
import { scriptedEngine } from '../../../fixtures/scripted-engine'

const brokenEngine = scriptedEngine({
  generate() {
    throw new WorkbenchError('bad-input', 'It was asked.')
  }
})
const means = { engine: brokenEngine, signal: new AbortController().signal, notify: () => undefined }

async function request(): Promise<EvaluationRequest> {
  const variants = [{ variant: { kind: 'post', name: 'post' } as const }]
  return {
    ...pairPaths({ kind: 'demo', pair: 'blend' }),
    task: await namedTask('demo-open', null),
    variants,
    rendering: DEFAULT_RENDERING
  }
}

it('resumes the run of the same evaluation, and begins a new one if asked to', async () => {
  const { firstPair: pair } = await openDemo()
  const first = await EvaluationWork.open(await request(), pair)
  expect(first).toMatchObject({ stored: null, isComplete: false })
  await first.begin()
  const again = await EvaluationWork.open(await request(), pair)
  expect(again.run.id).toBe(first.run.id)
  expect(again.stored).toMatchObject({ samples: [], scores: [] })
  const other = await EvaluationWork.open(await request(), pair, { again: true })
  expect(other.run.id).not.toBe(first.run.id)
  expect((await EvaluationWork.resume(pair, first.run.id)).run).toEqual(first.run)
})

it('removes a run of a project that fails before its first answer', async () => {
  const { firstPair: pair } = await openDemo()
  const work = await EvaluationWork.open(await request(), pair)
  await work.begin()
  expect(pair.evaluations.runs).toHaveLength(1)
  expect(await problemOf(work.compute(means))).toMatchObject({ message: 'It was asked.' })
  expect(pair.evaluations.runs).toEqual([])
})

it('keeps an evaluation without a project in memory', async () => {
  const work = await EvaluationWork.open(await request(), null)
  expect(await problemOf(work.compute(means))).toMatchObject({ message: 'It was asked.' })
  expect(await work.files()).toMatchObject({ run: { id: work.run.id }, samples: [], verdicts: [] })
})
