import { release } from 'node:os'
import { version } from '../../../package.json'
import {
  type ChosenDevice,
  DEVICE_LABELS,
  type DeviceCheck,
  type DeviceChoice,
  DeviceName,
  type DeviceReport
} from '../../contract/model/device'
import { elementAt } from '../../contract/model/look-up'
import { WorkbenchError } from '../../contract/model/problem'
import type { CheckDeviceRequest } from '../../contract/procedures/engine'
import { throwIfCancelled } from '../base/files/cancelling'
import { elementCount } from '../checkpoint/dtype'
import { openMember } from '../checkpoint/pair-member'
import { requirePlatform } from '../engine/device/platforms'
import { createEngineHost, type EngineHost } from '../engine/host'
import { type DecoderSpec, expertTensors, type LayerTensorSpec, sharedTensors } from '../family'
import { demoPaths } from '../project/demo'
import { cudaProblem, type MachineGpus, readGpus, vulkanGpus, vulkanProblem } from './gpus'

/**
 * Largest accepted relative difference from the CPU. Correct devices differ by about 1e-6 in fp32 and 1e-3 in fp16, and
 * wrong kernels by about 1.
 */
const TOLERANCE = { fp32: 1e-3, fp16: 0.03 }

/** Returns the reason why a device computes wrongly; null if it computes correctly. */
export function whyWrong({ largestDifference, precision }: DeviceCheck): string | null {
  if (largestDifference <= TOLERANCE[precision]) return null
  const difference = largestDifference.toPrecision(2)
  return `its results in ${precision} differ from the CPU's by ${difference}; a newer driver may help.`
}

/** Number of weights below which a layer is computed faster by the CPU, because starting a GPU takes longer. */
const SMALL_LAYER = 1_000_000

const SMALL_NOTICE = 'The CPU computes, because layers this small gain nothing from a GPU.'

/** How many times as fast as the CPU a GPU must be to be chosen. Copies to and from the GPU take extra time. */
const WORTHWHILE = 1.5

/** Tries the devices of this machine once, and chooses between them. */
export class Devices {
  /** Reports of all devices, once they were requested. */
  private trial: Promise<DeviceReport[]> | null = null
  private machine: Promise<MachineGpus | null> | null = null

  constructor(
    private readonly openEngine: () => EngineHost = createEngineHost,
    private readonly readMachine: () => Promise<MachineGpus | null> = () => readGpus()
  ) {}

  /** Reports whether each device works, and how fast it is. The first call tries the devices. */
  reports(): Promise<DeviceReport[]> {
    this.trial ??= findDevices(this.openEngine, this.gpus())
    return this.trial
  }

  /** Discards the reports, so that devices are tried again after a driver was installed. */
  forget(): void {
    this.trial = null
    this.machine = null
  }

  /** Compares layers of a pair on a device with the CPU. */
  check(request: CheckDeviceRequest, signal: AbortSignal): Promise<DeviceCheck> {
    return runDeviceCheck(this.openEngine(), request, signal)
  }

  /** Describes the GPUs, their drivers and the runtime, which decide whether a device computes correctly. */
  async drivers(): Promise<string> {
    return JSON.stringify([version, release(), await this.gpus()])
  }

  /** Reads the GPUs of this machine once, which starts a program of the system. */
  private gpus(): Promise<MachineGpus | null> {
    this.machine ??= this.readMachine()
    return this.machine
  }

  /**
   * Chooses the requested device, or for `auto` the best device that computes correctly.
   *
   * @param base folder of one model of the pair
   * @returns the device, with a notice if a GPU of the machine is not used
   */
  async choose(choice: DeviceChoice, base: string): Promise<ChosenDevice> {
    if (choice !== 'auto') return { device: choice, notice: null }
    const machine = await this.gpus()
    if (machine?.gpus.length === 0) return { device: 'cpu', notice: null }
    if (layerWeights((await openMember(base)).spec) < SMALL_LAYER)
      return { device: 'cpu', notice: machine === null ? null : SMALL_NOTICE }
    return bestDevice(await this.reports(), machine)
  }
}

/** Creates {@link Devices} whose trial stops when `signal` fires. */
export function triedDevices(signal: AbortSignal, openEngine: () => EngineHost = createEngineHost): Devices {
  return new Devices(() => {
    throwIfCancelled(signal, 'The trial of devices')
    const host = openEngine()
    signal.addEventListener('abort', () => void host.close(), { once: true })
    return host
  })
}

/**
 * Devices that can be chosen automatically, the preferred first. CoreML is missing because it compiles for seconds and
 * returned wrong fp16 results (microsoft/onnxruntime#32569).
 */
const AUTOMATIC: readonly DeviceName[] = ['cuda', 'webgpu', 'dml']

