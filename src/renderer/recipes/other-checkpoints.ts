import type { OtherCheckpoint } from '../../contract/documents/crc'
import type { KeptCheckpoint, OtherCheckpointState, ProjectState } from '../../contract/documents/project'

/** How a project's other checkpoint is now: as it was, changed, not fit for the pair, or not to be read. */
export type OtherCheckpointCondition = 'usable' | 'changed' | 'unfit' | 'unreadable'

export function conditionOf(
  { fingerprint }: OtherCheckpoint,
  state: OtherCheckpointState | undefined
): OtherCheckpointCondition {
  const report = state?.report ?? null
  if (report === null) return 'unreadable'
  if (!report.compatible) return 'unfit'
  return report.checkpoint.fingerprint === fingerprint ? 'usable' : 'changed'
}

/** Those that can be computed beside the pair and are as they were when they were added. */
export const usableCheckpoints = ({
  document,
  otherCheckpoints
}: Pick<ProjectState, 'document' | 'otherCheckpoints'>): KeptCheckpoint[] =>
  document.otherCheckpoints.filter(
    (checkpoint, index) => conditionOf(checkpoint, otherCheckpoints[index]) === 'usable'
  )
