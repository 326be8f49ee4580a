import type { Difference, VariantResult } from '../documents/evaluation'
import { type MeasureId, measureOf } from '../model/measures'
import { differenceWords } from './evaluation-words'

/** What an evaluation says of one variant beside the one it is compared with, in one sentence. */
export interface EvaluationVerdict {
  variant: string
  verdict: string
  /** The measured differences behind it; empty where there are none. */
  figures: string
  /** Null where there is nothing to praise or to warn of. */
  good: boolean | null
}

type Change = 'better' | 'worse' | 'unsure' | 'unknown'

/** What the difference of a measure shows: only what holds after the adjustment for all variants counts. */
function changeOf(id: MeasureId, difference: Difference | undefined): Change {
  if (difference === undefined) return 'unknown'
  const { better } = measureOf(id)
  if (difference.adjustedPValue >= 0.05 || better === null) return 'unsure'
  return difference.mean > 0 === (better === 'higher') ? 'better' : 'worse'
}

/**
 * @param comparedWith the variant that differences are against
 * @param measures the diversity and the quality that are looked at
 */
export function evaluationVerdict(
  { variant, differences }: Pick<VariantResult, 'variant' | 'differences'>,
  comparedWith: string,
  measures: { diversity: MeasureId; quality: MeasureId }
): EvaluationVerdict {
  if (variant === comparedWith)
    return { variant, verdict: 'what the others are compared with', figures: '', good: null }
  const found = [measures.diversity, measures.quality].map((id) => ({
    id,
    difference: differences[id],
    change: changeOf(id, differences[id])
  }))
  const [diversity, quality] = found.map(({ change }) => change)
  const figures = found
    .flatMap(({ id, difference }) => {
      if (difference === undefined) return []
      return `${measureOf(id).label.toLowerCase()} ${differenceWords(id, difference)}`
    })
    .join('; ')
  return { variant, figures, ...judged(diversity ?? 'unknown', quality ?? 'unknown') }
}

function judged(diversity: Change, quality: Change): Pick<EvaluationVerdict, 'verdict' | 'good'> {
  if (diversity === 'unknown') return undiverse(quality)
  if (quality === 'unknown') {
    const known = { better: 'more diverse', worse: 'less diverse', unsure: 'no sure change of diversity' }
    return {
      verdict: `${known[diversity]}, its quality not measured`,
      good: diversity === 'worse' ? false : null
    }
  }
  if (diversity === 'better') {
    if (quality === 'worse') return { verdict: 'more diverse, at a loss of quality', good: false }
    if (quality === 'better') return { verdict: 'more diverse and better', good: true }
    return { verdict: 'more diverse, no sure change of quality', good: true }
  }
  if (quality === 'worse') {
    return {
      verdict: diversity === 'worse' ? 'less diverse and worse' : 'worse, with no sure gain in diversity',
      good: false
    }
  }
  if (diversity === 'worse') return { verdict: 'less diverse', good: false }
  return {
    verdict: quality === 'better' ? 'better, no sure change of diversity' : 'no sure difference',
    good: quality === 'better' ? true : null
  }
}

/** Of a variant whose diversity is not known, there or here. */
function undiverse(quality: Change): Pick<EvaluationVerdict, 'verdict' | 'good'> {
  if (quality === 'unknown') return { verdict: 'cannot be compared', good: null }
  const known = { better: 'better', worse: 'worse', unsure: 'no sure change of quality' }
  return {
    verdict: `${known[quality]}, its diversity not measured`,
    good: quality === 'worse' ? false : null
  }
}
