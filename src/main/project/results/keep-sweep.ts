import { postTextFolder } from '../../checkpoint/model-folder'
import type { AnswerCheck } from '../../../contract/documents/answer-check'
import type { SweepDocument } from '../../../contract/documents/crc'
import { withFallback } from '../../base/files/with-fallback'
import { pairEndTokens } from '../../checkpoint/generation-config'
import { openPair } from '../../checkpoint/pair'
import { recentTextModel } from '../../text/recent-text-models'
import { pairPaths } from '../demo'
import type { ProjectPair } from '../pair/project-pair'
import { isDeepStrictEqual } from 'node:util'

/** Saves a new sweep, and returns the check of an earlier sweep that is valid for it; null for none. */
export async function keepSweep(pair: ProjectPair, sweep: SweepDocument): Promise<AnswerCheck | null> {
  // If the earlier check cannot be read, the sweep counts as not checked.
  const check = await withFallback(() => earlierCheck(pair, sweep), null)
  // The check is saved first, so that no window shows the sweep as not checked.
  if (check !== null) await pair.saveAnswerCheck(check)
  await pair.saveSweep(sweep)
  return check
}

/** Saves the sweep that another result is based on, unless the project already has it. */
export async function keepSweepOnce(pair: ProjectPair, sweep: SweepDocument): Promise<void> {
  if (!pair.sweeps.some(({ id }) => id === sweep.id)) await pair.saveSweep(sweep)
}

/** Finds a full-answer check of an earlier sweep of the same models whose results also hold for a new sweep. */
async function earlierCheck(pair: ProjectPair, sweep: SweepDocument): Promise<AnswerCheck | null> {
  const { base, post } = pairPaths(pair.document.location)
  const sameCheckpoints = pair.sweeps.filter(
    ({ promptCount, checkpoints }) =>
      promptCount === sweep.prompts.length &&
      checkpoints.base === sweep.basePath.fingerprint &&
      checkpoints.post === sweep.postPath.fingerprint
  )
  for (const { id } of sameCheckpoints) {
    const check = await pair.readAnswerCheck(id)
    if (check === null) continue
    const endTokens = await pairEndTokens(
      await openPair(base, post),
      await recentTextModel(await postTextFolder({ base, post }))
    )
    const carried = carriedCheck(check, await pair.readSweep(id), sweep, endTokens)
    if (carried !== null) return carried
  }
  return null
}

/**
 * Copies the full-answer check of an earlier sweep for a new sweep, so that it is not computed again.
 *
 * @returns null if the sweeps differ in anything that the check depends on
 */
function carriedCheck(
  check: AnswerCheck,
  earlier: SweepDocument,
  sweep: SweepDocument,
  endTokens: readonly number[]
): AnswerCheck | null {
  const isSame =
    check.programVersion === sweep.programVersion &&
    isDeepStrictEqual(check.endTokens, endTokens) &&
    isDeepStrictEqual(computedFrom(earlier), computedFrom(sweep)) &&
    (!isDeepStrictEqual(earlier.whatIf, sweep.whatIf) || isDeepStrictEqual(keysOf(earlier), keysOf(sweep)))
  return isSame ? { ...check, sweepId: sweep.id, source: sweep.source } : null
}

/**
 * Returns everything that the results of a check depend on. The keys of prompts are left out, because they also depend
 * on the samplers of `whatIf`.
 */
const computedFrom = ({
  scoredBy,
  device,
  precision,
  layerCount,
  basePath,
  postPath,
  rendering,
  prompts
}: SweepDocument): unknown => ({
  scoredBy,
  device,
  precision,
  layerCount,
  rendering,
  prompts: prompts.map((prompt) => ({ ...prompt, key: '' })),
  base: basePath.fingerprint,
  post: postPath.fingerprint
})

const keysOf = ({ prompts }: SweepDocument): string[] => prompts.map(({ key }) => key)