/** Returns the first automatic device that works and is fast enough, else the CPU with the reason for no GPU. */
export function bestDevice(reports: readonly DeviceReport[], machine: MachineGpus | null): ChosenDevice {
  const reportOf = (name: DeviceName): DeviceReport | undefined => reports.find(({ device }) => device === name)
  const speed = (report: DeviceReport | undefined): number => report?.check?.gigaflops ?? 0
  const isWorthwhile = (report: DeviceReport): boolean => speed(report) > WORTHWHILE * speed(reportOf('cpu'))
  const device = AUTOMATIC.find((name) => {
    const report = reportOf(name)
    return report !== undefined && report.works && !report.isSoftware && isWorthwhile(report)
  })
  if (device !== undefined) return { device, notice: null }
  return { device: 'cpu', notice: whyNoGpu(reports, machine) }
}

/** Returns the reason why the CPU computes although the machine has a GPU; null for a machine without a GPU. */
function whyNoGpu(reports: readonly DeviceReport[], machine: MachineGpus | null): string | null {
  for (const { device, reason, check } of reports)
    if (reason !== null && check !== null) return `${DEVICE_LABELS[device]} is not used: ${reason}`
  const gpu = machine?.gpus[0]
  if (machine === null || gpu === undefined) return null
  const wanted = gpu.vendor === 'NVIDIA' ? 'cuda' : 'webgpu'
  const report = reports.find(({ device }) => device === wanted)
  const slow = `${DEVICE_LABELS[wanted]} is not ${WORTHWHILE} times as fast.`
  const why = missingFor(wanted, machine) ?? report?.reason ?? slow
  return `The CPU computes, not ${gpu.name}: ${why} See "slr doctor".`
}

/** Returns what this machine lacks for a device, with a remedy; null if nothing is known to be missing. */
function missingFor(device: DeviceName, machine: MachineGpus | null): string | null {
  if (machine === null) return null
  if (device === 'webgpu') return vulkanProblem(machine)
  if (device !== 'cuda') return null
  return machine.cuda === null ? 'This machine has no GPU of NVIDIA.' : cudaProblem(machine)
}

async function findDevices(openEngine: () => EngineHost, gpus: Promise<MachineGpus | null>): Promise<DeviceReport[]> {
  const machine = await gpus
  const reports: DeviceReport[] = []
  // Devices are tried one after the other, because simultaneous trials would slow each other down.
  for (const device of DeviceName.options)
    reports.push({ ...(await tryDevice(device, openEngine, machine)), ...adapterOf(device, machine) })
  return reports
}

/** Names the GPU that a device uses, if the machine's GPUs are known. */
function adapterOf(device: DeviceName, machine: MachineGpus | null): Pick<DeviceReport, 'adapter' | 'isSoftware'> {
  if (machine === null || (device !== 'cuda' && device !== 'webgpu')) return { adapter: null, isSoftware: false }
  const gpus = device === 'cuda' ? machine.gpus.filter(({ vendor }) => vendor === 'NVIDIA') : vulkanGpus(machine)
  if (gpus.length > 0) return { adapter: gpus.map(({ name }) => name).join(' or '), isSoftware: false }
  return device === 'cuda'
    ? { adapter: null, isSoftware: false }
    : { adapter: 'software on the CPU (llvmpipe or SwiftShader)', isSoftware: true }
}

type Trial = Omit<DeviceReport, 'adapter' | 'isSoftware'>

/** Tries a device in a new engine process, because a broken driver may crash the process that uses it. */
async function tryDevice(
  device: DeviceName,
  openEngine: () => EngineHost,
  machine: MachineGpus | null
): Promise<Trial> {
  try {
    requirePlatform(device)
    const check = await runDeviceCheck(openEngine(), { ...demoPaths('stages'), device, precision: 'fp32' })
    const reason = whyWrong(check)
    return { device, works: reason === null, reason, check }
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.problem.code === 'cancelled') throw error
    const { message, hint } = error.problem
    const reason = missingFor(device, machine) ?? [message, hint].join(' ').trim()
    return { device, works: false, reason, check: null }
  }
}

/** Compares a device with the CPU in an engine, and then closes the engine. */
async function runDeviceCheck(
  host: EngineHost,
  request: CheckDeviceRequest,
  signal?: AbortSignal
): Promise<DeviceCheck> {
  try {
    return await host.client().checkDevice(request, { signal })
  } finally {
    await host.close()
  }
}

/** Counts the weights of the first layer that one row of its input is multiplied by. */
function layerWeights(spec: DecoderSpec): number {
  const { experts } = elementAt(spec.layers, 0, 'layer')
  const weights = (tensors: readonly LayerTensorSpec[]): number =>
    tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0)
  return weights(sharedTensors(spec, 0)) + (experts === null ? 0 : experts.perRow * weights(expertTensors(spec, 0, 0)))
}
