import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type ChosenDevice, type DeviceCheck, DeviceName, DeviceReport } from '../../../src/contract/model/device'
import { WorkbenchError } from '../../../src/contract/model/problem'
import type { Gpu, MachineGpus } from '../../../src/main/work/gpus'
import type { EngineHost } from '../../../src/main/engine/host'
import { bestDevice, Devices, triedDevices } from '../../../src/main/work/devices'
import { openDevice } from '../../../src/main/engine/device/device'
import { resourcePath } from '../../../src/main/base/resources'
import { temporaryFolder, writeTinyLlama } from '../../fixtures/checkpoint-builder'
import { runHere } from '../../fixtures/command-line'
import { HeldEngine } from '../../fixtures/held-engine'
import { Later } from '../../fixtures/later'
import { sharedEngine } from '../../fixtures/shared-engine'
import { waitFor } from '../../fixtures/wait-for'

const DEMO_POST = resourcePath('blend-pair', 'post')

const report = (device: DeviceName, works: boolean, check: DeviceCheck | null): DeviceReport => {
  return { device, adapter: null, isSoftware: false, works, check, reason: works ? null : 'for some reason' }
}
const machineWith = (gpus: readonly Gpu[]): MachineGpus => ({
  gpus,
  cuda: null,
  vulkan: { hasLoader: true, drivers: [{ name: 'radeon_icd.json', library: 'libvulkan_radeon.so' }] }
})
const RADEON: Gpu = { name: 'AMD GPU 0x744c', vendor: 'AMD', driver: 'amdgpu' }
const checked = (gigaflops: number, largestDifference = 1e-5): DeviceCheck => {
  return { precision: 'fp32', gigaflops, largestDifference }
}

describe('the automatic choice of a device', () => {
  const cpu = report('cpu', true, checked(100))

  const choose = (reports: readonly DeviceReport[], machine: MachineGpus | null = null): ChosenDevice =>
    bestDevice([cpu, ...reports], machine)

  it('takes CUDA before WebGPU, and DirectML last', () => {
    const dml = report('dml', true, checked(9000))
    const webgpu = report('webgpu', true, checked(5000))
    const fast = choose([webgpu, report('cuda', true, checked(4000)), dml])
    expect(fast).toEqual({ device: 'cuda', notice: null })
    expect(choose([webgpu, report('cuda', false, null), dml]).device).toBe('webgpu')
    expect(choose([dml]).device).toBe('dml')
  })

  it('stays with the CPU when a GPU is hardly faster, and never takes software or CoreML', () => {
    expect(choose([report('webgpu', true, checked(140))]).device).toBe('cpu')
    expect(choose([{ ...report('webgpu', true, checked(900)), isSoftware: true }]).device).toBe('cpu')
    expect(choose([report('coreml', true, checked(900))]).device).toBe('cpu')
  })

  it('never takes one that computes wrongly, and says so', () => {
    const { device, notice } = choose([report('webgpu', false, checked(9000, 0.8))])
    expect(device).toBe('cpu')
    expect(notice).toBe('WebGPU is not used: for some reason')
  })

  it('says why a GPU is not used, and needs no word about one that is not there', () => {
    expect(choose([report('cuda', false, null)], machineWith([]))).toEqual({ device: 'cpu', notice: null })
    const notice = (webgpu: DeviceReport) => choose([webgpu], machineWith([RADEON])).notice
    const told = (why: string) => `The CPU computes, not AMD GPU 0x744c: ${why} See "slr doctor".`
    expect(notice(report('webgpu', false, null))).toBe(told('for some reason'))
    expect(notice(report('webgpu', true, checked(140)))).toBe(told('WebGPU is not 1.5 times as fast.'))
  })

  it('is the CPU for the demo pair, without trying anything out', async () => {
    for (const gpus of [[], [RADEON]]) {
      const devices = new Devices(undefined, () => Promise.resolve(machineWith(gpus)))
      devices.reports = () => Promise.reject(new Error('nothing should be tried out'))
      const small = 'The CPU computes, because layers this small gain nothing from a GPU.'
      const notice = gpus.length === 0 ? null : small
      expect(await devices.choose('auto', DEMO_POST)).toEqual({ device: 'cpu', notice })
    }
  })

  it('is the CPU where no GPU can be, without trying out what software poses as one', async () => {
    const folder = await temporaryFolder()
    const changes = { hidden_size: 256, intermediate_size: 1408, num_hidden_layers: 1 }
    const post = await writeTinyLlama(folder, changes)
    let tried = false
    const choice = (machine: MachineGpus | null): Promise<ChosenDevice> => {
      const devices = new Devices(undefined, () => Promise.resolve(machine))
      devices.reports = () => {
        tried = true
        return Promise.resolve([cpu, report('webgpu', true, checked(900))])
      }
      return devices.choose('auto', post)
    }
    expect(await choice(machineWith([]))).toEqual({ device: 'cpu', notice: null })
    expect(tried).toBe(false)
    expect(await choice(null)).toEqual({ device: 'webgpu', notice: null })
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

  it('is known without an engine, which starts only for the others', async () => {
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
          checkDevice: () => ended.promise.then(() => Promise.reject(new WorkbenchError('engine-lost', 'It ended.')))
        }),
        close: async () => ended.resolve()
      }
    })
    const reports = devices.reports()
    await waitFor(() => expect(opened).toHaveLength(1))
    stop.abort()
    await expect(reports).rejects.toThrow('The trial of devices was cancelled.')
    expect(opened).toHaveLength(1)
  })
})

describe('slr doctor', () => {
  it('reports each device with its state, and finds the CPU working', async () => {
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
