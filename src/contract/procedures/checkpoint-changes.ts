import type { ProjectState } from '../documents/project'

interface CheckpointChange {
  member: 'base' | 'post'
  /** `changed` is another checkpoint, `rewritten` the same fingerprint in files with another size or time. */
  kind: 'changed' | 'rewritten'
  files: string[]
}

/** Returns how the pair's checkpoints differ from the checkpoints that the project last stored. Empty if unknown. */
export function checkpointChanges({ document, pair }: Pick<ProjectState, 'document' | 'pair'>): CheckpointChange[] {
  const { checkpoints } = document
  if (checkpoints === null || pair === null) return []
  return (['base', 'post'] as const).flatMap((member): CheckpointChange[] => {
    const [then, now] = [checkpoints[member], pair[member]]
    const files = now.files
      .filter(
        ({ name, bytes, modifiedMs }) =>
          !then.files.some((file) => file.name === name && file.bytes === bytes && file.modifiedMs === modifiedMs)
      )
      .map(({ name }) => name)
    if (then.fingerprint !== now.fingerprint) return [{ member, kind: 'changed', files }]
    return files.length === 0 ? [] : [{ member, kind: 'rewritten', files }]
  })
}
