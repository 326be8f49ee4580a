import type { CheckpointReference } from '../../../contract/model/checkpoint'
import type { DistancesDocument } from '../../../contract/documents/distances'
import type { PairReport } from '../../../contract/documents/pair'
import { pairPaths } from '../demo'
import type { ProjectPair } from '../pair/project-pair'

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

/** Of the pair as it is, or else the newest that are of no other pair, and which of its checkpoints are others now. */
export async function storedDistances(
  own: ProjectPair,
  pair: PairReport | null
): Promise<{ distances: DistancesDocument | null; changed: Member[] }> {
  const { readings, pairs } = own.project
  const current =
    pair === null ? null : await readings.distances(pair.base.fingerprint, pair.post.fingerprint)
  if (current !== null) return { distances: current, changed: [] }
  const others = pairs.filter(({ id }) => id !== own.id)
  const newest = await readings.newestDistances((found) => !others.some((other) => isOf(found, other)))
  return { distances: newest, changed: newest === null ? [] : changedMembers(newest, pair) }
}

/** Whether distances were computed for a pair, by where its models lie or by what they were when it was last looked at. */
function isOf({ basePath, postPath }: DistancesDocument, { document }: ProjectPair): boolean {
  const { base, post } = pairPaths(document.location)
  const { checkpoints } = document
  return (
    (basePath.path === base && postPath.path === post) ||
    (basePath.fingerprint === checkpoints?.base.fingerprint &&
      postPath.fingerprint === checkpoints.post.fingerprint)
  )
}
