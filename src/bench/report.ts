import { describeComparisons, describeWork, type Comparison } from './comparison'
import { describeSpeeds, describeVariants, type GenerationTimes } from './generation'
import { describeDevices, type DeviceSweep } from './gpu'
import { describeMachineLine, type Machine } from './machine'
import { describeMemory, type PeakMemory } from './peak-memory'

/** Everything a run measured so far: what --json writes. */
export interface BenchReport {
  readonly machine: Machine
  readonly comparisons: Comparison[]
  readonly memory: PeakMemory[]
  /** One entry for each pair. */
  readonly generations: GenerationTimes[]
  readonly devices: DeviceSweep[]
}

/** The report as tables; parts that were not measured are left out. */
export function describeReport({ machine, comparisons, memory, generations, devices }: BenchReport): string {
  const parts = [
    comparisons.length > 0 && describeComparisons(comparisons) + describeWork(comparisons),
    memory.length > 0 && describeMemory(memory),
    generations.length > 0 && describeSpeeds(generations) + describeVariants(generations),
    devices.length > 0 && describeDevices(devices)
  ]
  return `${describeMachineLine(machine)}\n${parts.filter((part) => part !== false).join('')}`
}
