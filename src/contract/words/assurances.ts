import {
  answerLimit,
  type WholeAnswers,
  checkOfRange,
  type CheckResult,
  rejectedRanges
} from '../documents/answer-check'
import type { CategoryScore, Selection } from '../documents/crc'
import { mostDiverse } from '../model/by-diversity'
import { crossFitAt, uncheckedHalves, uncheckedWins } from './cross-fit-words'
import { formatDelta, formatDeltas, formatPercent, formatScore, plural, rangePhrase } from './format'
import { exactness, isSame, shareOf, winVerb } from './range-facts'
import type { VerdictEvidence } from './verdict-findings'
import type { Term } from './glossary'
import { amongExact } from './preview-words'
import { uncheckedMark } from './recipe-check'
import { tooFewWords } from './baseline-words'
import { checkCertainty, passingWords, validitySpan } from './check-certainty'
import { type ScoreWords, scoreWords } from './score-words'
import { holdOutPrompts, onSelectionPrompts } from './split-words'

/** One figure, and the words that explain it. */
export interface Assurance {
  label: string
  value: string
  detail: string
  /** What the label is about. */
  term: Term
}

/**
 * How sure the selection is: whole answers, the interval of its gain, how often it wins, and its score on prompts that did
 * not pick it. Each entry is one figure and the words that explain it.
 */
export function assurances({
  scoredBy,
  post,
  ranges,
  preview,
  selection,
  check,
  promptCount
}: Omit<VerdictEvidence, 'post'> & { post: CategoryScore; promptCount: number }): Assurance[] {
  const { bootstrap, crossFit, crossFitReason, selected, rho } = selection
  const score = ranges.find((range) => isSame(range, selected))
  const rejected = rejectedRanges(ranges, check, rho)
  const words = scoreWords(scoredBy)
  const ofSelection = onSelectionPrompts(selection, words, 'of')
  const among = amongExact({ preview, ranges }, rejected.length)
  const tooFew = tooFewWords(promptCount, selection, words)
  const result: Assurance[] = []
  if (score !== undefined) {
    if (scoredBy.kind === 'crc') result.push(checkAssurance(check, checkOfRange(check, score), rho))
    const gain = score.diversity - post.diversity
    if (tooFew !== null) {
      const value = formatDelta(selection.holdOut?.gain.diversity.mean ?? gain)
      return [
        ...result,
        { label: `Gain in ${words.diversity}`, value, detail: tooFew, term: 'gain' },
        { label: `Same range wins${among}`, value: '–', detail: tooFew, term: 'share of wins' }
      ]
    }
    result.push(...gainAssurance(selection, gain, words, check))
    result.push({
      label: `Same range wins${among}${withoutWords(preview, rejected.length)}`,
      value: formatPercent(shareOf(bootstrap, score)),
      detail: `of the resamples${ofSelection}${checkStays(check)}; ${runnerUpWords(bootstrap, score, rejected, check)}${noneQualifies(bootstrap)}`,
      term: 'share of wins'
    })
  }
  const label = `Cross-fitted${among}`
  result.push(
    crossFit === null
      ? { label, value: '–', detail: crossFitReason ?? 'no cross-fitted score', term: 'cross-fitted' }
      : {
          label,
          value: `${formatScore(crossFit.diversity)} ${crossFitAt(crossFit, selection.minimumValidity, words, uncheckedHalves(crossFit, check))}`,
          detail:
            `${check === null ? '' : 'of first tokens; '}${words.diversity} when picked on half the prompts and scored on the other half (post ${formatScore(crossFit.postDiversity)})${ofSelection === '' ? '' : `, both${ofSelection}`}` +
            outOfBagWords(bootstrap, check) +
            (rejected.length === 0 ? '' : '; ranges that fail the check were left out by all prompts'),
          term: 'cross-fitted'
        }
  )
  return result
}

/** A range that a resample's whole answers would throw out wins there all the same: its share may be above how often it passes. */
const checkStays = (check: CheckResult | null): string =>
  check === null ? '' : ', with what the check found left as it is'

