import { DEVICE_LABELS, type DeviceName, type DeviceReport, type Precision } from '../contract/model/device'
import { elementAt, mapGet } from '../contract/model/look-up'
import type { TrackedPrompt } from '../contract/procedures/engine'
import type { PairFolders } from '../main/crc/sweep/score-recipes'
import { createEngineHost } from '../main/engine/host'
import { section } from './table'
import { postAndRanges } from './workload'

export interface DeviceSweep {
  readonly device: DeviceName
  /** Name of the GPU; null if unknown. */
  readonly adapter: string | null
  readonly precision: Precision
  /** Seconds of the first sweep, which includes compiling for the device, and of the second sweep. */
  readonly seconds: readonly [first: number, second: number]
  readonly secondsPerBlock: number
  /** Bytes copied to the device and back in the second sweep; null if unknown. */
  readonly moved: { readonly toDevice: number; readonly fromDevice: number } | null
  /** Largest difference of a probability from the CPU's. */
  readonly largestDifference: number
}

/** Block evaluations of a sweep of all ranges of a model with 8 billion parameters and 32 layers. */
const EVALUATIONS_8B = 6_016

/** Sweeps a pair on the CPU and on every device that works, each in a new engine process. */
export async function measureDevices(
  folders: PairFolders,
  layerCount: number,
  prompts: readonly TrackedPrompt[],
  reports: readonly DeviceReport[],
  signal: AbortSignal
): Promise<DeviceSweep[]> {
  const usable = reports.filter(({ works, isSoftware }) => works && !isSoftware)
  const results: DeviceSweep[] = []
  // The CPU comes first. Its probabilities are the reference.
  let reference: Float64Array | null = null
  for (const { device, adapter } of usable) {
    const engine = createEngineHost()
    try {
      const sweep = (): Promise<TimedSweep> => timeDevice(engine.client(), folders, layerCount, prompts, device, signal)
      const first = await sweep()
      const second = await sweep()
      reference ??= second.probabilities
      const cpu = reference
      results.push({
        device,
        adapter,
        precision: second.precision,
        seconds: [first.seconds, second.seconds],
        secondsPerBlock: second.seconds / second.blockEvaluations,
        moved: second.moved,
        largestDifference: second.probabilities.reduce(
          (max, value, index) => Math.max(max, Math.abs(value - elementAt(cpu, index, 'probability'))),
          0
        )
      })
    } finally {
      await engine.close()
    }
  }
  return results
}

interface TimedSweep extends Pick<DeviceSweep, 'precision' | 'moved'> {
  readonly seconds: number
  readonly blockEvaluations: number
  /** Probabilities of all models, prompts and groups, in a fixed order. */
  readonly probabilities: Float64Array
}

async function timeDevice(
  engine: ReturnType<ReturnType<typeof createEngineHost>['client']>,
  folders: PairFolders,
  layerCount: number,
  prompts: readonly TrackedPrompt[],
  device: DeviceName,
  signal: AbortSignal
): Promise<TimedSweep> {
  const models = postAndRanges(layerCount)
  const request = { ...folders, device, models, prompts: [...prompts], memoryBytes: 2 ** 40 }
  const probabilitiesOf = new Map<string, number[]>()
  let precision: Precision = 'fp32'
  const startedMs = performance.now()
  for await (const event of await engine.sweep(request, { signal })) {
    if (event.type === 'plan') precision = event.precision
    if (event.type === 'probabilities')
      for (const [index, prompt] of event.prompts.entries())
        probabilitiesOf.set(`${event.model} ${prompt}`, elementAt(event.probabilities, index, 'prompt'))
    if (event.type === 'done') {
      const ordered = models.flatMap((_, model) =>
        prompts.flatMap((_prompt, prompt) => mapGet(probabilitiesOf, `${model} ${prompt}`, 'score'))
      )
      return {
        precision,
        moved: event.moved,
        seconds: (performance.now() - startedMs) / 1000,
        blockEvaluations: event.work.blockEvaluations,
        probabilities: Float64Array.from(ordered)
      }
    }
  }
  throw new Error('the sweep ended without a result')
}

export function describeDevices(sweeps: readonly DeviceSweep[]): string {
  const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1)
  return section(
    'Devices: a sweep of Llama-3.1-8B’s width, 2 layers, 40 prompts',
    'device | precision | first s | second s | GB moved | off by | 8B, 32 layers',
    sweeps.map(({ device, adapter, precision, seconds, secondsPerBlock, moved, largestDifference }) => [
      adapter === null ? DEVICE_LABELS[device] : `${DEVICE_LABELS[device]} (${adapter})`,
      precision,
      ...seconds.map((value) => value.toFixed(1)),
      moved === null ? '' : gigabytes(moved.toDevice + moved.fromDevice),
      device === 'cpu' ? '' : largestDifference.toExponential(0),
      `${((secondsPerBlock * EVALUATIONS_8B) / 60).toFixed(1)} min`
    ]),
    'The last column is the time of a block times 6,016 evaluations, each with a reading of its weights.'
  )
}
