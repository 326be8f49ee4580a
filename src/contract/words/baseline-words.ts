import type { CheckResult } from '../documents/answer-check'
import type { LayerHalf, RivalComparison, Selection, TakenRival } from '../documents/crc'
import type { ScoredBy } from '../documents/scored-by'
import { mostDiverse } from '../model/by-diversity'
import type { RestorationRange } from '../model/recipe'
import { rivalName } from '../model/rival'
import { formatDelta, formatDeltas, formatP, formatScore, plural, rangePhrase } from './format'
import { type ScoreWords, scoreWords } from './score-words'

/** Of fewer prompts no difference can be told from chance: flipping the signs of five leaves p at 1 / 16 or more. */
export const PROMPTS_FOR_INTERVAL = 6

/** So many prompts a selection and its gain rest on: where they are split, those of the smaller half. */
export const promptsBehind = (promptCount: number, { reported }: Pick<Selection, 'reported'>): number =>
  reported === null ? promptCount : Math.min(reported.chosenOn, reported.reportedOn)

/** Why nothing is said of how sure a selection is: its prompts are too few for an interval, or for how often a range wins; null where they are not. */
export function tooFewWords(
  promptCount: number,
  selection: Pick<Selection, 'reported'>,
  { prompt }: Pick<ScoreWords, 'prompt'>
): string | null {
  const behind = promptsBehind(promptCount, selection)
  if (behind >= PROMPTS_FOR_INTERVAL) return null
  const half = selection.reported === null ? '' : ' in a half'
  return `too few ${prompt}s: ${behind}${half} of the ${PROMPTS_FOR_INTERVAL} that it takes`
}

/** The name of a baseline that does not depend on the selected range. */
export const takenName = (baseline: TakenRival): string =>
  baseline.kind === 'blend' ? `all layers at ${baseline.strength}` : rivalName(baseline)

/** The name of what is compared with the selected range. */
export function baselineName({ rival }: Pick<RivalComparison, 'rival'>): string {
  if (rival.kind === 'tempered')
    return `${rangePhrase(rival.range)} at temperature ${rival.temperature}, min-p ${rival.minP}`
  if (rival.kind === 'control') return `${rival.place} range of that length, ${rangePhrase(rival.range)}`
  if (rival.kind === 'half') return `${HALVES[rival.half]} of ${rangePhrase(rival.range)} alone`
  return takenName(rival)
}

/** Of which range attention or MLP alone was scored, where another is selected now, by a check of whole answers or another limit. */
export const halfOfWords = (range: RestorationRange): string =>
  `half of ${rangePhrase(range)}, which the sweep itself selected`

const HALVES: Readonly<Record<LayerHalf, string>> = { attention: 'attention', mlp: 'MLP' }

/** A difference with its interval and p. @param over what it is a difference from, to stand behind it */
export function differenceWords(
  { mean, interval, pValue }: RivalComparison['difference']['diversity'],
  over = ''
): string {
  const span = interval === null ? 'too few prompts for an interval' : formatDeltas(interval)
  return `${formatDelta(mean)}${over} (${span}, ${formatP(pValue)})`
}

/** A baseline and its difference from the selected range, on full answers where both were checked, on first tokens otherwise. */
export interface ComparedScores extends Pick<RivalComparison, 'validity' | 'diversity' | 'difference'> {
  isOnFullAnswers: boolean
}

/** Returns the strictest comparison that is known. Both sides of it are always scored alike. */
export function comparedScores(compared: RivalComparison): ComparedScores {
  const { validity, diversity, difference } = compared.answers ?? compared
  return { validity, diversity, difference, isOnFullAnswers: compared.answers !== null }
}

/** Whether it is more diverse than the selected range beyond what the prompts leave open. */
export function doesBetter(compared: RivalComparison): boolean {
  const { interval } = comparedScores(compared).difference.diversity
  return interval !== null && interval[0] > 0
}

type Compared = Pick<Selection, 'rivals' | 'minimumValidity'>

/** Baselines that keep the validity; a control may not. */
const baselinesThatKeep = ({ rivals, minimumValidity }: Compared): RivalComparison[] =>
  rivals.filter(
    ({ rival, validity, answers }) =>
      rival.kind !== 'control' &&
      validity >= minimumValidity &&
      (answers === null || answers.validity >= answers.minimumValidity)
  )

/** How many models run for each token of an answer. */
export const modelsPerToken = ({ rival }: Pick<RivalComparison, 'rival'>): 1 | 2 =>
  rival.kind === 'mix' || rival.kind === 'filter' ? 2 : 1

/** The most diverse; of equal ones the cheapest to run. */
function best(baselines: readonly RivalComparison[]): RivalComparison | null {
  const equal = mostDiverse(baselines, comparedScores)
  return equal.find((baseline) => modelsPerToken(baseline) === 1) ?? equal[0] ?? null
}

/**
 * The baseline that puts the selected range in doubt most: one that surely does better before one that may, and one compared on full
 * answers before one compared on first tokens. Null when none is ahead.
 */
export function strongestBaseline(selection: Compared): RivalComparison | null {
  const ahead = baselinesThatKeep(selection).filter(
    (baseline) => comparedScores(baseline).difference.diversity.mean > 0
  )
  const isChecked = ({ answers }: RivalComparison): boolean => answers !== null
  const better = ahead.filter(doesBetter)
  const groups = [better.filter(isChecked), better, ahead.filter(isChecked), ahead]
  return best(groups.find((group) => group.length > 0) ?? [])
}

/** The strongest baseline, or where none is ahead the most diverse of those that keep the validity; null where none does. */
export const bestBaseline = (selection: Compared): RivalComparison | null =>
  strongestBaseline(selection) ?? best(baselinesThatKeep(selection))

/**
 * Basis of a comparison by the character task. Beside a checked range it says that the baseline was not.
 *
 * @param check null where no range was checked either
 */
export function basisWords(compared: RivalComparison, check: CheckResult | null): string {
  if (compared.answers !== null) return 'on full answers'
  return `on first tokens${check === null ? '' : ' (full answers not checked)'}`
}

/**
 * What a baseline takes from the selected range, to follow the range's own numbers in a sentence; null when none is ahead.
 *
 * @param check of full answers; null where none were checked
 */
export function baselineSentence(
  selection: Compared,
  scoredBy: Pick<ScoredBy, 'kind'>,
  check: CheckResult | null
): string | null {
  const words = scoreWords(scoredBy)
  const baseline = strongestBaseline(selection)
  if (baseline === null) return null
  const on = scoredBy.kind === 'crc' ? ` ${basisWords(baseline, check)}` : ''
  const verb = doesBetter(baseline) ? 'does better' : 'may do as well or better'
  // With nothing to keep, nothing is said to be kept.
  const kept =
    selection.minimumValidity === 0 ? `where no ${words.validity} is asked` : `at the ${words.validity} kept`
  const { diversity, validity, difference } = comparedScores(baseline)
  const over = ` over the range's ${formatScore(diversity - difference.diversity.mean)}`
  return (
    `${baselineName(baseline)} ${verb}${on} ${kept}: ${words.diversity} ${formatScore(diversity)} at ` +
    `${words.validity} ${formatScore(validity)}, ${differenceWords(difference.diversity, over)} on ${plural(baseline.promptCount, words.prompt)}`
  )
}
