import type { OtherCheckpoint } from '../contract/crc'
import { freeName } from '../contract/free-name'
import type { OtherCheckpointReport } from '../contract/pair'
import type { OtherCheckpointState, ProjectState } from '../contract/project'

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
}: Pick<ProjectState, 'document' | 'otherCheckpoints'>): OtherCheckpoint[] =>
  document.otherCheckpoints.filter(
    (checkpoint, index) => conditionOf(checkpoint, otherCheckpoints[index]) === 'usable'
  )

/** The checkpoints with one more, under its folder's name; a name that is taken gets a number. */
export function withAdded(
  checkpoints: readonly OtherCheckpoint[],
  path: string,
  { checkpoint }: OtherCheckpointReport
): OtherCheckpoint[] {
  const { name, fingerprint } = checkpoint
  const taken = checkpoints.map((other) => other.name)
  return [...checkpoints, { name: freeName(name, taken), path, fingerprint }]
}

/** The checkpoints with one renamed. */
export function withRenamedCheckpoint(
  checkpoints: readonly OtherCheckpoint[],
  index: number,
  name: string
): OtherCheckpoint[] {
  const taken = checkpoints.toSpliced(index, 1).map((other) => other.name)
  return checkpoints.map((checkpoint, place) =>
    place === index ? { ...checkpoint, name: freeName(name, taken) } : checkpoint
  )
}

/** The checkpoints with another folder or fingerprint for one: it was moved, or is taken as it is now. */
export const withRelocated = (
  checkpoints: readonly OtherCheckpoint[],
  index: number,
  path: string,
  fingerprint: string
): OtherCheckpoint[] =>
  checkpoints.map((checkpoint, place) =>
    place === index ? { ...checkpoint, path, fingerprint } : checkpoint
  )
