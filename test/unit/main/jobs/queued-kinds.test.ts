import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import type { Computing } from '../../../../src/contract/documents/samples'
import { WorkbenchError } from '../../../../src/contract/model/problem'
import { Devices } from '../../../../src/main/jobs/devices'
import { Evaluations } from '../../../../src/main/jobs/evaluations'
import { queuedKinds } from '../../../../src/main/jobs/queued-kinds'
import { Sweeps } from '../../../../src/main/jobs/sweeps'
import { JobTurns } from '../../../../src/main/jobs/turns'
import type { EngineHost } from '../../../../src/main/engine/host'
import { createProject } from '../../../../src/main/project/create-project'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import { scriptedEngine } from '../../../fixtures/scripted-engine'
import { demoPrompts } from '../../../fixtures/swept-project'

it('evaluates where and how the job says, when its turn comes', async () => {
  const project = await createProject({
    folder: await temporaryFolder(),
    name: 'line',
    pair: { kind: 'demo' },
    prompts: await demoPrompts(1)
  })
  onTestFinished(() => project.close())
  const asked: Computing[] = []
  const client = scriptedEngine({
    generate({ device, precision, weights }) {
      asked.push({ device, ...(precision && { precision }), ...(weights && { weights }) })
      throw new WorkbenchError('bad-input', 'It was asked.')
    }
  })
  const engine: EngineHost = {
    pid: undefined,
    client: () => client,
    another: () => engine,
    close: async () => undefined
  }
  const context = { engine, devices: new Devices(() => engine), turns: new JobTurns(), tell: () => undefined }
  const { evaluation } = queuedKinds(new Sweeps(context), new Evaluations(context))
  const own = project.firstPair
  const computing: Computing = { device: 'webgpu', weights: 'int8' }
  await evaluation.begin(own, {
    ...{ id: randomUUID(), pair: own.id, evaluationId: null, problem: null },
    work: { kind: 'evaluation', task: { id: 'demo-open', name: 'Demo' }, computing }
  })
  const endings: string[] = []
  for await (const { type } of evaluation.follow(own)) if (type !== 'progress') endings.push(type)
  expect(endings).toEqual(['failed'])
  expect(asked).toEqual([computing])
  // One without answers is not kept.
  expect(own.evaluations.runs).toEqual([])
})
