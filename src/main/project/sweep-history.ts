import { answeringSweep } from '../../contract/documents/answering-sweep'
import type { SweepSummary } from '../../contract/documents/project'
import type { ScoredByBrief } from '../../contract/documents/scored-by'
import type { SweepHistory } from '../crc/sweep/crc-sweep'
import { SweepCheckpoint } from '../crc/sweep/sweep-checkpoint'
import type { ProjectPair } from './project-pair'
import { projectCheckpoints } from './sweep-files'

/** What a pair has of earlier sweeps: its checkpoints, and the sweep that it answers with, of those that were scored by the same task. */
export function historyOf(own: ProjectPair, fresh: boolean, scoredBy: ScoredByBrief): SweepHistory {
  const last = answeringSweep(own.sweeps.filter((sweep) => taskOf(sweep.scoredBy) === taskOf(scoredBy)))
  return {
    checkpoint: new SweepCheckpoint(projectCheckpoints(own.folder)),
    places: [own.folder],
    lastSweep: async () => (last === undefined ? null : own.readSweep(last.id)),
    fresh
  }
}

/** Its id; null: the character task. */
const taskOf = (scoredBy: ScoredByBrief): string | null => (scoredBy.kind === 'crc' ? null : scoredBy.task.id)

/** The sweep of the character task that a pair answers with; undefined when there is none. */
export const answeringOfCharacters = ({ sweeps }: Pick<ProjectPair, 'sweeps'>): SweepSummary | undefined =>
  answeringSweep(sweeps.filter(({ scoredBy }) => scoredBy.kind === 'crc'))
