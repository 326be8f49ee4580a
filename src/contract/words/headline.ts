import type { MinPDraw } from '../model/sampling'
import {
  answerLimit,
  type WholeAnswers,
  checkOfRange,
  type CheckResult,
  passesCheck
} from '../documents/answer-check'
import type { Headline, HeadlineState } from '../documents/headline'
import type { SweepOutline } from '../documents/pairs-overview'
import type { CategoryScore, RangeScore, Reported, Score, Selection } from '../documents/crc'
import type { ScoredBy } from '../documents/scored-by'
import { capitalised, formatDeltas, formatPercent, formatScore, plural, rangePhrase } from './format'
import type { RestorationRange } from '../model/recipe'
import type { RestoredTo } from '../model/checkpoint'
import { rangeEdges } from './plateau'
import { byPreview, noneOfExact, type RangeHeadline } from './preview-headline'
import { isPreviewed, type PreviewEvidence, previewMark } from './preview-words'
import {
  baselineName,
  differenceWords,
  doesBetter,
  modelsPerToken,
  promptsBehind,
  PROMPTS_FOR_INTERVAL,
  baselineSentence,
  strongestBaseline
} from './baseline-words'
import { type ScoreWords, scoreWords } from './score-words'

/*
 * What the program says of a sweep, in one sentence that claims no more than was measured. Whole answers outrank first
 * tokens, and what puts the whole sweep in doubt outranks what puts one range in doubt.
 */

/** A post-trained model that fails one prompt in five, or more, was not asked something that it does. */
const MIN_POST_VALIDITY = 0.8
/** Below it a prompt is more often answered wrongly than rightly. */
const MIN_PROMPT_VALIDITY = 0.5
/** A range that most resamples of the prompts pick is the one that these prompts ask for. */
const STABLE_SHARE = 0.5
/** Near-equal ranges that together win this often leave little doubt about where to restore, only about its edges. */
const FAMILY_SHARE = 0.8
/** Starts, and ends, of one family differ from the selected ones by at most this share of the layers, and at least by one layer. */
const FAMILY_SPREAD = 1 / 8
/** Rarer winners are not named as members of a family. */
const MEMBER_SHARE = 0.02

/** A few words for a chip. */
export const STATE_LABELS: Record<HeadlineState, string> = {
  holds: 'holds on whole answers',
  outdone: 'a rival does better',
  unchecked: 'not checked',
  fails: 'fails the check',
  family: 'one of a family',
  unstable: 'unstable',
  'not-worth-it': 'not worth it',
  guess: 'cannot tell which range',
  none: 'no range',
  'unfit-prompts': 'prompts do not fit'
}

/** Of which a rival is told beside: what it would do to the range does not hide that something does better anyway. */
const BESIDE: readonly HeadlineState[] = ['unchecked', 'family', 'unstable']

/** How far a sweep is and what it says, as it stands beside those of other pairs: "done: not checked; a rival does better". */
export function sweepState(
  outline: Pick<SweepOutline, 'headline' | 'rangeCount' | 'estimatedCount' | 'rival'>
): string {
  const { headline: found, rival } = outline
  if (found === null) return 'no ranges scored'
  return `${previewMark(outline) ?? 'done'}: ${stateLabel(found.state, rival)}`
}

/** What a sweep says of the range that it selects, for a chip. @param rival the strongest; null for none */
export const stateLabel = (state: HeadlineState, rival: SweepOutline['rival']): string =>
  rival !== null && doesBetter(rival) && BESIDE.includes(state)
    ? `${STATE_LABELS[state]}; ${STATE_LABELS.outdone}`
    : STATE_LABELS[state]

/** Only what holds is praised. */
export const isGood = (state: HeadlineState): boolean => state === 'holds'

/** The verdict and its numbers as one sentence. */
export const headlineSentence = ({ verdict, figures, but }: Omit<Headline, 'next' | 'checkNext'>): string =>
  `${verdict}: ${figures}${but === null ? '' : `; but ${but}`}`

export interface HeadlineEvidence {
  layerCount: number
  /** What the ranges are restored to; null: base. */
  source: RestoredTo
  /** What the scores are of; a task's are of whole answers, which need no check. */
  scoredBy: Pick<ScoredBy, 'kind'>
  post: Pick<Score, 'validity' | 'diversity' | 'prompts'>
  /** Null where base could not be scored. */
  base: Pick<Score, 'validity' | 'diversity'> | null
  ranges: readonly Pick<RangeScore, 'start' | 'end' | 'validity' | 'diversity'>[]
  /** Ranges that are estimated only; null of a whole sweep. */
  preview: PreviewEvidence['preview']
  /** Made with the check, see `checkedSelection`. */
  selection: Selection
  /** Null when no whole answers were checked. */
  check: CheckResult | null
  /** Another sampler than the sweep's, where it is asked what would be. */
  sampler?: MinPDraw | null
}

