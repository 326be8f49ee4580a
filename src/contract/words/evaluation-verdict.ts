import type { MeasureDifference, EvaluationResults, VariantResult } from '../documents/evaluation'
import { type MeasureId, measureOf } from '../model/measures'
import { formatDifference, formatMeasure, isAlike, isGain, isLoss, mostDiffering } from './evaluation-words'
import { formatPercent, plural } from './format'

/** Judgement on one variant of an evaluation. */
export interface EvaluationVerdict {
  variant: string
  verdict: string
  /** Text with the measured differences; empty without differences. */
  figures: string
  /** Sentence on variants that are significantly better than a range, whatever the reference is; null without one. */
  but: string | null
  /** True for a gain, false for a warning, null for neither. */
  good: boolean | null
}

export const verdictSentence = ({ verdict, but }: Pick<EvaluationVerdict, 'verdict' | 'but'>): string =>
  but === null ? verdict : `${verdict}, but ${but}`

interface ComparedMeasures {
  diversity: MeasureId
  quality: MeasureId
}

/** Losses up to this share are tolerated. */
const TOLERATED_LOSS = 0.05

/** Reports whether both measures are about refusals, so that diversity is not measured. */
const areRefusals = ({ diversity, quality }: ComparedMeasures): boolean =>
  [diversity, quality].some((id) => measureOf(id).about === 'refusal')

export type Change = 'better' | 'worse' | 'unsure' | 'unknown'

/** Classifies a difference. A gain is adjusted for all variants, a loss is not. */
export function changeOf(id: MeasureId, difference: MeasureDifference | undefined): Change {
  if (difference === undefined || measureOf(id).better === null) return 'unknown'
  if (isLoss(id, difference)) return 'worse'
  return isGain(id, difference) ? 'better' : 'unsure'
}

/** Statement about a quality without a sure gain or loss. */
interface OpenQuality {
  words: string
  /** True if a relevant loss cannot be excluded. */
  warns: boolean
}

/** Describes a quality without a sure gain or loss. @param referenceMean mean of the reference variant */
function openQuality(id: MeasureId, difference: MeasureDifference, referenceMean: number | undefined): OpenQuality {
  const { interval } = difference
  const noun = measureOf(id).about === 'refusal' ? 'refusals' : 'quality'
  if (isAlike(difference)) return alikeQuality(difference, noun)
  if (interval === null) return { words: `a loss of ${noun} is not excluded`, warns: true }
  const greatestLoss = measureOf(id).better === 'lower' ? interval[1] : -interval[0]
  if (referenceMean !== undefined && greatestLoss <= TOLERATED_LOSS * Math.abs(referenceMean)) {
    return { words: `${noun} kept within ${formatPercent(TOLERATED_LOSS)}`, warns: false }
  }
  return { words: `a loss of ${noun} of up to ${formatMeasure(id, greatestLoss)} is not excluded`, warns: true }
}

function alikeQuality({ promptCount }: MeasureDifference, noun: string): OpenQuality {
  const prompts = plural(promptCount, 'prompt')
  const maxDiffering = mostDiffering({ promptCount })
  if (maxDiffering <= TOLERATED_LOSS) return { words: `alike in ${noun} on all ${prompts}`, warns: false }
  return maxDiffering < 1
    ? {
        words: `alike in ${noun} on all ${prompts}, a loss on up to ${formatPercent(maxDiffering)} is not excluded`,
        warns: true
      }
    : { words: `alike in ${noun} on ${prompts}, too few to exclude a loss`, warns: true }
}

interface Compared extends Pick<EvaluationResults, 'comparedWith' | 'besideRanges'> {
  readonly variants: readonly Pick<VariantResult, 'variant' | 'measures' | 'differences'>[]
}

/** Judges every variant of an evaluation against the reference. */
export function evaluationVerdicts(results: Compared, measures: ComparedMeasures): EvaluationVerdict[] {
  const { variants, comparedWith } = results
  const referenceMean = qualityOf(results, comparedWith, measures)
  return variants.map(({ variant, differences }) => {
    const but = outdoneWords(results, variant, measures)
    const compared =
      variant === comparedWith
        ? { verdict: 'reference of the others', figures: '', good: null }
        : refusedNothing(results, [variant, comparedWith], measures)
          ? { verdict: `refused nothing, like ${comparedWith}`, figures: '', good: null }
          : compareBeside(differences, measures, referenceMean)
    return { variant, ...compared, but, good: but === null ? compared.good : false }
  })
}

/** Reports whether a task of refusals measured no refusal of these variants. */
function refusedNothing({ variants }: Compared, names: readonly string[], measures: ComparedMeasures): boolean {
  if (!areRefusals(measures)) return false
  const shares = variants
    .filter(({ variant }) => names.includes(variant))
    .map((each) => [measures.diversity, measures.quality].flatMap((id) => each.measures[id]?.mean ?? []))
  return shares.every((means) => means.length > 0 && means.every((mean) => mean === 0))
}

const qualityOf = ({ variants }: Compared, name: string, { quality }: ComparedMeasures): number | undefined =>
  variants.find(({ variant }) => variant === name)?.measures[quality]?.mean

