import type { CheckpointReference } from '../../../contract/model/checkpoint'
import type { DistancesDocument } from '../../../contract/documents/distances'
import type { PairReport } from '../../../contract/documents/pair'
import { pairPaths } from '../demo'
import type { ProjectPair } from '../pair/project-pair'

type Member = 'base' | 'post'

/** Returns which of base and post changed after a result was computed; none if the pair cannot be read. */
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

/**
 * Reads the distances between the pair's base and post. If one of them has changed since, reads the newest distances of
 * its earlier state, and says which member changed.
 */
export async function storedDistances(
  projectPair: ProjectPair,
  pair: PairReport | null
): Promise<{ distances: DistancesDocument | null; changed: Member[] }> {
  const { readings, pairs } = projectPair.project
  const current = pair === null ? null : await readings.distances(pair.base.fingerprint, pair.post.fingerprint)
  if (current !== null) return { distances: current, changed: [] }
  const stages = projectPair.document.otherCheckpoints.map(({ fingerprint }) => fingerprint)
  const others = pairs.filter(({ id }) => id !== projectPair.id)
  const newest = await readings.newestDistances(
    (distances) =>
      !others.some((other) => belongTo(distances, other)) &&
      !stages.includes(distances.basePath.fingerprint) &&
      !stages.includes(distances.postPath.fingerprint)
  )
  return { distances: newest, changed: newest === null ? [] : changedMembers(newest, pair) }
}

/** Reports whether distances were computed for a pair, by its folders or its stored fingerprints. */
function belongTo({ basePath, postPath }: DistancesDocument, { document }: ProjectPair): boolean {
  const { base, post } = pairPaths(document.location)
  const { checkpoints } = document
  return (
    (basePath.path === base && postPath.path === post) ||
    (basePath.fingerprint === checkpoints?.base.fingerprint && postPath.fingerprint === checkpoints.post.fingerprint)
  )
}