/** That a check has left the winner fewer competitors; of a preview that is said with its exact ranges. */
const withoutWords = (preview: VerdictEvidence['preview'], leftOut: number): string =>
  preview !== null || leftOut === 0
    ? ''
    : `, without ${leftOut === 1 ? 'one that fails' : `${leftOut} that fail`} the check`

/** The gain on the hold-out prompts of a split sweep, because the range was chosen for its gain on the selection prompts. */
function gainAssurance(
  { bootstrap, holdOut }: Selection,
  gain: number,
  words: ScoreWords,
  check: CheckResult | null
): Assurance[] {
  const label = `Gain in ${words.diversity}`
  if (holdOut !== null) {
    const { mean, interval } = holdOut.gain.diversity
    const span = interval === null ? 'too few for an interval' : `95 % interval ${formatDeltas(interval)}`
    const on = `on ${holdOutPrompts(holdOut, words)}, which had no part in choosing it`
    return [{ label, value: formatDelta(mean), detail: `${span}, ${on}`, term: 'gain' }]
  }
  if (bootstrap.selected === null) return []
  const [low, high] = bootstrap.selected.diversityGain
  const span = `${formatDeltas([low, high])} in ${formatPercent(bootstrap.confidence)}`
  const detail = `${check === null ? '' : 'of first tokens; '}${span} of ${plural(bootstrap.resamples, 'resample')} of the prompts`
  return [{ label, value: formatDelta(gain), detail, term: 'gain' }]
}

const noneQualifies = ({ noSelectionShare }: Selection['bootstrap']): string =>
  noSelectionShare === 0 ? '' : `. No range qualifies in ${formatPercent(noSelectionShare)} of the resamples`

/** The gain on prompts that a resample left out, which are fewer: its span is wider than the gain's own. */
function outOfBagWords(bootstrap: Selection['bootstrap'], check: CheckResult | null): string {
  const { outOfBag, confidence } = bootstrap
  if (outOfBag === null) return ''
  const [low, high] = outOfBag.interval
  const unchecked = uncheckedWins(bootstrap, check)
  return (
    `; gain out of bag ${formatDelta(outOfBag.diversityGain)}, ${formatDeltas([low, high])} in ` +
    `${formatPercent(confidence)} of resamples${unchecked === '' ? '' : `, ${unchecked}`}`
  )
}

/** Which other range wins, with those that a check has left no chance to. */
function runnerUpWords(
  { wins }: Selection['bootstrap'],
  score: Scored,
  rejected: readonly Scored[],
  check: CheckResult | null
): string {
  const runnerUp = wins.find((win) => !isSame(win, score))
  const leftOut = mostDiverse(rejected, (range) => range)[0]
  const others = leftOut === undefined ? 'no other range' : 'no other that is left'
  const place =
    runnerUp === undefined
      ? `${others} ever wins`
      : runnerUp.share > shareOf({ wins }, score)
        ? `${rangePhrase(runnerUp)}${uncheckedMark(check, runnerUp)} ${winVerb(runnerUp)} more often, ${formatPercent(runnerUp.share)}`
        : `next: ${rangePhrase(runnerUp)}${uncheckedMark(check, runnerUp)} with ${formatPercent(runnerUp.share)}`
  if (leftOut === undefined) return place
  const more = rejected.length === 1 ? '' : ` and ${rejected.length - 1} more`
  return `${place}. Left out of every resample, for ${rejected.length === 1 && leftOut.start === leftOut.end ? 'it fails' : 'they fail'} the check: ${rangePhrase(leftOut)}${more}`
}

function checkAssurance(check: CheckResult | null, checked: WholeAnswers | null, rho: number): Assurance {
  const label = 'Full answers'
  if (check === null || checked === null) {
    return { label, value: 'not checked', detail: 'all else here is of first tokens', term: 'full answer' }
  }
  const sure = checkCertainty(check, checked, rho)
  const resampledWords =
    sure === null ? '' : `${validitySpan(sure)} over resampled prompts, ${passingWords(sure)}; `
  return {
    label,
    value: formatScore(checked.answers.validity),
    detail: `validity, ${exactness(checked)}; ${resampledWords}limit ${formatScore(answerLimit(check, rho))}, post ${formatScore(check.post.answers.validity)}`,
    term: 'full answer'
  }
}

type Scored = VerdictEvidence['ranges'][number]
