import type { SweepPreview } from '../documents/crc'
import type { ScoredBy } from '../documents/scored-by'
import { formatCount, formatPercent, plural, rangePhrase } from './format'
import { scoreWords } from './score-words'

/** Smaller chances are all the same to a reader. */
const LEAST_CHANCE = 0.001
/** From it on, what is selected may well be another range. */
const DOUBTFUL = 0.05
/** From it on, another range is likelier than the selected one. */
const UNRELIABLE = 0.5

/** Of a sweep that was asked for a preview. */
export const NO_PREVIEW = 'The prompts are too few for a preview: every range is scored on all of them.'

/** What a preview says besides its selection. */
export interface PreviewFacts {
  /** What is exact, and what the rest rests on. */
  basis: string
  /** How likely the whole sweep would select another range, and which. */
  elsewhere: string
  /** Both in a few words. */
  brief: string
  /** Whether that is more than a reader should pass over. */
  isDoubtful: boolean
}

interface Previewed {
  scoredBy: Pick<ScoredBy, 'kind'>
  promptCount: number
  ranges: readonly unknown[]
  preview: Pick<SweepPreview, 'prompts' | 'elsewhere' | 'likeliest' | 'rho' | 'rows' | 'wholeRows'> & {
    ranges: readonly unknown[]
  }
}

/** A chance, never as none and never as certain. */
export function chanceWords(chance: number): string {
  if (chance < LEAST_CHANCE) return 'less than 0.1 %'
  if (chance > 1 - LEAST_CHANCE) return 'more than 99.9 %'
  return chance < 0.01 ? `${(100 * chance).toFixed(1)} %` : formatPercent(chance)
}

/** What a sweep rests on that has scored most ranges on few prompts. */
export function previewFacts({ scoredBy, promptCount, ranges, preview }: Previewed): PreviewFacts {
  const words = scoreWords(scoredBy)
  const { likeliest, elsewhere, rho, rows, wholeRows } = preview
  const which =
    likeliest === null || likeliest.chance < LEAST_CHANCE
      ? ''
      : `, most likely ${rangePhrase(likeliest)} (${chanceWords(likeliest.chance)})`
  return {
    basis:
      `${plural(ranges.length, 'range')} ${ranges.length === 1 ? 'is' : 'are'} exact, on all ${plural(promptCount, words.prompt)}; ` +
      `${formatCount(preview.ranges.length)} are estimated from ${formatCount(preview.prompts.length)} of them` +
      (rows === 0 ? '' : `, in ${formatPercent(rows / wholeRows)} of the work`),
    elsewhere:
      `Scoring all ranges on all ${words.prompt}s would select another at ${formatPercent(rho)} of post’s ${words.validity} ` +
      `with a chance of ${chanceWords(elsewhere)}${which}.` +
      (elsewhere >= UNRELIABLE ? ' Do not rely on this selection.' : ''),
    brief: `${formatCount(ranges.length)} of ${plural(ranges.length + preview.ranges.length, 'range')} exact; another would be selected with a chance of ${chanceWords(elsewhere)}`,
    isDoubtful: elsewhere >= DOUBTFUL
  }
}
