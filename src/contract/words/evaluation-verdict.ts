import type { MeasureDifference, EvaluationResults, VariantResult } from '../documents/evaluation'
import { type MeasureId, measureOf } from '../model/measures'
import { differenceWords, formatMeasure, isAlike, isGain, isLoss, mostDiffering } from './evaluation-words'
import { formatPercent, plural } from './format'

/** What an evaluation says of one variant beside the one it is compared with, in one sentence. */
export interface EvaluationVerdict {
  variant: string
  verdict: string
  /** The measured differences behind it; empty where there are none. */
  figures: string
  /** Of a range: what was evaluated with it and does better, whichever variant the others are compared with; null where nothing surely does. */
  but: string | null
  /** Null where there is nothing to praise or to warn of. */
  good: boolean | null
}

/** The verdict with what does better, in one sentence. */
export const verdictSentence = ({ verdict, but }: Pick<EvaluationVerdict, 'verdict' | 'but'>): string =>
  but === null ? verdict : `${verdict}, but ${but}`

/** The diversity and the quality that are looked at. */
interface Looked {
  diversity: MeasureId
  quality: MeasureId
}

/** So much of what the other has may be lost: less is no loss that matters. */
const TOLERATED_LOSS = 0.05

export type Change = 'better' | 'worse' | 'unsure' | 'unknown'

/** What a difference shows: a gain holds after the adjustment for all variants, a loss is told without it. */
export function changeOf(id: MeasureId, difference: MeasureDifference | undefined): Change {
  if (difference === undefined || measureOf(id).better === null) return 'unknown'
  if (isLoss(id, difference)) return 'worse'
  return isGain(id, difference) ? 'better' : 'unsure'
}

/** What can be said of a quality that neither a gain nor a loss was found of. */
interface Open {
  words: string
  /** Whether a loss that matters is not excluded. */
  warns: boolean
}

/** @param of the mean of the variant that it is compared with */
function openQuality(id: MeasureId, difference: MeasureDifference, of: number | undefined): Open {
  const { interval } = difference
  if (isAlike(difference)) return alikeQuality(difference)
  if (interval === null) return { words: 'a loss of quality is not excluded', warns: true }
  const most = measureOf(id).better === 'lower' ? interval[1] : -interval[0]
  if (of !== undefined && most <= TOLERATED_LOSS * Math.abs(of)) {
    return { words: `quality kept within ${formatPercent(TOLERATED_LOSS)}`, warns: false }
  }
  return { words: `a loss of quality of up to ${formatMeasure(id, most)} is not excluded`, warns: true }
}

function alikeQuality({ promptCount }: MeasureDifference): Open {
  const prompts = plural(promptCount, 'prompt')
  const most = mostDiffering({ promptCount })
  if (most <= TOLERATED_LOSS) return { words: `alike in quality on all ${prompts}`, warns: false }
  return most < 1
    ? {
        words: `alike in quality on all ${prompts}, a loss on up to ${formatPercent(most)} is not excluded`,
        warns: true
      }
    : { words: `alike in quality on ${prompts}, too few to exclude a loss`, warns: true }
}

interface Compared extends Pick<EvaluationResults, 'comparedWith' | 'besideRanges'> {
  readonly variants: readonly Pick<VariantResult, 'variant' | 'measures' | 'differences'>[]
}

/** What is said of each variant, in their order. */
export function evaluationVerdicts(results: Compared, looked: Looked): EvaluationVerdict[] {
  const { variants, comparedWith } = results
  const of = qualityOf(results, comparedWith, looked)
  return variants.map(({ variant, differences }) => {
    const but = outdoneWords(results, variant, looked)
    const found =
      variant === comparedWith
        ? { verdict: 'what the others are compared with', figures: '', good: null }
        : beside(differences, looked, of)
    return { variant, ...found, but, good: but === null ? found.good : false }
  })
}

/** The mean quality of a variant. */
const qualityOf = ({ variants }: Compared, name: string, { quality }: Looked): number | undefined =>
  variants.find(({ variant }) => variant === name)?.measures[quality]?.mean