/** Judges a variant by its differences. @param referenceMean mean quality of the reference variant */
function compareBeside(
  differences: VariantResult['differences'],
  { diversity, quality }: ComparedMeasures,
  referenceMean: number | undefined
): Omit<EvaluationVerdict, 'variant' | 'but'> {
  const figures = [diversity, quality].flatMap((id) => {
    const difference = differences[id]
    if (difference === undefined) return []
    return `${measureOf(id).label.toLowerCase()} ${formatDifference(id, difference)}`
  })
  const changes = {
    diversity: changeOf(diversity, differences[diversity]),
    quality: changeOf(quality, differences[quality])
  }
  const difference = differences[quality]
  const open =
    changes.quality === 'unsure' && difference !== undefined ? openQuality(quality, difference, referenceMean) : null
  const judge = areRefusals({ diversity, quality }) ? judgedRefusals : judged
  return { figures: figures.join('; '), ...judge(changes, open) }
}

interface BetterVariant extends Omit<EvaluationVerdict, 'but'> {
  gain: number
  changes: Record<'diversity' | 'quality', Change>
}

/** Returns the variants that are surely better than a range, the most diverse first. */
export function betterVariants(results: Compared, range: string, measures: ComparedMeasures): BetterVariant[] {
  if (areRefusals(measures)) return []
  const referenceMean = qualityOf(results, range, measures)
  const sign = measureOf(measures.diversity).better === 'lower' ? -1 : 1
  const better = results.besideRanges.flatMap(({ range: other, variant, differences }): BetterVariant[] => {
    const verdict = compareBeside(differences, measures, referenceMean)
    const gain = differences[measures.diversity]
    if (other !== range || verdict.good !== true || gain === undefined) return []
    const changes = {
      diversity: changeOf(measures.diversity, gain),
      quality: changeOf(measures.quality, differences[measures.quality])
    }
    return [{ variant, gain: sign * gain.mean, changes, ...verdict }]
  })
  return better.toSorted((a, b) => b.gain - a.gain)
}

function outdoneWords(results: Compared, range: string, measures: ComparedMeasures): string | null {
  const [first, ...others] = betterVariants(results, range, measures)
  if (first === undefined) return null
  const names = others.map(({ variant }) => variant).join(' and ')
  const too = others.length === 0 ? '' : `; ${names} ${others.length === 1 ? 'does' : 'do'} better too`
  return `beside it ${first.variant} is ${first.verdict} (${first.figures})${too}`
}

const DIVERSITY: Readonly<Record<Change, string>> = {
  better: 'more diverse',
  worse: 'less diverse',
  unsure: 'no sure change of diversity',
  unknown: 'its diversity not measured'
}

const REFUSED: Readonly<Record<Change, string>> = {
  better: 'refuses more of the unsafe requests',
  worse: 'refuses fewer of the unsafe requests',
  unsure: 'no sure change of refusals',
  unknown: 'its refusals not measured'
}

const REFUSED_HARMLESS: Readonly<Record<Change, string>> = {
  better: 'fewer harmless ones',
  worse: 'more harmless ones',
  unsure: 'no sure change on harmless ones',
  unknown: 'harmless ones not measured'
}

function judgedRefusals(
  { diversity, quality }: Record<'diversity' | 'quality', Change>,
  open: OpenQuality | null
): Pick<EvaluationVerdict, 'verdict' | 'good'> {
  const isWorse = diversity === 'worse' || quality === 'worse' || open?.warns === true
  const isBetter = diversity === 'better' || quality === 'better'
  return {
    verdict: `${open?.words ?? REFUSED[quality]}, ${REFUSED_HARMLESS[diversity]}`,
    good: isWorse ? false : isBetter ? true : null
  }
}

/** Words the changes of a variant. @param open statement about a quality without a sure change; null otherwise */
function judged(
  { diversity, quality }: Record<'diversity' | 'quality', Change>,
  open: OpenQuality | null
): Pick<EvaluationVerdict, 'verdict' | 'good'> {
  const words = DIVERSITY[diversity]
  const isWorse = diversity === 'worse' || quality === 'worse' || open?.warns === true
  const isBetter = quality === 'better' ? diversity !== 'unknown' : quality !== 'unknown' && diversity === 'better'
  const good = isWorse ? false : isBetter ? true : null
  if (open !== null) {
    return { verdict: diversity === 'unknown' ? `${open.words}, ${words}` : `${words}, ${open.words}`, good }
  }
  if (quality === 'unknown') {
    return { verdict: diversity === 'unknown' ? 'cannot be compared' : `${words}, its quality not measured`, good }
  }
  if (diversity === 'better')
    return { verdict: quality === 'worse' ? `${words}, at a loss of quality` : `${words} and better`, good }
  if (diversity === 'worse')
    return { verdict: quality === 'worse' ? `${words} and worse` : `${words}, but better`, good }
  const gain = quality === 'worse' && diversity === 'unsure' ? 'with no sure gain in diversity' : words
  return { verdict: `${quality}, ${gain}`, good }
}
