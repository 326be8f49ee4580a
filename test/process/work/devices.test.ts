import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import {
  type ChosenDevice,
  type DeviceCheck,
  DeviceName,
  DeviceReport
} from '../../../src/contract/model/device'
import { WorkbenchError } from '../../../src/contract/model/problem'
import type { EngineHost } from '../../../src/main/engine/host'
import { Devices, fastestDevice, triedDevices } from '../../../src/main/work/devices'
import { openDevice } from '../../../src/main/engine/device/device'
import { resourcePath } from '../../../src/main/base/resources'
import { temporaryFolder, writeTinyLlama } from '../../fixtures/checkpoint-builder'
import { runHere } from '../../fixtures/command-line'
import { HeldEngine } from '../../fixtures/held-engine'
import { Later } from '../../fixtures/later'
import { sharedEngine } from '../../fixtures/shared-engine'

const DEMO_POST = resourcePath('demo-pair', 'post')

const report = (device: DeviceName, works: boolean, check: DeviceCheck | null): DeviceReport => ({
  device,
  works,
  check,
  reason: works ? null : 'for some reason'
})
const checked = (gigaflops: number, largestDifference = 1e-5): DeviceCheck => ({
  gigaflops,
  largestDifference
})

describe('the automatic choice of a device', () => {
  const cpu = report('cpu', true, checked(100))

  it('takes the fastest that works', () => {
    const reports = [cpu, report('webgpu', true, checked(900)), report('cuda', true, checked(4000))]
    expect(fastestDevice(reports)).toEqual({ device: 'cuda', notice: null })
  })

  it('stays with the CPU when a GPU is hardly faster, or software', () => {
    expect(fastestDevice([cpu, report('webgpu', true, checked(140))]).device).toBe('cpu')
    expect(fastestDevice([cpu, report('webgpu', true, checked(5))]).device).toBe('cpu')
  })

  it('never takes one that computes wrongly, and says so', () => {
    const { device, notice } = fastestDevice([cpu, report('webgpu', false, checked(9000, 0.8))])
    expect(device).toBe('cpu')
    expect(notice).toBe('WebGPU is not used: for some reason')
  })

  it('needs no word about one that is not there', () => {
    expect(fastestDevice([cpu, report('cuda', false, null)])).toEqual({ device: 'cpu', notice: null })
  })

  it('is the CPU for the demo pair, without trying anything out', async () => {
    const devices = new Devices()
    devices.reports = () => Promise.reject(new Error('nothing should be tried out'))
    expect(await devices.choose('auto', DEMO_POST)).toEqual({ device: 'cpu', notice: null })
  })

  it('is the CPU where no GPU can be, without trying out what software poses as one', async () => {
    const folder = await temporaryFolder()
    const changes = { hidden_size: 256, intermediate_size: 1408, num_hidden_layers: 1 }
    const post = await writeTinyLlama(folder, changes)
    let tried = false
    const choice = (gpuThere: boolean): Promise<ChosenDevice> => {
      const devices = new Devices(undefined, () => Promise.resolve(gpuThere))
      devices.reports = () => {
        tried = true
        return Promise.resolve([cpu, report('webgpu', true, checked(900))])
      }
      return devices.choose('auto', post)
    }
    expect(await choice(false)).toEqual({ device: 'cpu', notice: null })
    expect(tried).toBe(false)
    expect(await choice(true)).toEqual({ device: 'webgpu', notice: null })
  })

  it('is left alone when the user has chosen', async () => {
    expect(await new Devices().choose('webgpu', DEMO_POST)).toEqual({ device: 'webgpu', notice: null })
  })
})

describe('a device that this machine cannot have', () => {
  const elsewhere = process.platform === 'darwin' ? 'dml' : 'coreml'

  it('is refused with where it exists', async () => {
    await expect(openDevice(elsewhere)).rejects.toMatchObject({
      problem: { code: 'unsupported', message: expect.stringMatching(/exists on (Windows|macOS) only/) }
    })
  })

  it('is known without an engine, which starts for the others alone', async () => {
    const tried: EngineHost[] = []
    const devices = new Devices(() => {
      const engine = new HeldEngine(sharedEngine).another()
      tried.push(engine)
      return engine
    })
    const reports = await devices.reports()
    expect(reports.map(({ device }) => device)).toEqual(DeviceName.options)
    const elsewhereOnly = reports.filter(({ reason }) => reason !== null && / exists on .* only/.test(reason))
    expect(tried).toHaveLength(reports.length - elsewhereOnly.length)
    expect(reports.find(({ device }) => device === elsewhere)).toMatchObject({
      works: false,
      reason: expect.stringMatching(/exists on (Windows|macOS) only/)
    })
  })

  it('fails a command that names it, in one line', async () => {
    const { status, stderr } = await runHere([
      'sample',
      '--next',
      '--demo',
      '--tokens',
      '1,2',
      '--device',
      elsewhere
    ])
    expect(status).toBe(1)
    expect(stderr).toMatch(/^slr: (DirectML|CoreML) exists on/)
  })
})

describe('a trial of devices that is stopped', () => {
  it('ends its engine and begins no other', async () => {
    const stop = new AbortController()
    const opened: Later<void>[] = []
    const devices = triedDevices(stop.signal, () => {
      const ended = new Later<void>()
      opened.push(ended)
      return {
        ...new HeldEngine(sharedEngine).another(),
        client: () => ({
          ...sharedEngine.client(),
          checkDevice: () =>
            ended.promise.then(() => Promise.reject(new WorkbenchError('engine-lost', 'It ended.')))
        }),
        close: async () => ended.resolve()
      }
    })
    const reports = devices.reports()
    await vi.waitFor(() => expect(opened).toHaveLength(1))
    stop.abort()
    await expect(reports).rejects.toThrow('The trial of devices was cancelled.')
    expect(opened).toHaveLength(1)
  })
})

describe('slr doctor', () => {
  it('reports each device with what was found, and finds the CPU working', async () => {
    const { status, stdout } = await runHere(['doctor', '--json'])
    expect(status).toBe(0)
    const { devices, automatic } = z
      .object({ devices: z.array(DeviceReport), automatic: DeviceName })
      .parse(JSON.parse(stdout))
    expect(devices.map(({ device }) => device)).toEqual(DeviceName.options)
    const cpu = devices.find(({ device }) => device === 'cpu')
    expect(cpu).toMatchObject({ works: true, reason: null, check: { largestDifference: 0 } })
    expect(cpu?.check?.gigaflops).toBeGreaterThan(0)
    expect(devices.find(({ device }) => device === automatic)?.works).toBe(true)
    for (const { works, reason } of devices) expect(works).toBe(reason === null)
  })
})
