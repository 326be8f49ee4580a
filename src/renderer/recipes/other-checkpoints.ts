import type { OtherCheckpoint } from '../../contract/model/checkpoint'
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

/** A checkpoint that takes no part, and why. */
export interface ExcludedCheckpoint {
  checkpoint: KeptCheckpoint
  why: string
}

const WHY_EXCLUDED = {
  changed: 'its files changed since it was added',
  unfit: 'does not fit the pair',
  unreadable: 'cannot be read'
} as const

/** Those that cannot be computed, or are not what was added: they are named, so that none vanishes without a word. */
export const excludedCheckpoints = ({
  document,
  otherCheckpoints
}: Pick<ProjectState, 'document' | 'otherCheckpoints'>): ExcludedCheckpoint[] =>
  document.otherCheckpoints.flatMap((checkpoint, index) => {
    const condition = conditionOf(checkpoint, otherCheckpoints[index])
    return condition === 'usable' ? [] : [{ checkpoint, why: WHY_EXCLUDED[condition] }]
  })
