import { defaultSweepOf } from '../../../contract/documents/answering-sweep'
import type { SweepSummary } from '../../../contract/documents/project'
import type { ScoredByBrief } from '../../../contract/documents/scored-by'
import type { DeviceChoice } from '../../../contract/model/device'
import type { SweepHistory } from '../../crc/sweep/crc-sweep'
import type { LikeSweep } from '../../crc/sweep/sweep-pace'
import { SweepCheckpoint } from '../../crc/sweep/sweep-checkpoint'
import type { ProjectPair } from '../pair/project-pair'
import { projectCheckpoints } from '../documents/sweep-files'

/** What a pair has of earlier sweeps: its checkpoints, and the sweep that it answers with, of those that were scored by the same task. */
export function historyOf(pair: ProjectPair, fresh: boolean, scoredBy: ScoredByBrief): SweepHistory {
  const last = defaultSweepOf(pair.sweeps.filter((sweep) => taskOf(sweep.scoredBy) === taskOf(scoredBy)))
  return {
    checkpoint: new SweepCheckpoint(projectCheckpoints(pair.folder)),
    places: [pair.folder],
    lastSweep: async () => (last === undefined ? null : pair.readSweep(last.id)),
    fresh
  }
}

/**
 * The newest finished sweep like the next one, on the same device: a preview or a whole one by the same scoring, or where there is none of
 * the one kind, of the other, whose rows go as fast. One that took most of its scores from an earlier one tells nothing: opening the models
 * took it longer than computing. @param of.task its id; null: the character task. How long the next one takes is told by it, in the plan and in the queue.
 */
export function newestLike(
  { sweeps }: Pick<ProjectPair, 'sweeps'>,
  { task, device, isPreview }: { task: string | null; device: DeviceChoice; isPreview: boolean }
): SweepSummary | undefined {
  const alike = sweeps.filter(
    (sweep) => taskOf(sweep.scoredBy) === task && (device === 'auto' || sweep.computed.device === device)
  )
  const kinds = [isPreview, !isPreview].map((kind) =>
    alike.filter((sweep) => sweep.isPreview === kind && sweep.computedRows > 0)
  )
  const kind = kinds.find(({ length }) => length > 0)
  if (kind === undefined) return undefined
  const most = Math.max(...kind.map(({ computedRows }) => computedRows))
  return kind.find(({ computedRows }) => computedRows >= most / 2)
}

/** The same for a plan, with what it has computed. */
export const likeOf =
  (pair: ProjectPair, scoredBy: ScoredByBrief): LikeSweep =>
  async ({ device, isPreview }) => {
    const like = newestLike(pair, { task: taskOf(scoredBy), device, isPreview })
    return like === undefined ? null : pair.readSweep(like.id)
  }

/** Its id; null: the character task. */
const taskOf = (scoredBy: ScoredByBrief): string | null => (scoredBy.kind === 'crc' ? null : scoredBy.task.id)

/** The sweep of the character task that a pair answers with; undefined when there is none. */
export const answeringOfCharacters = ({ sweeps }: Pick<ProjectPair, 'sweeps'>): SweepSummary | undefined =>
  defaultSweepOf(sweeps.filter(({ scoredBy }) => scoredBy.kind === 'crc'))
