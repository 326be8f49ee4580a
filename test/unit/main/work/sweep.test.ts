import { expect, it } from 'vitest'
import type { ChosenDevice } from '../../../../src/contract/model/device'
import { type ProblemCode, WorkbenchError } from '../../../../src/contract/model/problem'
import type { EngineSweepEvent } from '../../../../src/contract/procedures/engine'
import { Devices } from '../../../../src/main/work/devices'
import { SweepWork } from '../../../../src/main/work/sweep'
import { folderPlace } from '../../../../src/main/work/work-place'
import { problemOf } from '../../../fixtures/problems'
import { scriptedEngine } from '../../../fixtures/scripted-engine'

/** A machine whose automatic device is WebGPU. */
class GpuFirst extends Devices {
  override choose = (choice: string): Promise<ChosenDevice> =>
    Promise.resolve({ device: choice === 'cpu' ? 'cpu' : 'webgpu', notice: null })
}

/** Attempts of a sweep of which every one fails, and the notices between them. */
async function attempts(
  code: ProblemCode,
  settings: Parameters<typeof SweepWork.open>[0]
): Promise<{ tried: string[]; notices: string[]; problem: ProblemCode }> {
  const tried: string[] = []
  const notices: string[] = []
  const engine = scriptedEngine({
    async *sweep({ device, precision }) {
      tried.push(`${device} ${precision ?? 'automatic'}`)
      yield await Promise.reject<EngineSweepEvent>(new WorkbenchError(code, 'It failed.'))
    }
  })
  const work = await SweepWork.open(settings, folderPlace({ kind: 'demo' }), new GpuFirst())
  const { signal } = new AbortController()
  const notify = (event: { type?: string; message?: string }): void => {
    if (event.type === 'notice' && event.message !== undefined) notices.push(event.message)
  }
  const { code: problem } = await problemOf(work.compute({ engine, signal, notify }))
  return { tried, notices, problem }
}

it('begins again in fp32, and then on the CPU, after numbers overflowed on an automatic GPU', async () => {
  expect(await attempts('overflow', { device: 'auto' })).toEqual({
    tried: ['webgpu automatic', 'webgpu fp32', 'cpu automatic'],
    notices: [
      'Numbers overflowed in fp16 on WebGPU. The sweep begins again in fp32.',
      'WebGPU failed, and the sweep begins again on the CPU: It failed.'
    ],
    problem: 'overflow'
  })
})

it('begins again on the CPU after the engine died on an automatic GPU', async () => {
  // An engine that died is started once more before it counts as failed.
  expect((await attempts('engine-lost', { device: 'auto' })).tried).toEqual([
    'webgpu automatic',
    'webgpu automatic',
    'cpu automatic',
    'cpu automatic'
  ])
})

it('keeps a device and a precision that the user named', async () => {
  expect((await attempts('engine-lost', { device: 'webgpu' })).tried).not.toContain('cpu automatic')
  const half = { device: 'webgpu', precision: 'fp16' } as const
  expect((await attempts('overflow', half)).tried).toEqual(['webgpu fp16'])
})

it('does not repeat a failure that another device has too', async () => {
  expect((await attempts('bad-file', { device: 'auto' })).tried).toEqual(['webgpu automatic'])
  expect((await attempts('overflow', { device: 'cpu' })).tried).toEqual(['cpu automatic'])
})
