import type { CategoryScore } from '../../contract/documents/crc'
import type { ShownSweep } from '../../contract/documents/shown-sweep'
import type { KeptRecipe, SweepSummary } from '../../contract/documents/project'
import type { NamedScoring } from '../../contract/words/score-words'
import { formatMoment } from '../ui/format'
import { AS_SWEPT } from '../../contract/words/what-if-words'
import { scoreIn } from '../../contract/documents/swept-model'

/** Scores of a kept recipe. `from` names their sweep; null for the shown one. */
interface KeptScore extends CategoryScore {
  scoredBy: NamedScoring
  from: string | null
}

/**
 * Returns the score of a kept recipe: in the shown sweep, else as stored.
 *
 * @param isAsked true if a what-if sweep is shown.
 * @returns null for a recipe that was never scored
 */
export function keptScore(
  { recipe, sweepId, scoredBy, validity, diversity }: KeptRecipe,
  shown: ShownSweep | null,
  sweeps: readonly Pick<SweepSummary, 'id' | 'createdAt'>[],
  isAsked = false
): KeptScore | null {
  const score = shown === null ? null : scoreIn(shown, { kind: 'recipe', recipe })
  if (shown !== null && score !== null)
    return { scoredBy: shown.scoredBy, validity: score.validity, diversity: score.diversity, from: null }
  if (validity === null || diversity === null) return null
  if (sweepId !== null && sweepId === shown?.id)
    return { scoredBy, validity, diversity, from: isAsked ? AS_SWEPT : null }
  const sweptAt = sweeps.find(({ id }) => id === sweepId)?.createdAt
  return {
    scoredBy,
    validity,
    diversity,
    from: sweptAt === undefined ? 'another sweep' : `sweep of ${formatMoment(sweptAt)}`
  }
}
