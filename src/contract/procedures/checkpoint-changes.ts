import type { ProjectState } from '../documents/project'

export interface CheckpointChange {
  member: 'base' | 'post'
  /** changed: it is another checkpoint. rewritten: it looks the same, but these of its files were written since. */
  kind: 'changed' | 'rewritten'
  files: string[]
}

/** How the pair differs from what the project last took for its own; nothing when either is not known. */
export function checkpointChanges({
  document,
  pair
}: Pick<ProjectState, 'document' | 'pair'>): CheckpointChange[] {
  const { checkpoints } = document
  if (checkpoints === null || pair === null) return []
  return (['base', 'post'] as const).flatMap((member): CheckpointChange[] => {
    const [then, now] = [checkpoints[member], pair[member]]
    const files = now.files
      .filter(
        ({ name, bytes, modifiedMs }) =>
          !then.files.some(
            (file) => file.name === name && file.bytes === bytes && file.modifiedMs === modifiedMs
          )
      )
      .map(({ name }) => name)
    if (then.fingerprint !== now.fingerprint) return [{ member, kind: 'changed', files }]
    return files.length === 0 ? [] : [{ member, kind: 'rewritten', files }]
  })
}
