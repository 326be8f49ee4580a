import { blendName } from '../documents/swept-model'
import type { CheckResult } from '../documents/answer-check'
import type { ScoredHalf, BaselineComparison, Selection, FamilyScore } from '../documents/crc'
import { type Baseline, isBlend, samplingBaselineName } from '../model/sampling-baseline'
import { mostDiverse } from '../model/by-diversity'
import type { RestorationRange } from '../model/recipe'
import { formatDelta, formatDeltas, formatP, formatScore, rangePhrase, lowerFirst } from './format'
import type { ScoreWords } from './score-words'

/** Minimum number of prompts for an interval. A sign-flip test of five prompts has p of at least 1 / 16. */
export const PROMPTS_FOR_INTERVAL = 6

/** Returns the number of prompts behind a selection and its gain: the smaller half of a split sweep. */
export const promptsBehind = (promptCount: number, { holdOut }: Pick<Selection, 'holdOut'>): number =>
  holdOut === null ? promptCount : Math.min(holdOut.selectionPromptCount, holdOut.holdOutPromptCount)

/** Returns why a selection has too few prompts for intervals and shares of wins; null if it has enough. */
export function tooFewWords(
  promptCount: number,
  selection: Pick<Selection, 'holdOut'>,
  { prompt }: Pick<ScoreWords, 'prompt'>
): string | null {
  const basisCount = promptsBehind(promptCount, selection)
  if (basisCount >= PROMPTS_FOR_INTERVAL) return null
  const half = selection.holdOut === null ? '' : ' in a half'
  return `too few ${prompt}s${half}: ${basisCount} of ${PROMPTS_FOR_INTERVAL} needed`
}

/** Names a baseline that does not depend on the selected range. */
export const independentBaselineName = (baseline: Baseline): string =>
  isBlend(baseline) ? lowerFirst(blendName(baseline)) : samplingBaselineName(baseline)

/** Names a model that is compared with the selected range. */
export function baselineName({ baseline }: Pick<BaselineComparison, 'baseline'>): string {
  if (baseline.kind === 'tempered')
    return `${rangePhrase(baseline.range)} at temperature ${baseline.temperature}, min-p ${baseline.minP}`
  if (baseline.kind === 'control') return `${baseline.place} range of that length, ${rangePhrase(baseline.range)}`
  if (baseline.kind === 'half') return `${HALVES[baseline.half]} of ${rangePhrase(baseline.range)} alone`
  return baseline.kind === 'checkpoint' ? baseline.name : independentBaselineName(baseline)
}

/** Names the range that a half belongs to. Needed if another range is selected now, after a check or a new limit. */
export const halfOfWords = (range: RestorationRange): string =>
  `half of ${rangePhrase(range)}, which the sweep itself selected`

const HALVES: Readonly<Record<ScoredHalf, string>> = { attention: 'attention', mlp: 'MLP' }

/** Formats a difference with its interval and p. */
export function baselineDifference({ mean, interval, pValue }: BaselineComparison['difference']['diversity']): string {
  const span = interval === null ? 'too few prompts for an interval' : formatDeltas(interval)
  return `${formatDelta(mean)} (${span}, ${formatP(pValue)})`
}

/** A baseline and its difference from the range, on full answers if both were checked, else on first tokens. */
export interface BaselineScores extends Pick<BaselineComparison, 'validity' | 'diversity' | 'difference'> {
  isOnFullAnswers: boolean
}

export function comparedScores(compared: BaselineComparison): BaselineScores {
  const { validity, diversity, difference } = compared.answers ?? compared
  return { validity, diversity, difference, isOnFullAnswers: compared.answers !== null }
}

/** Reports whether a baseline is more diverse than the selected range by its whole 95 % interval. */
export function isSurelyMoreDiverse(compared: BaselineComparison): boolean {
  const { interval } = comparedScores(compared).difference.diversity
  return interval !== null && interval[0] > 0
}

type Compared = Pick<Selection, 'baselines' | 'families' | 'minimumValidity'>

/** Returns the out-of-bag score of a baseline's family; undefined for halves, controls and other samplers. */
export const familyOf = (
  { families }: Pick<Selection, 'families'>,
  { baseline }: Pick<BaselineComparison, 'baseline'>
): FamilyScore | undefined => families.find(({ family }) => family === baseline.kind)

/** Formats the score of a family out of bag, as diversity at validity. */
export const outOfBagText = ({ outOfBag }: FamilyScore): string =>
  outOfBag === null ? 'too few prompts' : `${formatScore(outOfBag.diversity)} at ${formatScore(outOfBag.validity)}`

/** Reports whether a baseline may lead only because it was picked from many: out of bag, its family does not lead. */
function mayLeadByChance(selection: Compared, compared: BaselineComparison): boolean {
  const family = familyOf(selection, compared)
  return family !== undefined && (family.outOfBag === null || family.outOfBag.difference.mean <= 0)
}

/** Returns the baselines, without controls, whose validity reaches the minimum of the selection and of the check. */
const validBaselines = ({ baselines, minimumValidity }: Compared): BaselineComparison[] =>
  baselines.filter(
    ({ baseline, validity, answers }) =>
      baseline.kind !== 'control' &&
      validity >= minimumValidity &&
      (answers === null || answers.validity >= answers.minimumValidity)
  )

export const modelsPerToken = ({ baseline }: Pick<BaselineComparison, 'baseline'>): 1 | 2 =>
  'share' in baseline ? 2 : 1

function best(baselines: readonly BaselineComparison[]): BaselineComparison | null {
  const equal = mostDiverse(baselines, comparedScores)
  return equal.find((baseline) => modelsPerToken(baseline) === 1) ?? equal[0] ?? null
}

/**
 * Returns the most diverse baseline that leads the selected range, also out of bag. Baselines whose interval excludes 0
 * come first, then checked ones.
 */
export function strongestBaseline(selection: Compared): BaselineComparison | null {
  const ahead = validBaselines(selection).filter(
    (baseline) => comparedScores(baseline).difference.diversity.mean > 0 && !mayLeadByChance(selection, baseline)
  )
  const isChecked = ({ answers }: BaselineComparison): boolean => answers !== null
  const better = ahead.filter(isSurelyMoreDiverse)
  const groups = [better.filter(isChecked), better, ahead.filter(isChecked), ahead]
  return best(groups.find((group) => group.length > 0) ?? [])
}

/** Returns the strongest baseline, or else the most diverse valid one; null if none is valid. */
export const bestBaseline = (selection: Compared): BaselineComparison | null =>
  strongestBaseline(selection) ?? best(validBaselines(selection))

/** Names the answers that a comparison is based on, and says if a check did not contain the baseline. */
export function basisWords(compared: BaselineComparison, check: CheckResult | null): string {
  if (compared.answers !== null) return 'on full answers'
  return `on first tokens${check === null ? '' : ' (full answers not checked)'}`
}
