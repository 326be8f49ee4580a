import type { SampleRun } from '../../contract/documents/samples'
import type { ShownSweep } from '../../contract/documents/shown-sweep'
import { scoreIn } from '../../contract/documents/swept-model'
import { scoredByWords, scoreWords } from '../../contract/words/score-words'
import { capitalised, formatMoment, formatScore } from '../ui/format'

/** Validity of a sample run's models in a sweep, because the prompts of a run have no right answers. */
interface SweptValidity {
  label: string
  /** Explanation below the table. */
  note: string
  limit: number
  /** Parallel to the variants of the run; null for a variant that the sweep has not scored. */
  values: readonly (number | null)[]
}

/**
 * The validity of the variants in the sweep that Ranges shows.
 *
 * @param shown.newest id of the pair's newest sweep
 * @returns null if no sweep of the run's checkpoints is shown
 */
export function sweptValidity(
  run: Pick<SampleRun, 'basePath' | 'postPath' | 'variants'>,
  { sweep, rho, newest }: { sweep: ShownSweep | null; rho: number; newest: string | null }
): SweptValidity | null {
  if (
    sweep?.basePath.fingerprint !== run.basePath.fingerprint ||
    sweep.postPath.fingerprint !== run.postPath.fingerprint
  )
    return null
  const label = capitalised(scoreWords(sweep.scoredBy).validity)
  const limit = rho * sweep.post.validity
  const sweepWords =
    sweep.id === newest
      ? 'the newest sweep'
      : `the sweep of ${formatMoment(sweep.createdAt)} that Ranges shows, not of the newest`
  return {
    label,
    note: [
      `${label} is of ${sweepWords}, by ${scoredByWords(sweep.scoredBy)}.`,
      `Values below the limit of ${formatScore(limit)} stand out. Diversity of invalid answers has no value.`
    ].join(' '),
    limit,
    values: run.variants.map((variant) => scoreIn(sweep, variant)?.validity ?? null)
  }
}
