import type { CheckResult } from '../documents/answer-check'
import type { LayerHalf, BaselineComparison, Selection, Baseline } from '../documents/crc'
import type { ScoredBy } from '../documents/scored-by'
import { mostDiverse } from '../model/by-diversity'
import type { RestorationRange } from '../model/recipe'
import { samplingBaselineName } from '../model/sampling-baseline'
import { formatDelta, formatDeltas, formatP, formatScore, plural, rangePhrase } from './format'
import { type ScoreWords, scoreWords } from './score-words'

/** Of fewer prompts no difference can be told from chance: flipping the signs of five leaves p at 1 / 16 or more. */
export const PROMPTS_FOR_INTERVAL = 6

/** So many prompts a selection and its gain rest on: where they are split, those of the smaller half. */
export const promptsBehind = (promptCount: number, { holdOut }: Pick<Selection, 'holdOut'>): number =>
  holdOut === null ? promptCount : Math.min(holdOut.selectionPromptCount, holdOut.holdOutPromptCount)

/** Why nothing is said of how sure a selection is: its prompts are too few for an interval, or for how often a range wins; null where they are not. */
export function tooFewWords(
  promptCount: number,
  selection: Pick<Selection, 'holdOut'>,
  { prompt }: Pick<ScoreWords, 'prompt'>
): string | null {
  const behind = promptsBehind(promptCount, selection)
  if (behind >= PROMPTS_FOR_INTERVAL) return null
  const half = selection.holdOut === null ? '' : ' in a half'
  return `too few ${prompt}s: ${behind}${half} of the ${PROMPTS_FOR_INTERVAL} that it takes`
}

/** The name of a baseline that does not depend on the selected range. */
export const takenName = (baseline: Baseline): string =>
  baseline.kind === 'uniform-blend' ? `all layers at ${baseline.strength}` : samplingBaselineName(baseline)

/** The name of what is compared with the selected range. */
export function baselineName({ baseline }: Pick<BaselineComparison, 'baseline'>): string {
  if (baseline.kind === 'tempered')
    return `${rangePhrase(baseline.range)} at temperature ${baseline.temperature}, min-p ${baseline.minP}`
  if (baseline.kind === 'control')
    return `${baseline.place} range of that length, ${rangePhrase(baseline.range)}`
  if (baseline.kind === 'half') return `${HALVES[baseline.half]} of ${rangePhrase(baseline.range)} alone`
  return takenName(baseline)
}

/** Of which range attention or MLP alone was scored, where another is selected now, by a check of whole answers or another limit. */
export const halfOfWords = (range: RestorationRange): string =>
  `half of ${rangePhrase(range)}, which the sweep itself selected`

const HALVES: Readonly<Record<LayerHalf, string>> = { attention: 'attention', mlp: 'MLP' }

/** A difference with its interval and p. @param over what it is a difference from, to stand behind it */
export function differenceWords(
  { mean, interval, pValue }: BaselineComparison['difference']['diversity'],
  over = ''
): string {
  const span = interval === null ? 'too few prompts for an interval' : formatDeltas(interval)
  return `${formatDelta(mean)}${over} (${span}, ${formatP(pValue)})`
}

/** A baseline and its difference from the selected range, on full answers where both were checked, on first tokens otherwise. */
export interface ComparedScores extends Pick<BaselineComparison, 'validity' | 'diversity' | 'difference'> {
  isOnFullAnswers: boolean
}

/** Returns the strictest comparison that is known. Both sides of it are always scored alike. */
export function comparedScores(compared: BaselineComparison): ComparedScores {
  const { validity, diversity, difference } = compared.answers ?? compared
  return { validity, diversity, difference, isOnFullAnswers: compared.answers !== null }
}

/** Whether it is more diverse than the selected range beyond what the prompts leave open. */
export function doesBetter(compared: BaselineComparison): boolean {
  const { interval } = comparedScores(compared).difference.diversity
  return interval !== null && interval[0] > 0
}

type Compared = Pick<Selection, 'baselines' | 'minimumValidity'>

/** Baselines that keep the validity; a control may not. */
const baselinesThatKeep = ({ baselines, minimumValidity }: Compared): BaselineComparison[] =>
  baselines.filter(
    ({ baseline, validity, answers }) =>
      baseline.kind !== 'control' &&
      validity >= minimumValidity &&
      (answers === null || answers.validity >= answers.minimumValidity)
  )

/** How many models run for each token of an answer. */
export const modelsPerToken = ({ baseline }: Pick<BaselineComparison, 'baseline'>): 1 | 2 =>
  baseline.kind === 'mix' || baseline.kind === 'filter' ? 2 : 1

/** The most diverse; of equal ones the cheapest to run. */
function best(baselines: readonly BaselineComparison[]): BaselineComparison | null {
  const equal = mostDiverse(baselines, comparedScores)
  return equal.find((baseline) => modelsPerToken(baseline) === 1) ?? equal[0] ?? null
}

/**
 * The baseline that puts the selected range in doubt most: one that surely does better before one that may, and one compared on full
 * answers before one compared on first tokens. Null when none is ahead.
 */
export function strongestBaseline(selection: Compared): BaselineComparison | null {
  const ahead = baselinesThatKeep(selection).filter(
    (baseline) => comparedScores(baseline).difference.diversity.mean > 0
  )
  const isChecked = ({ answers }: BaselineComparison): boolean => answers !== null
  const better = ahead.filter(doesBetter)
  const groups = [better.filter(isChecked), better, ahead.filter(isChecked), ahead]
  return best(groups.find((group) => group.length > 0) ?? [])
}

/** The strongest baseline, or where none is ahead the most diverse of those that keep the validity; null where none does. */
export const bestBaseline = (selection: Compared): BaselineComparison | null =>
  strongestBaseline(selection) ?? best(baselinesThatKeep(selection))

/**
 * Basis of a comparison by the character task. Beside a checked range it says that the baseline was not.
 *
 * @param check null where no range was checked either
 */
export function basisWords(compared: BaselineComparison, check: CheckResult | null): string {
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