/** @param of mean quality of the variant that it is compared with */
function beside(
  differences: VariantResult['differences'],
  { diversity, quality }: Looked,
  of: number | undefined
): Omit<EvaluationVerdict, 'variant' | 'but'> {
  const figures = [diversity, quality].flatMap((id) => {
    const found = differences[id]
    return found === undefined ? [] : `${measureOf(id).label.toLowerCase()} ${differenceWords(id, found)}`
  })
  const changes = {
    diversity: changeOf(diversity, differences[diversity]),
    quality: changeOf(quality, differences[quality])
  }
  const found = differences[quality]
  const open = changes.quality === 'unsure' && found !== undefined ? openQuality(quality, found, of) : null
  return { figures: figures.join('; '), ...judged(changes, open) }
}

/** A variant of an evaluation that surely does better than another. */
interface BetterVariant extends Omit<EvaluationVerdict, 'but'> {
  /** In the diversity that is looked at. */
  gain: number
  changes: Record<'diversity' | 'quality', Change>
}

/** Variants that surely do better than a range, by what is praised when others are compared with that range; the most diverse first. */
export function betterVariants(results: Compared, range: string, looked: Looked): BetterVariant[] {
  const of = qualityOf(results, range, looked)
  const sign = measureOf(looked.diversity).better === 'lower' ? -1 : 1
  const better = results.besideRanges.flatMap(({ range: other, variant, differences }): BetterVariant[] => {
    const verdict = beside(differences, looked, of)
    const gain = differences[looked.diversity]
    if (other !== range || verdict.good !== true || gain === undefined) return []
    const changes = {
      diversity: changeOf(looked.diversity, gain),
      quality: changeOf(looked.quality, differences[looked.quality])
    }
    return [{ variant, gain: sign * gain.mean, changes, ...verdict }]
  })
  return better.toSorted((a, b) => b.gain - a.gain)
}

/** Names the variants that do better than a range, the most diverse one with its figures; null if none does. */
function outdoneWords(results: Compared, range: string, looked: Looked): string | null {
  const [first, ...others] = betterVariants(results, range, looked)
  if (first === undefined) return null
  const names = others.map(({ variant }) => variant).join(' and ')
  const too = others.length === 0 ? '' : `; ${names} ${others.length === 1 ? 'does' : 'do'} better too`
  return `beside it ${first.variant} is ${first.verdict} (${first.figures})${too}`
}

/** What is said of diversity, where more can be said of it than of quality. */
const DIVERSITY: Readonly<Record<Change, string>> = {
  better: 'more diverse',
  worse: 'less diverse',
  unsure: 'no sure change of diversity',
  unknown: 'its diversity not measured'
}

/** @param open of a quality of which neither a gain nor a loss was found; null of others */
function judged(
  { diversity, quality }: Record<'diversity' | 'quality', Change>,
  open: Open | null
): Pick<EvaluationVerdict, 'verdict' | 'good'> {
  const words = DIVERSITY[diversity]
  const isWorse = diversity === 'worse' || quality === 'worse' || open?.warns === true
  const isBetter =
    quality === 'better' ? diversity !== 'unknown' : quality !== 'unknown' && diversity === 'better'
  const good = isWorse ? false : isBetter ? true : null
  if (open !== null) {
    return { verdict: diversity === 'unknown' ? `${open.words}, ${words}` : `${words}, ${open.words}`, good }
  }
  if (quality === 'unknown') {
    return {
      verdict: diversity === 'unknown' ? 'cannot be compared' : `${words}, its quality not measured`,
      good
    }
  }
  if (diversity === 'better')
    return { verdict: quality === 'worse' ? `${words}, at a loss of quality` : `${words} and better`, good }
  if (diversity === 'worse')
    return { verdict: quality === 'worse' ? `${words} and worse` : `${words}, but better`, good }
  const gain = quality === 'worse' && diversity === 'unsure' ? 'with no sure gain in diversity' : words
  return { verdict: `${quality}, ${gain}`, good }
}
