import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { Computing } from '../../../../src/contract/documents/samples'
import { UNKNOWN_PROGRESS } from '../../../../src/contract/work/progress'
import type { QueuedJob } from '../../../../src/contract/work/work-list'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { EvaluationJobs } from '../../../../src/main/jobs/evaluations'
import { Lineages } from '../../../../src/main/jobs/lineages'
import { lastSweep, queuedKinds } from '../../../../src/main/jobs/queued-kinds'
import { Sweeps } from '../../../../src/main/jobs/sweeps'
import { summarizeSweep } from '../../../../src/main/project/documents/sweep-files'
import { jobContext } from '../../../fixtures/job-context'
import { openDemo } from '../../../fixtures/open-demo'
import { scriptedEngine } from '../../../fixtures/scripted-engine'
import { tinySweep } from '../../../fixtures/tiny-sweep'
import { waitFor } from '../../../fixtures/wait-for'

const evaluationOf = (pair: string, computing: Computing): QueuedJob => ({
  ...{ origin: 'window', id: randomUUID(), pair, taskName: 'Demo', evaluationId: null },
  ...{ state: 'waiting', progress: UNKNOWN_PROGRESS, seconds: null, problem: null },
  work: { kind: 'evaluate', settings: { task: 'demo-open', ...computing } }
})

it('evaluates where and how the job says, when its turn comes', async () => {
  const project = await openDemo()
  const asked: Computing[] = []
  const client = scriptedEngine({
    generate({ device, precision, weights }) {
      asked.push({ device, ...(precision && { precision }), ...(weights && { weights }) })
      throw new WorkbenchError('bad-input', 'It was asked.')
    }
  })
  const context = jobContext(client)
  const { evaluate } = queuedKinds(new Sweeps(context), new Lineages(context), new EvaluationJobs(context))
  const own = project.firstPair
  const computing: Computing = { device: 'webgpu', weights: 'int8' }
  const job = evaluationOf(own.id, computing)
  const { events } = await evaluate.begin(own, job, new AbortController().signal)
  const endings: string[] = []
  for await (const { type } of events) if (type !== 'progress') endings.push(type)
  expect(endings).toEqual(['failed'])
  expect(asked).toEqual([computing])
  // One without answers is not kept.
  expect(own.evaluations.runs).toEqual([])
})

it('keeps no run of an evaluation that is stopped while it is prepared', async () => {
  const project = await openDemo()
  const context = jobContext()
  const { turns } = context
  const { evaluate } = queuedKinds(new Sweeps(context), new Lineages(context), new EvaluationJobs(context))
  const own = project.firstPair
  const stop = new AbortController()
  const begun = evaluate.begin(own, evaluationOf(own.id, { device: 'cpu' }), stop.signal)
  await waitFor(() => expect(turns.done(project)).not.toBeNull())
  stop.abort()
  await expect(begun).rejects.toThrow('evaluation was cancelled.')
  expect(turns.done(project)).toBeNull()
  expect(own.evaluations.runs).toEqual([])
})

it('estimates the time of a sweep by the last one, and after a preview only by its pace', () => {
  const whole = { ...summarizeSweep(tinySweep(), null), seconds: 20 }
  const preview = { ...whole, isPreview: true, seconds: 5, computedRows: 100, wholeRows: 400 }
  const settings = { scoredBy: { kind: 'crc' as const }, device: 'auto' as const }
  const by = (sweeps: (typeof whole)[], isPreview: boolean): unknown =>
    lastSweep({ sweeps, document: { settings } }, isPreview)
  expect(by([preview, whole], false)).toEqual({ secondsLeft: 20, estimatedFrom: 'sweep' })
  expect(by([preview, whole], true)).toEqual({ secondsLeft: 5, estimatedFrom: 'preview' })
  expect(by([preview], false)).toEqual({ secondsLeft: 20, estimatedFrom: 'preview' })
  expect(by([whole], true)).toBeNull()
  expect(by([], false)).toBeNull()
})
