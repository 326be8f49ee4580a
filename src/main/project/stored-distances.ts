import type { CheckpointReference } from '../../contract/model/checkpoint'
import type { DistancesDocument } from '../../contract/documents/distances'
import type { PairReport } from '../../contract/documents/pair'
import type { Project } from './project'

type Member = 'base' | 'post'

/** Which of the checkpoints that a result came from are others now; none while the pair cannot be read. */
export function changedMembers(
  { basePath, postPath }: { basePath: CheckpointReference; postPath: CheckpointReference },
  pair: PairReport | null
): Member[] {
  if (pair === null) return []
  return [
    ...(basePath.fingerprint === pair.base.fingerprint ? [] : ['base' as const]),
    ...(postPath.fingerprint === pair.post.fingerprint ? [] : ['post' as const])
  ]
}

/** Of the pair as it is, or else the newest, and which of its checkpoints are others now. */
export async function storedDistances(
  project: Project,
  pair: PairReport | null
): Promise<{ distances: DistancesDocument | null; changed: Member[] }> {
  const current =
    pair === null ? null : await project.readDistances(pair.base.fingerprint, pair.post.fingerprint)
  if (current !== null) return { distances: current, changed: [] }
  const newest = await project.readNewestDistances()
  return { distances: newest, changed: newest === null ? [] : changedMembers(newest, pair) }
}
