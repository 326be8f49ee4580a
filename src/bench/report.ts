import { describeProfiles, type BlockProfile } from './block-profile'
import { describeComparisons, describeWork, type Comparison } from './comparison'
import { describePlans, type PlannedSweep } from './full-depth'
import { describeExports, type ExportMeasure } from './export'
import { describeSpeeds, describeVariants, type Generation } from './generation'
import { describeSized, type SizedGeneration } from './generation-at-size'
import { describeGrowth, type Growth } from './growth'
import { describeMachineLine, type Machine } from './machine'
import { describeMemory, type PeakMemory } from './peak-memory'
import { describeDistances, type DistanceSpeed } from './weight-distances'
import { describePreviews, type PreviewTime } from './preview'
import { describeTasks, type TaskSweepTime } from './task-sweep'
import { describeWindows, type WindowStart } from './window'

/** Everything a run measured so far: what --json writes. */
export interface BenchReport {
  readonly machine: Machine
  readonly comparisons: Comparison[]
  readonly profiles: BlockProfile[]
  readonly growth: Growth[]
  readonly memory: PeakMemory[]
  readonly plans: PlannedSweep[]
  /** Of one pair each. */
  readonly generations: Generation[]
  readonly sized: SizedGeneration[]
  readonly tasks: TaskSweepTime[]
  readonly previews: PreviewTime[]
  readonly distances: DistanceSpeed[]
  readonly exports: ExportMeasure[]
  readonly windows: WindowStart[]
}

/** The report as tables; parts that were not measured are left out. */
export function describeReport({
  machine,
  comparisons,
  profiles,
  growth,
  memory,
  plans,
  generations,
  sized,
  tasks,
  previews,
  distances,
  exports,
  windows
}: BenchReport): string {
  const parts = [
    comparisons.length > 0 && describeComparisons(comparisons) + describeWork(comparisons),
    profiles.length > 0 && describeProfiles(profiles),
    growth.length > 0 && describeGrowth(growth),
    memory.length > 0 && describeMemory(memory),
    plans.length > 0 && describePlans(plans),
    generations.length > 0 && describeSpeeds(generations) + describeVariants(generations),
    sized.length > 0 && describeSized(sized),
    tasks.length > 0 && describeTasks(tasks),
    previews.length > 0 && describePreviews(previews),
    distances.length > 0 && describeDistances(distances),
    exports.length > 0 && describeExports(exports),
    windows.length > 0 && describeWindows(windows)
  ]
  return `${describeMachineLine(machine)}\n${parts.filter((part) => part !== false).join('')}`
}
