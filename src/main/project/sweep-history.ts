import type { SweepSummary } from '../../contract/documents/project'
import type { ScoredByBrief } from '../../contract/documents/scored-by'
import type { SweepHistory } from '../crc/sweep/crc-sweep'
import { SweepCheckpoint } from '../crc/sweep/sweep-checkpoint'
import type { Project } from './project'
import { projectCheckpoints } from './sweep-files'

/** What a project has of earlier sweeps: its checkpoints, and its newest sweep that was scored by the same task. */
export function historyOf(project: Project, fresh: boolean, scoredBy: ScoredByBrief): SweepHistory {
  const newest = project.sweeps.find((sweep) => taskOf(sweep.scoredBy) === taskOf(scoredBy))
  return {
    checkpoint: new SweepCheckpoint(projectCheckpoints(project.path)),
    lastSweep: async () => (newest === undefined ? null : project.readSweep(newest.id)),
    fresh
  }
}

/** Its id; null: the character task. */
const taskOf = (scoredBy: ScoredByBrief): string | null => (scoredBy.kind === 'crc' ? null : scoredBy.task.id)

/** The newest sweep of the character task; undefined when there is none. */
export const newestOfCharacters = ({ sweeps }: Pick<Project, 'sweeps'>): SweepSummary | undefined =>
  sweeps.find(({ scoredBy }) => scoredBy.kind === 'crc')
