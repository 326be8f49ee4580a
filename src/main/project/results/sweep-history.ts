import { defaultSweepOf } from '../../../contract/documents/default-sweep'
import type { SweepSummary } from '../../../contract/documents/project'
import type { ScoredByBrief } from '../../../contract/documents/scored-by'
import type { DeviceChoice } from '../../../contract/model/device'
import type { SweepHistory } from '../../crc/sweep/crc-sweep'
import type { FindComparableSweep } from '../../crc/sweep/sweep-pace'
import { SavedSweepProgress } from '../../crc/sweep/saved-sweep-progress'
import type { ProjectPair } from '../pair/project-pair'
import { projectSweepProgress } from '../documents/sweep-files'

/**
 * Returns the results that a new sweep can reuse: of an interrupted sweep, and of the default sweep by the same task.
 *
 * @param fresh true to reuse no results
 */
export function historyOf(pair: ProjectPair, fresh: boolean, scoredBy: ScoredByBrief): SweepHistory {
  const last = defaultSweepOf(pair.sweeps.filter((sweep) => taskOf(sweep.scoredBy) === taskOf(scoredBy)))
  return {
    savedProgress: new SavedSweepProgress(projectSweepProgress(pair.folder, pair.project.change)),
    outputPaths: [pair.folder],
    lastSweep: async () => (last === undefined ? null : pair.readSweep(last.id)),
    fresh
  }
}

/**
 * Returns the newest sweep whose duration predicts the next one. It is of the same kind, preview or full, if there is
 * any. It has at least half as many rows as the largest: in a small sweep, the start of the engine takes most time.
 *
 * @param options.task id of the task; null for the character task
 */
export function newestComparable(
  { sweeps }: Pick<ProjectPair, 'sweeps'>,
  { task, device, isPreview }: { task: string | null; device: DeviceChoice; isPreview: boolean }
): SweepSummary | undefined {
  const candidates = sweeps.filter(
    (sweep) => taskOf(sweep.scoredBy) === task && (device === 'auto' || sweep.computed.device === device)
  )
  const computed = candidates.filter((sweep) => sweep.computedRows > 0)
  const sameKind = computed.filter((sweep) => sweep.isPreview === isPreview)
  const comparable = sameKind.length > 0 ? sameKind : computed
  const maxRows = Math.max(...comparable.map(({ computedRows }) => computedRows))
  return comparable.find(({ computedRows }) => computedRows >= maxRows / 2)
}

/** Returns the sweep of {@link newestComparable} for a plan. */
export const comparableSweepOf =
  (pair: ProjectPair, scoredBy: ScoredByBrief): FindComparableSweep =>
  async ({ device, isPreview }) => {
    const newest = newestComparable(pair, { task: taskOf(scoredBy), device, isPreview })
    return newest === undefined ? null : pair.readSweep(newest.id)
  }

/** Returns the id of the task; null for the character task. */
const taskOf = (scoredBy: ScoredByBrief): string | null => (scoredBy.kind === 'crc' ? null : scoredBy.task.id)

/** Returns the default sweep of the character task; undefined if there is none. */
export const defaultCharacterSweep = ({ sweeps }: Pick<ProjectPair, 'sweeps'>): SweepSummary | undefined =>
  defaultSweepOf(sweeps.filter(({ scoredBy }) => scoredBy.kind === 'crc'))