/** What a sweep found, with what its check found, what does better, and the next step. */
export function headline(evidence: HeadlineEvidence): Headline {
  const { selection, scoredBy, sampler = null } = evidence
  const ranges = ofRanges(evidence)
  const exact = isPreviewed(evidence) ? byPreview(ranges, evidence) : ranges
  const found = sampler === null ? exact : underOther(exact)
  const but = baselineSentence(selection, scoredBy, evidence.check)
  if (but === null || !COMPARED.includes(found.state)) return { ...found, but: null }
  const rival = strongestBaseline(selection)
  const outdone = found.state === 'holds' && rival !== null && doesBetter(rival)
  return {
    ...found,
    but,
    ...(outdone
      ? {
          state: 'outdone',
          // By name: an evaluation may have told of another one between the sentence and this.
          next:
            `Look at what does better before you restore a range: ${baselineName(rival)} runs ` +
            (modelsPerToken(rival) === 1
              ? 'one model for each token, as a restored one does.'
              : 'two models for each token, a restored one runs one.')
        }
      : {})
  }
}

/** States in which there is a range to compare rivals with. */
const COMPARED: readonly HeadlineState[] = [
  'holds',
  'unchecked',
  'family',
  'unstable',
  'not-worth-it',
  'guess'
]

/** Under another sampler the prompts are not to blame, and no whole answers are checked. */
function underOther(found: RangeHeadline): RangeHeadline {
  if (found.state === 'unfit-prompts') {
    return {
      ...found,
      verdict: 'Post itself fails under this sampler',
      next: 'Take a lower temperature or a higher min-p: what restored layers lose cannot be told from what post loses too.'
    }
  }
  return found.checkNext
    ? { ...found, next: "Whole answers are checked under the sweep's own sampler alone.", checkNext: false }
    : found
}

function ofRanges(evidence: HeadlineEvidence): RangeHeadline {
  const { post, ranges, selection, check, source } = evidence
  const isTask = evidence.scoredBy.kind === 'task'
  const words = scoreWords(evidence.scoredBy)
  const unfit = isTask ? null : unfitPrompts(evidence, check)
  if (unfit !== null) return unfit
  const score = ranges.find((range) => isSame(range, selection.selected))
  if (score === undefined) {
    if (isPreviewed(evidence)) return noneOfExact(evidence)
    return {
      state: 'none',
      verdict: 'No range to restore',
      // The verdict has said of what.
      figures: selection.reason?.replace(/^No range /, 'none ') ?? 'none qualified',
      next:
        `A range qualifies when its ${words.validity} is at least ${formatScore(selection.minimumValidity)} and its ` +
        `${words.diversity} above post's ${formatScore(post.diversity)}. A lower ${words.validity} limit lets more ranges in.`,
      checkNext: false
    }
  }
  const worthless = notWorthIt(evidence, score)
  if (worthless !== null) return worthless
  const checked = checkOfRange(check, score)
  const { rho, bootstrap } = selection
  if (check !== null && checked !== null && !passesCheck(checked, check, rho)) {
    return failing(evidence, score, { checked, check })
  }
  const { reported } = selection
  const gain =
    reported === null
      ? gainWords(words, post, score, check === null || checked === null ? null : { check, checked })
      : `${gainWords(words, reported.post, reported.selected, null)}, ${halvesWords(reported, words)}`
  const unproven = checked === null && !isTask
  const share = shareOf(bootstrap, score)
  // One question or two are picked by one range in every resample, which says nothing.
  const tooFew = promptsBehind(post.prompts.length, selection) < PROMPTS_FOR_INTERVAL
  if (share < STABLE_SHARE || (tooFew && !unproven)) return shared(evidence, score, { share, gain, unproven })
  if (unproven) {
    return {
      state: 'unchecked',
      verdict: `${capitalised(rangePhrase(score, source))}, not checked yet`,
      figures: `${gain}, on first tokens alone`,
      next: 'Check whole answers: a valid first token may begin an invalid answer. The best range that passes is taken.',
      checkNext: true
    }
  }
  return {
    state: 'holds',
    verdict: `Restore ${rangePhrase(score, source)}`,
    figures: gain,
    next: isTask
      ? 'These are whole answers to the questions of this task. Keep it, and look at other tasks before you rely on it elsewhere.'
      : 'It holds on whole answers to these prompts. Keep it, and evaluate a task before you rely on it elsewhere.',
    checkNext: false
  }
}

