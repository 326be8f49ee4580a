import type { SweepHistory } from '../crc/sweep/crc-sweep'
import { SweepCheckpoint } from '../crc/sweep/sweep-checkpoint'
import type { Project } from './project'
import { projectCheckpoints } from './sweep-files'

/** What a project has of earlier sweeps: its checkpoints, and its newest sweep. */
export function historyOf(project: Project, fresh: boolean): SweepHistory {
  const [newest] = project.sweeps
  return {
    checkpoint: new SweepCheckpoint(projectCheckpoints(project.path)),
    lastSweep: async () => (newest === undefined ? null : project.readSweep(newest.id)),
    fresh
  }
}
