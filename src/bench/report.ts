import { type AdapterSweepTime, describeAdapterSweeps } from './adapter-sweep'
import { describeComparisons, describeWork, type Comparison } from './comparison'
import { describeSpeeds, describeVariants, type GenerationTimes } from './generation'
import { describeDevices, type DeviceSweep } from './gpu'
import { describeMachineLine, type Machine } from './machine'
import { describeMemory, type PeakMemory } from './peak-memory'
import { describePreviews, type PreviewTime } from './preview'
import { describeServing, type ServingTimes } from './serving'

/** All measurements of a run so far, as --json writes them. */
export interface BenchReport {
  readonly machine: Machine
  readonly comparisons: Comparison[]
  readonly memory: PeakMemory[]
  /** Measurements of generation, one entry for each pair. */
  readonly generations: GenerationTimes[]
  readonly adapters: AdapterSweepTime[]
  readonly servings: ServingTimes[]
  readonly previews: PreviewTime[]
  readonly devices: DeviceSweep[]
}

/** Formats a report as tables. Parts that were not measured are left out. */
export function describeReport(report: BenchReport): string {
  const { machine, comparisons, memory, generations, adapters, servings, previews, devices } = report
  const parts = [
    comparisons.length > 0 && describeComparisons(comparisons) + describeWork(comparisons),
    memory.length > 0 && describeMemory(memory),
    generations.length > 0 && describeSpeeds(generations) + describeVariants(generations),
    adapters.length > 0 && describeAdapterSweeps(adapters),
    servings.length > 0 && describeServing(servings),
    previews.length > 0 && describePreviews(previews),
    devices.length > 0 && describeDevices(devices)
  ]
  return `${describeMachineLine(machine)}\n${parts.filter((part) => part !== false).join('')}`
}