/** Post-training makes answers more often valid, and less diverse: where base's are both, the folders may have been given the wrong way round. */
const looksSwapped = ({ base, post, source }: HeadlineEvidence): boolean =>
  source === null && base !== null && base.validity > post.validity && base.diversity < post.diversity

function unfitPrompts(evidence: HeadlineEvidence, check: CheckResult | null): RangeHeadline | null {
  const { post } = evidence
  const whole = check?.post.answers.validity ?? 1
  const validity = Math.min(post.validity, whole)
  if (validity >= MIN_POST_VALIDITY) return null
  const failed = post.prompts.filter((prompt) => prompt.validity < MIN_PROMPT_VALIDITY).length
  const which =
    failed === 0
      ? ''
      : `, and is more often wrong than right on ${failed} of ${plural(post.prompts.length, 'prompt')}`
  return {
    state: 'unfit-prompts',
    verdict: 'The prompts do not fit this model',
    figures: `post itself is valid only ${formatScore(validity)} of the time${whole < post.validity ? ' on whole answers' : ''}${which}`,
    next: `${looksSwapped(evidence) ? 'Base answers more validly and less diversely than post: look first whether base and post were exchanged. If not, change' : 'Change'} the prompts, the system prompt or the start of the answer until post answers validly, then sweep again: what restored layers lose cannot be told from what post never had.`,
    checkNext: false
  }
}

function notWorthIt(
  { layerCount, source, post, selection, scoredBy }: HeadlineEvidence,
  score: Scored
): RangeHeadline | null {
  const words = scoreWords(scoredBy)
  const figures = gainWords(words, post, score, null)
  if (score.start === 0 && score.end === layerCount - 1) {
    return {
      state: 'not-worth-it',
      verdict: 'Not worth restoring',
      figures: `the best range is all ${plural(layerCount, 'layer')}, ${source === null ? 'which undoes the post-training' : `which makes it ${source.name} but for its ends`}; ${figures}`,
      next: `Keep a greater share of post’s ${words.validity}, so that shorter ranges are left.`,
      checkNext: false
    }
  }
  const { reported } = selection
  // Where the questions are too few for an interval, nothing says that there is a gain.
  if (
    reported !== null &&
    (reported.gain.diversity.interval === null || reported.gain.diversity.interval[0] <= 0)
  ) {
    return {
      state: 'not-worth-it',
      verdict: 'Not worth restoring',
      figures:
        `the gain in ${words.diversity} of ${rangePhrase(score, source)} may be none, ` +
        `${differenceWords(reported.gain.diversity)}, ${halvesWords(reported, words)}`,
      next: `Add ${words.prompt}s and sweep again, or accept a lower ${words.validity} limit.`,
      checkNext: false
    }
  }
  const [low, high] = selection.bootstrap.selected?.diversityGain ?? [0, 0]
  if (low > 0) return null
  return {
    state: 'not-worth-it',
    verdict: 'Not worth restoring',
    figures:
      `the gain in ${words.diversity} of ${rangePhrase(score, source)} may be none, ` +
      (post.prompts.length < PROMPTS_FOR_INTERVAL
        ? `${plural(post.prompts.length, words.prompt)}, too few to tell`
        : `${formatDeltas([low, high])} over resampled prompts`),
    next: `Add prompts and sweep again, or accept a lower ${words.validity} limit.`,
    checkNext: false
  }
}

function failing(
  { source, selection: { rho } }: HeadlineEvidence,
  score: Scored,
  { checked, check }: { checked: WholeAnswers; check: CheckResult }
): RangeHeadline {
  const others = check.models.length - 1
  return {
    state: 'fails',
    verdict: `${capitalised(rangePhrase(score, source))} ${score.start === score.end ? 'fails' : 'fail'} the check`,
    figures: failureWords(checked, check, rho),
    next: `${others === 0 ? 'No range' : `None of ${plural(others + 1, 'range')}`} that was checked passes. Check more of them, or accept a lower validity limit.`,
    checkNext: true
  }
}

/** Why a model that was checked does not pass. */
export function failureWords({ answers, firstToken }: WholeAnswers, check: CheckResult, rho: number): string {
  const limit = answerLimit(check, rho)
  return answers.validity < limit
    ? `whole answers are valid only ${formatScore(answers.validity)} of the time, below the limit of ${formatScore(limit)} (first token ${formatScore(firstToken.validity)})`
    : `diversity of whole answers is ${formatScore(answers.diversity)}, not above post's ${formatScore(check.post.answers.diversity)}`
}

