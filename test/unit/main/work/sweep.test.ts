import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { ChosenDevice, DeviceCheck } from '../../../../src/contract/model/device'
import { type ProblemCode, WorkbenchError } from '../../../../src/contract/model/problem'
import type { CheckDeviceRequest, EngineSweepEvent } from '../../../../src/contract/procedures/engine'
import { Devices } from '../../../../src/main/work/devices'
import { SweepWork } from '../../../../src/main/work/sweep'
import { folderContext } from '../../../../src/main/work/work-context'
import { problemOf } from '../../../fixtures/problems'
import { scriptedEngine } from '../../../fixtures/scripted-engine'

/** A machine whose automatic device is WebGPU, with its differences from the CPU in each precision. */
class GpuFirst extends Devices {
  readonly checked: string[] = []

  /** @param differences null for a precision that needs too much memory @param driver version of the driver */
  constructor(
    private readonly differences: { fp16: number | null; fp32: number | null } = { fp16: 1e-3, fp32: 1e-6 },
    private readonly driver = randomUUID()
  ) {
    super()
  }

  override drivers = () => Promise.resolve(this.driver)

  override check = ({ precision = 'fp16' }: CheckDeviceRequest): Promise<DeviceCheck> => {
    this.checked.push(precision)
    const largestDifference = this.differences[precision]
    return largestDifference === null
      ? Promise.reject(new WorkbenchError('device-memory', 'WebGPU has too little memory.'))
      : Promise.resolve({ precision, largestDifference, gigaflops: 100 })
  }

  override choose = (choice: string): Promise<ChosenDevice> =>
    Promise.resolve({ device: choice === 'cpu' ? 'cpu' : 'webgpu', notice: null })
}

/** Attempts of a sweep of which every one fails, and the notices between them. */
async function attempts(
  code: ProblemCode,
  settings: Parameters<typeof SweepWork.open>[0],
  devices = new GpuFirst()
): Promise<{ tried: string[]; notices: string[]; problem: ProblemCode }> {
  const tried: string[] = []
  const notices: string[] = []
  const engine = scriptedEngine({
    async *sweep({ device, precision }) {
      tried.push(`${device} ${precision ?? 'automatic'}`)
      yield await Promise.reject<EngineSweepEvent>(new WorkbenchError(code, 'It failed.'))
    }
  })
  const work = await SweepWork.open(settings, folderContext({ kind: 'demo', pair: 'blend' }), devices)
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

it('checks a GPU once for each driver and precision before a sweep', async () => {
  const devices = new GpuFirst()
  for (let sweep = 0; sweep < 2; sweep++) await attempts('bad-file', { device: 'auto' }, devices)
  expect(devices.checked).toEqual(['fp16'])
  const updated = new GpuFirst()
  await attempts('bad-file', { device: 'auto' }, updated)
  await attempts('bad-file', { device: 'webgpu', precision: 'fp32' }, updated)
  expect(updated.checked).toEqual(['fp16', 'fp32'])
})

it('computes in fp32, or on the CPU, if layers of the pair differ on an automatic GPU', async () => {
  const halfWrong = new GpuFirst({ fp16: NaN, fp32: 1e-6 })
  expect((await attempts('bad-file', { device: 'auto' }, halfWrong)).tried).toEqual(['webgpu fp32'])
  const { tried } = await attempts('bad-file', { device: 'auto' }, new GpuFirst({ fp16: 0.8, fp32: 0.7 }))
  expect(tried).toEqual(['cpu automatic'])
})

it('refuses a GPU that the user named if layers of the pair differ there', async () => {
  const wrong = new GpuFirst({ fp16: 0.8, fp32: 0.7 })
  expect(await attempts('bad-file', { device: 'webgpu' }, wrong)).toMatchObject({
    tried: [],
    problem: 'unsupported'
  })
})

it('uses a GPU without memory for the comparison, unless it was wrong in another precision', async () => {
  const small = new GpuFirst({ fp16: null, fp32: null })
  expect(await attempts('bad-file', { device: 'auto' }, small)).toMatchObject({
    tried: ['webgpu automatic'],
    notices: ['WebGPU was not compared with the CPU: WebGPU has too little memory.']
  })
  const wrong = new GpuFirst({ fp16: 0.8, fp32: null })
  expect((await attempts('bad-file', { device: 'auto' }, wrong)).tried).toEqual(['cpu automatic'])
  expect(await attempts('bad-file', { device: 'webgpu' }, new GpuFirst({ fp16: 0.8, fp32: null }))).toMatchObject({
    tried: [],
    problem: 'unsupported'
  })
})
