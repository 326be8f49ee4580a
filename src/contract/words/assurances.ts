import {
  answerLimit,
  type FullAnswerScores,
  checkOfRange,
  type CheckResult,
  rejectedRanges
} from '../documents/answer-check'
import type { CategoryScore, Selection } from '../documents/crc'
import { mostDiverse } from '../model/by-diversity'
import { crossFitAt, uncheckedHalves, uncheckedWins } from './cross-fit-words'
import { formatDelta, formatDeltas, formatPercent, formatScore, plural, rangePhrase } from './format'
import { exactness, isSame, winShare, winVerb } from './range-facts'
import type { VerdictEvidence } from './verdict-evidence'
import type { Term } from './glossary'
import { amongExact } from './preview-words'
import { uncheckedSuffix } from './recipe-check'
import { tooFewWords } from './baseline-words'
import { checkCertainty, passingWords, validitySpan } from './check-certainty'
import { type ScoreWords, scoreWords } from './score-words'
import { holdOutPrompts, onSelectionPrompts } from './split-words'
import { findRange } from '../model/strengths'

/** A statement on the certainty of a selection. */
interface Assurance {
  label: string
  value: string
  detail: string
  term: Term
}

/** Describes how certain the selection is: full answers, gain, share of wins, and the cross-fitted score. */
export function assurances({
  scoredBy,
  post,
  ranges,
  preview,
  selection,
  check,
  promptCount
}: Omit<VerdictEvidence, 'post'> & { post: CategoryScore; promptCount: number }): Assurance[] {
  const { bootstrap, selected, rho } = selection
  const score = findRange(ranges, selected)
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
      value: formatPercent(winShare(bootstrap, score)),
      detail:
        `of the resamples${ofSelection}; ${runnerUpWords(bootstrap, score, rejected, check)}` +
        noneQualifies(bootstrap),
      term: 'share of wins'
    })
  }
  return [...result, crossFitAssurance(selection, `Cross-fitted${among}`, words, check, rejected.length > 0)]
}

function crossFitAssurance(
  selection: Selection,
  label: string,
  words: ScoreWords,
  check: CheckResult | null,
  isWithoutRejected: boolean
): Assurance {
  const { bootstrap, crossFit, crossFitReason, minimumValidity } = selection
  const term = 'cross-fitted'
  if (crossFit === null) return { label, value: '–', detail: crossFitReason ?? 'no cross-fitted score', term }
  const ofSelection = onSelectionPrompts(selection, words, 'of')
  const at = crossFitAt(crossFit, minimumValidity, words, uncheckedHalves(crossFit, check))
  return {
    label,
    value: `${formatScore(crossFit.diversity)} ${at}`,
    detail:
      `${firstTokens(check)}${words.diversity} when selected on half the prompts and scored on the other half ` +
      `(post ${formatScore(crossFit.postDiversity)})${ofSelection === '' ? '' : `, both${ofSelection}`}` +
      outOfBagWords(bootstrap, check) +
      (isWithoutRejected ? '; without the ranges that fail the check on all prompts' : ''),
    term
  }
}

/** Names the basis of a figure beside a check, whose scores are of full answers. */
const firstTokens = (check: CheckResult | null): string => (check === null ? '' : 'of first tokens; ')

/** A check may have removed competitors. For a preview, the label of its exact ranges says so. */
const withoutWords = (preview: VerdictEvidence['preview'], leftOut: number): string =>
  preview !== null || leftOut === 0
    ? ''
    : `, without ${leftOut === 1 ? 'one that fails' : `${leftOut} that fail`} the check`

/** Describes the gain. A split sweep takes it from the hold-out prompts. */
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
    const on = `on ${holdOutPrompts(holdOut, words)}, which did not select it`
    return [{ label, value: formatDelta(mean), detail: `${span}, ${on}`, term: 'gain' }]
  }
  if (bootstrap.selected === null) return []
  const [low, high] = bootstrap.selected.diversityGain
  const span = `${formatDeltas([low, high])} in ${formatPercent(bootstrap.confidence)}`
  const detail = `${firstTokens(check)}${span} of ${plural(bootstrap.resamples, 'resample')} of the prompts`
  return [{ label, value: formatDelta(gain), detail, term: 'gain' }]
}

const noneQualifies = ({ noSelectionShare }: Selection['bootstrap']): string =>
  noSelectionShare === 0 ? '' : `. No range qualifies in ${formatPercent(noSelectionShare)} of the resamples`

/** Describes the gain on prompts that a resample leaves out. Its interval is wider, because they are few. */
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

function runnerUpWords(
  { wins }: Selection['bootstrap'],
  score: Scored,
  rejected: readonly Scored[],
  check: CheckResult | null
): string {
  const runnerUp = wins.find((win) => !isSame(win, score))
  const leftOut = mostDiverse(rejected, (range) => range)[0]
  const others = leftOut === undefined ? 'no other range' : 'no other remaining range'
  const name = runnerUp && `${rangePhrase(runnerUp)}${uncheckedSuffix(check, runnerUp)}`
  const runnerUpText =
    runnerUp === undefined || name === undefined
      ? `${others} ever wins`
      : runnerUp.share > winShare({ wins }, score)
        ? `${name} ${winVerb(runnerUp)} more often, ${formatPercent(runnerUp.share)}`
        : `next: ${name} with ${formatPercent(runnerUp.share)}`
  if (leftOut === undefined) return runnerUpText
  const more = rejected.length === 1 ? '' : ` and ${rejected.length - 1} more`
  return `${runnerUpText}. Excluded by the check: ${rangePhrase(leftOut)}${more}`
}

function checkAssurance(check: CheckResult | null, checked: FullAnswerScores | null, rho: number): Assurance {
  const label = 'Full answers'
  if (check === null || checked === null) {
    return { label, value: 'not checked', detail: 'all other figures are of first tokens', term: 'full answer' }
  }
  const certainty = checkCertainty(check, checked, rho)
  const resampled =
    certainty === null ? '' : `${validitySpan(certainty)} over resampled prompts, ${passingWords(certainty)}; `
  const limits = `limit ${formatScore(answerLimit(check, rho))}, post ${formatScore(check.post.answers.validity)}`
  return {
    label,
    value: formatScore(checked.answers.validity),
    detail: `validity, ${exactness(checked)}; ${resampled}${limits}`,
    term: 'full answer'
  }
}

type Scored = VerdictEvidence['ranges'][number]
