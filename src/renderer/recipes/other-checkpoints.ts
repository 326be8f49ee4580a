import type { OtherCheckpoint } from '../../contract/model/checkpoint'
import type { KeptCheckpoint, OtherCheckpointState, ProjectState } from '../../contract/documents/project'

type OtherCheckpointCondition = 'usable' | 'changed' | 'unfit' | 'unreadable'

/** Returns whether a kept checkpoint can be used, judged by the last reading of its folder. */
export function conditionOf(
  { fingerprint }: OtherCheckpoint,
  state: OtherCheckpointState | undefined
): OtherCheckpointCondition {
  const report = state?.report ?? null
  if (report === null) return 'unreadable'
  if (!report.compatible) return 'unfit'
  return report.checkpoint.fingerprint === fingerprint ? 'usable' : 'changed'
}

/** Returns the checkpoints that fit the pair and have not changed since they were added. */
export const usableCheckpoints = ({
  document,
  otherCheckpoints
}: Pick<ProjectState, 'document' | 'otherCheckpoints'>): KeptCheckpoint[] =>
  document.otherCheckpoints.filter((checkpoint, index) => conditionOf(checkpoint, otherCheckpoints[index]) === 'usable')

interface ExcludedCheckpoint {
  checkpoint: KeptCheckpoint
  why: string
}

const WHY_EXCLUDED = {
  changed: 'its files changed since it was added',
  unfit: 'does not fit the pair',
  unreadable: 'cannot be read'
} as const

/** Returns the excluded checkpoints, so that the view can name them. */
export const excludedCheckpoints = ({
  document,
  otherCheckpoints
}: Pick<ProjectState, 'document' | 'otherCheckpoints'>): ExcludedCheckpoint[] =>
  document.otherCheckpoints.flatMap((checkpoint, index) => {
    const condition = conditionOf(checkpoint, otherCheckpoints[index])
    return condition === 'usable' ? [] : [{ checkpoint, why: WHY_EXCLUDED[condition] }]
  })
