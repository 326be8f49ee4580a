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
import { throwIfCancelled } from '../base/files/cancelling'
import { openMember } from '../checkpoint/pair-member'
import { requirePlatform } from '../engine/device/platforms'
import { createEngineHost, type EngineHost } from '../engine/host'
import { type DecoderSpec, expertTensors, type LayerTensorSpec, sharedTensors } from '../family'
import { pairPaths } from '../project/demo'
import { mayHaveGpu } from './gpu-nodes'

/** float32 products in another order move logits by some 1e-5; a wrong kernel moves them by whole units. */
const TOLERANCE = 1e-3

/**
 * A layer of fewer weights than this is done before a GPU has begun, and a speed measured on large products says
 * nothing of it.
 */
const SMALL_LAYER = 1_000_000

/** Required speed relative to the CPU. Copies of states and results take extra time. */
const WORTHWHILE = 1.5

/** Devices of this machine. They are tried once, at the first request. */
export class Devices {
  private trial: Promise<DeviceReport[]> | null = null

  /**
   * @param openEngine starts an engine like those that compute later. A GPU may work in one kind of process only.
   * @param gpuThere returns true if the machine may have a device besides the CPU
   */
  constructor(
    private readonly openEngine: () => EngineHost = createEngineHost,
    private readonly gpuThere: () => Promise<boolean> = mayHaveGpu
  ) {}

  /** Tries every device that onnxruntime may have, the CPU first. */
  reports(): Promise<DeviceReport[]> {
    this.trial ??= findDevices(this.openEngine)
    return this.trial
  }

  /** Discards the reports, so that a newly installed driver is tried. */
  forget(): void {
    this.trial = null
  }

  /**
   * Chooses the device for a pair: the requested one, or the fastest that computes correctly. No device is tried if
   * the machine can have no GPU. Software adapters compute on the CPU and are slower than the CPU device.
   *
   * @param base folder of the base model, whose layers have the shapes of post's.
   * @returns the device, with a notice if a GPU is not used because it computes wrongly.
   * @throws WorkbenchError when the folder cannot be read
   */
  async choose(choice: DeviceChoice, base: string): Promise<ChosenDevice> {
    if (choice !== 'auto') return { device: choice, notice: null }
    if (layerWeights(await specOf(base)) < SMALL_LAYER) return { device: 'cpu', notice: null }
    if (this.trial === null && !(await this.gpuThere())) return { device: 'cpu', notice: null }
    return fastestDevice(await this.reports())
  }
}

/**
 * Returns devices whose trial stops when `signal` fires. The engine that tries a device is stopped, and no other
 * starts.
 *
 * @param openEngine see {@link Devices}
 */
export function triedDevices(signal: AbortSignal, openEngine: () => EngineHost = createEngineHost): Devices {
  return new Devices(() => {
    throwIfCancelled(signal, 'The trial of devices')
    const host = openEngine()
    signal.addEventListener('abort', () => void host.close(), { once: true })
    return host
  })
}

/** The fastest of the devices that work, and a word about those that answered wrongly. */
export function fastestDevice(reports: readonly DeviceReport[]): ChosenDevice {
  const speed = (report: DeviceReport | undefined): number => report?.check?.gigaflops ?? 0
  const cpu = reports.find(({ device }) => device === 'cpu')
  const best = reports
    .filter((report) => report.works && speed(report) > WORTHWHILE * speed(cpu))
    .sort((a, b) => speed(b) - speed(a))[0]
  const wrong = reports.find((report) => !report.works && report.check !== null)
  return {
    device: best?.device ?? 'cpu',
    notice: wrong === undefined ? null : `${DEVICE_LABELS[wrong.device]} is not used: ${wrong.reason ?? ''}`
  }
}

async function findDevices(openEngine: () => EngineHost): Promise<DeviceReport[]> {
  const reports: DeviceReport[] = []
  // One after the other: they would slow each other down.
  for (const device of DeviceName.options) reports.push(await tryDevice(device, openEngine))
  return reports
}

/** In an engine process of its own: a broken driver may take the process down, and others' work with it. */
async function tryDevice(device: DeviceName, openEngine: () => EngineHost): Promise<DeviceReport> {
  try {
    requirePlatform(device)
    const check = await checkedBy(openEngine(), device)
    const works = check.largestDifference <= TOLERANCE
    const reason = works
      ? null
      : `its results differ from the CPU's by ${check.largestDifference.toPrecision(2)}; a newer driver may help.`
    return { device, works, reason, check }
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.problem.code === 'cancelled') throw error
    const { message, hint } = error.problem
    return { device, works: false, reason: [message, hint].join(' ').trim(), check: null }
  }
}

/** Ends the engine. */
async function checkedBy(host: EngineHost, device: DeviceName): Promise<DeviceCheck> {
  try {
    return await host.client().checkDevice({ ...pairPaths({ kind: 'demo' }), device })
  } finally {
    await host.close()
  }
}

async function specOf(folder: string): Promise<DecoderSpec> {
  return (await openMember(folder)).spec
}

/** Weights that a row of the first layer goes through. */
function layerWeights(spec: DecoderSpec): number {
  const { experts } = elementAt(spec.layers, 0, 'layer')
  const weights = (tensors: readonly LayerTensorSpec[]): number =>
    tensors.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0)
  return (
    weights(sharedTensors(spec, 0)) +
    (experts === null ? 0 : experts.perRow * weights(expertTensors(spec, 0, 0)))
  )
}
