import type { Headline, HeadlineState } from '../documents/headline'
import type { RestoredTo } from '../model/checkpoint'
import { formatPercent, formatScore, plural, rangePhrase } from './format'
import { betterWords, chanceElsewhere, chanceWords, type Previewed, UNRELIABLE } from './preview-words'
import { scoreWords } from './score-words'

/** A headline before anything is compared with its range. */
export type RangeHeadline = Omit<Headline, 'but'>

type Evidence = Previewed & { source: RestoredTo }

/** What would say more of a range than a preview can that expects another. */
const SAYS_TOO_MUCH: readonly HeadlineState[] = ['holds', 'unchecked', 'family', 'unstable', 'not-worth-it']

/**
 * The headline of a preview, of what a whole sweep would say. What is said of post and its prompts is exact in a preview too;
 * whatever depends on ranges is not told without the word, and no range is named to restore where another is as likely or likelier.
 */
export function byPreview(found: RangeHeadline, evidence: Evidence): RangeHeadline {
  if (found.state === 'unfit-prompts') return found
  const { preview, selection, scoredBy } = evidence
  const chance = chanceElsewhere(evidence)
  if (chance !== null && chance >= UNRELIABLE && SAYS_TOO_MUCH.includes(found.state))
    return asGuess(found, evidence, chance)
  const { verdict } = found
  const made =
    preview.rho === selection.rho
      ? ''
      : ` made for ${formatPercent(preview.rho)} of ${scoreWords(scoredBy).validity}, not ${formatPercent(selection.rho)}`
  return { ...found, verdict: `By a preview${made}, ${verdict.charAt(0).toLowerCase()}${verdict.slice(1)}` }
}

/** The warning is part of the sentence, which goes into copies and reports alone. */
function asGuess(found: RangeHeadline, { selection, source }: Evidence, chance: number): RangeHeadline {
  const { selected } = selection
  if (selected === null) return found
  const is = selected.start === selected.end ? 'is' : 'are'
  return {
    state: 'guess',
    verdict: 'A preview cannot tell which range to restore',
    figures: `${rangePhrase(selected, source)} ${is} its best guess, another would be selected with a chance of ${chanceWords(chance)}; ${found.figures}`,
    next: 'Sweep the rest before you restore a range: then all of them are scored on all prompts.',
    checkNext: false
  }
}

/** None of the few exact ranges of a preview says nothing of all. */
export function noneOfExact(evidence: Previewed): RangeHeadline {
  const { ranges, selection, scoredBy } = evidence
  return {
    state: 'none',
    verdict: 'No exact range qualifies',
    figures:
      `of ${plural(ranges.length, 'exact range')} none has ${scoreWords(scoredBy).validity} ` +
      `${formatScore(selection.minimumValidity)} and more ${scoreWords(scoredBy).diversity} than post; ${betterWords(evidence)}`,
    next: 'Sweep the rest: ranges that are only estimated may qualify.',
    checkNext: false
  }
}
