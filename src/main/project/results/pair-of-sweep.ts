import type { SweepDocument } from '../../../contract/documents/crc'
import type { PairFingerprints } from '../../../contract/documents/pair'
import { mismatchError } from '../../../contract/model/problem'
import { withFallback } from '../../base/files/with-fallback'
import { openPair } from '../../checkpoint/pair'
import { pairPaths } from '../demo'
import type { ProjectPair } from '../pair/project-pair'

/** Refuses a sweep of another pair. @returns false if neither the models nor stored fingerprints are available */
export async function requirePairOfSweep(
  pair: ProjectPair,
  { basePath, postPath }: Pick<SweepDocument, 'basePath' | 'postPath'>
): Promise<boolean> {
  const fingerprints = (await currentFingerprints(pair)) ?? storedFingerprints(pair)
  if (fingerprints === null) return false
  if (fingerprints.base === basePath.fingerprint && fingerprints.post === postPath.fingerprint) return true
  throw mismatchError(
    `The sweep is of another pair than that of the project ${pair.project.path}: ${basePath.path} and ` +
      `${postPath.path}.`,
    'Use --out, or a project of that pair.'
  )
}

async function currentFingerprints({ document }: ProjectPair): Promise<PairFingerprints | null> {
  const folders = pairPaths(document.location)
  const pair = await withFallback(() => openPair(folders.base, folders.post), null)
  return pair && { base: pair.base.checkpoint.fingerprint, post: pair.post.checkpoint.fingerprint }
}

function storedFingerprints({ document, sweeps, samples, evaluations }: ProjectPair): PairFingerprints | null {
  const { checkpoints } = document
  if (checkpoints !== null) return { base: checkpoints.base.fingerprint, post: checkpoints.post.fingerprint }
  const [newest] = [...sweeps, ...evaluations.runs, ...samples.runs].sort((a, b) =>
    b.createdAt.localeCompare(a.createdAt)
  )
  return newest?.checkpoints ?? null
}
