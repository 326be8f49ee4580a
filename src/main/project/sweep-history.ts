import type { SweepSummary } from '../../contract/documents/project'
import type { ScoredByBrief } from '../../contract/documents/scored-by'
import type { SweepHistory } from '../crc/sweep/crc-sweep'
import { SweepCheckpoint } from '../crc/sweep/sweep-checkpoint'
import type { ProjectPair } from './project-pair'
import { projectCheckpoints } from './sweep-files'

/** What a pair has of earlier sweeps: its checkpoints, and its newest sweep that was scored by the same task. */
export function historyOf(own: ProjectPair, fresh: boolean, scoredBy: ScoredByBrief): SweepHistory {
  const newest = own.sweeps.find((sweep) => taskOf(sweep.scoredBy) === taskOf(scoredBy))
  return {
    checkpoint: new SweepCheckpoint(projectCheckpoints(own.folder)),
    lastSweep: async () => (newest === undefined ? null : own.readSweep(newest.id)),
    fresh
  }
}

/** Its id; null: the character task. */
const taskOf = (scoredBy: ScoredByBrief): string | null => (scoredBy.kind === 'crc' ? null : scoredBy.task.id)

/** The newest sweep of the character task; undefined when there is none. */
export const newestOfCharacters = ({ sweeps }: Pick<ProjectPair, 'sweeps'>): SweepSummary | undefined =>
  sweeps.find(({ scoredBy }) => scoredBy.kind === 'crc')