/** A range that wins less than half of the resamples, or all of too few prompts. */
function shared(
  { layerCount, source, post, selection, scoredBy }: HeadlineEvidence,
  score: Scored,
  { share, gain, unproven }: { share: number; gain: string; unproven: boolean }
): RangeHeadline {
  const { wins } = selection.bootstrap
  const spread = Math.max(1, Math.floor(layerCount * FAMILY_SPREAD))
  const family = wins.filter(
    ({ start, end }) => Math.abs(start - score.start) <= spread && Math.abs(end - score.end) <= spread
  )
  const together = family.reduce((sum, win) => sum + win.share, 0)
  const rival = wins.find((win) => !isSame(win, score))
  const passes = `${capitalised(rangePhrase(score, source))} ${score.start === score.end ? 'passes' : 'pass'} the check on whole answers.`
  const seen = scoredBy.kind === 'task' ? '' : ` ${passes}`
  const checked = unproven ? ' Check whole answers: it tells those apart that first tokens do not.' : seen
  const few = promptsBehind(post.prompts.length, selection)
  if (few < PROMPTS_FOR_INTERVAL) {
    const { prompt } = scoreWords(scoredBy)
    return {
      state: 'unstable',
      verdict: 'No range stands out',
      figures: `${rangePhrase(score, source)} by ${plural(few, prompt)}, too few to tell ranges apart; ${gain}`,
      next: `Add ${prompt}s and sweep again, so that one range can stand out.${checked}`,
      checkNext: unproven
    }
  }
  if (together < FAMILY_SHARE) {
    return {
      state: 'unstable',
      verdict: 'No range stands out',
      figures:
        `${rangePhrase(score, source)} ${winVerb(score)} ${formatPercent(share)} of the resamples` +
        `${rival === undefined ? '' : `, ${rangePhrase(rival)} ${winVerb(rival)} ${formatPercent(rival.share)}`}; ${gain}`,
      next: `Add prompts and sweep again, so that one range can stand out.${checked}`,
      checkNext: unproven
    }
  }
  const members = family.filter((win) => win.share >= MEMBER_SHARE || isSame(win, score))
  return {
    state: 'family',
    verdict: `${capitalised(rangePhrase(score, source))}, one of ${members.length} near-equal ranges`,
    figures: `${rangeEdges(members)} win ${formatPercent(together)} of the resamples together, this one ${formatPercent(share)}; ${gain}`,
    next: `More prompts would tell them apart, if it matters which.${checked}`,
    checkNext: unproven
  }
}

type Scored = HeadlineEvidence['ranges'][number]

/** Of whole answers where they were checked, of first tokens otherwise. */
function gainWords(
  names: ScoreWords,
  post: CategoryScore,
  score: CategoryScore,
  whole: { check: CheckResult; checked: WholeAnswers } | null
): string {
  const words = (from: CategoryScore, to: CategoryScore): string =>
    `${names.diversity} up from ${formatScore(from.diversity)} to ${formatScore(to.diversity)} at ${names.validity} ${formatScore(to.validity)}`
  if (whole === null) return `${words(post, score)} (post ${formatScore(post.validity)})`
  const { answers } = whole.check.post
  return (
    `${words(answers, whole.checked.answers)} on whole answers (post ${formatScore(answers.validity)}; first token ` +
    `${formatScore(score.validity)})`
  )
}

/** On which half something was chosen, and on which it is reported. */
function halvesWords({ chosenOn, reportedOn }: Reported, words: ScoreWords): string {
  return `chosen on ${plural(chosenOn, words.prompt)}, reported on the other ${reportedOn}`
}

/** How often a range wins. */
export const shareOf = ({ wins }: Pick<Selection['bootstrap'], 'wins'>, range: RestorationRange): number =>
  wins.find((win) => isSame(win, range))?.share ?? 0

/** Whether that is the range; null is none. */
export const isSame = (range: RestorationRange, other: RestorationRange | null): boolean =>
  range.start === other?.start && range.end === other.end

/** What stands behind the phrase of a range that wins. */
export const winVerb = ({ start, end }: RestorationRange): string => (start === end ? 'wins' : 'win')

/** Shown with three decimals, a smaller doubt is none. */
const SHOWN_DOUBT = 0.0005

/** How exact the validity of whole answers is. */
export function exactness({ undecided }: Pick<WholeAnswers, 'undecided'>): string {
  return undecided < SHOWN_DOUBT ? 'exact' : `at most ${formatScore(undecided)} more`
}
