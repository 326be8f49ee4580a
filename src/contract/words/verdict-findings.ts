import {
  answerLimit,
  checkOf,
  checkOfRange,
  type CheckResult,
  passesCheck,
  type FullAnswerScores
} from '../documents/answer-check'
import type { BaselineComparison, CategoryScore, RangeScore, Score, Selection } from '../documents/crc'
import type { BetterModel, EvaluationFinding, VerdictFigure, VerdictState, VerdictStep } from '../documents/verdict'
import type { RestoredTo } from '../model/checkpoint'
import type { Restoring } from '../model/model'
import type { MinPDraw } from '../model/sampling'
import {
  baselineName,
  comparedScores,
  isSurelyMoreDiverse,
  modelsPerToken,
  promptsBehind,
  PROMPTS_FOR_INTERVAL,
  strongestBaseline
} from './baseline-words'
import { formatMeasureDelta } from './evaluation-words'
import { capitalised, formatPercent, formatScore, plural, rangePhrase } from './format'
import { measureOf } from '../model/measures'
import { baselinePhrase, comparedModel } from './model-phrase'
import { betterEstimates, betterWords, hasPreview, type PreviewEvidence, previewFacts } from './preview-words'
import { isSame, winShare, winVerb } from './range-facts'
import { type NamedScoring, type ScoreWords, scoreWords } from './score-words'

export interface VerdictEvidence {
  layerCount: number
  /** Checkpoint that supplies the restored layers; null for base. */
  source: RestoredTo
  /** Source of the scores. A task scores full answers, which need no check. */
  scoredBy: NamedScoring
  post: Pick<Score, 'validity' | 'diversity' | 'prompts'>
  /** Scores of base; null if base could not be scored. */
  base: Pick<Score, 'validity' | 'diversity'> | null
  ranges: readonly Pick<RangeScore, 'start' | 'end' | 'validity' | 'diversity'>[]
  /** Ranges with estimates only; null for a full sweep. */
  preview: PreviewEvidence['preview']
  /** Includes the check, see `checkedSelection`. */
  selection: Selection
  /** Null when no full answers were checked. */
  check: CheckResult | null
  /** Sampler of a what-if question; null for the sweep's sampler. */
  sampler?: MinPDraw | null
  evaluation?: EvaluationFinding | null
  /** True while an evaluation of the range may still be read. */
  isReading?: boolean
  /** False if no answer was read in Chat or Samples yet. Omitted outside the window. */
  hasAnswers?: boolean
  /** True if a check covers every range that may be selected. */
  isAllChecked?: boolean
}

/** One statement about the selected range. */
export interface VerdictFinding {
  readonly state: VerdictState
  /** Replaces the usual label of the state. */
  readonly label?: string
  readonly headline: string
  readonly figures: VerdictFigure[]
  /** Short line that is shown below a worse finding. */
  readonly caveat: string
  readonly action: VerdictStep
  readonly better: BetterModel | null
}

type Scored = VerdictEvidence['ranges'][number]

/** If post fails one prompt in five, the prompts do not suit it. */
const MIN_POST_VALIDITY = 0.8
/** Validity of a prompt below which post answers it more often wrongly than rightly. */
const MIN_PROMPT_VALIDITY = 0.5
const STABLE_SHARE = 0.5
/** Near-equal ranges with this share of wins leave only the edges in doubt. */
const NEAR_TIES_SHARE = 0.8
/** Maximum distance of their edges from the selected ones, as a share of the layers; at least one layer. */
const NEAR_TIES_SPREAD = 1 / 8
/** Minimum share of wins of a near-equal range. */
const NEAR_TIE_SHARE = 0.02

/** Returns all findings about a sweep, unordered, and the finding that applies if none is negative. */
export function findingsOf(evidence: VerdictEvidence): { findings: VerdictFinding[]; holds: VerdictFinding } {
  const score = evidence.ranges.find((range) => isSame(range, evidence.selection.selected))
  const unfit = evidence.scoredBy.kind === 'task' ? null : unfitPrompts(evidence)
  const range = score === undefined ? null : new SelectedRange(evidence, score)
  if (unfit !== null) {
    // Evaluations ask other prompts.
    const evaluated = [range?.evaluatedLoss() ?? null, range?.evaluatedBetter() ?? null]
    return { findings: [unfit, ...evaluated.filter((finding) => finding !== null)], holds: unfit }
  }
  if (range === null) {
    const none = noneQualifies(evidence)
    return { findings: [none], holds: none }
  }
  const findings = [
    range.evaluatedLoss(),
    range.checkFailed(),
    range.notWorthIt(),
    range.preview(),
    range.shared(),
    range.evaluatedBetter(),
    range.baselineBetter(),
    range.reading(),
    range.unchecked()
  ].filter((finding) => finding !== null)
  return { findings, holds: range.holds() }
}

/** Reports whether base and post look exchanged. Post-training makes answers more valid and less diverse. */
const looksSwapped = ({ base, post, source }: VerdictEvidence): boolean =>
  source === null && base !== null && base.validity > post.validity && base.diversity < post.diversity

function unfitPrompts(evidence: VerdictEvidence): VerdictFinding | null {
  const { post, check, sampler = null } = evidence
  const validity = Math.min(post.validity, check?.post.answers.validity ?? 1)
  if (validity >= MIN_POST_VALIDITY) return null
  const failed = post.prompts.filter((prompt) => prompt.validity < MIN_PROMPT_VALIDITY).length
  const failures = `${failed} of ${plural(post.prompts.length, 'prompt')}`
  const subject = sampler === null ? 'The prompts do not fit this model' : 'Post itself fails under this sampler'
  const headline = `${subject}: post is valid only ${formatPercent(validity)} of the time.`
  const which = failed === 0 ? '' : `Post is mostly wrong on ${failures}. `
  const todo =
    sampler !== null
      ? 'Use a lower temperature or a higher min-p.'
      : looksSwapped(evidence)
        ? 'Base is valid more often than post. Check that base and post are not exchanged.'
        : `${which}Change the prompts until post is valid, then sweep again.`
  return {
    state: 'unfit-prompts',
    headline,
    figures: [
      { label: 'validity of post', value: formatPercent(validity) },
      ...(failed === 0 ? [] : [{ label: 'mostly wrong on', value: failures }])
    ],
    caveat: headline,
    action: { kind: 'prompts', text: todo },
    better: null
  }
}

function noneQualifies(evidence: VerdictEvidence): VerdictFinding {
  const { selection, scoredBy, post } = evidence
  const words = scoreWords(scoredBy)
  const limit = formatScore(selection.minimumValidity)
  const isPreview = hasPreview(evidence)
  const required = `${words.validity} ${limit} and more ${words.diversity} than post`
  const headline = isPreview
    ? `No exact range of this preview has ${required}.`
    : `No range to restore: none has ${required}, ${formatScore(post.diversity)}.`
  return {
    state: 'none-qualifies',
    headline,
    figures: [{ label: `${words.validity} limit`, value: limit }],
    caveat: headline,
    action: isPreview
      ? { kind: 'sweep-rest', text: 'Sweep the rest: ranges that are only estimated may qualify.' }
      : { kind: 'limit', text: `Accept a lower ${words.validity} limit: it lets more ranges in.` },
    better: null
  }
}

interface Gain {
  post: CategoryScore
  range: CategoryScore
  /** " on full answers"; empty for a task. */
  on: string
}

class SelectedRange {
  private readonly words: ScoreWords
  private readonly isTask: boolean
  private readonly checked: FullAnswerScores | null
  private readonly name: string

  constructor(
    private readonly evidence: VerdictEvidence,
    private readonly score: Scored
  ) {
    this.words = scoreWords(evidence.scoredBy)
    this.isTask = evidence.scoredBy.kind === 'task'
    this.checked = checkOfRange(evidence.check, score)
    this.name = capitalised(rangePhrase(score, evidence.source))
  }

  evaluatedLoss(): VerdictFinding | null {
    const evaluation = this.evidence.evaluation ?? null
    const loss = evaluation?.loss ?? null
    if (evaluation === null || loss === null) return null
    const lost = lossWords(loss)
    const better = this.withCheck(evaluation.better)
    // A headline that begins with "By a preview" has no room for the better model.
    const instead = better === null || hasPreview(this.evidence) ? '' : ` ${betterClause(better)}`
    const conjunction = evaluation.diversity === 'better' ? 'but' : 'and'
    return {
      state: 'evaluated-loss',
      label: lost,
      headline: `${this.name}: ${DIVERSITY_WORDS[evaluation.diversity]}, ${conjunction} ${lost}.${instead}`,
      figures: [{ label: measureOf(loss.measure).label, value: formatMeasureDelta(loss.measure, loss.mean) }],
      caveat: `Evaluated on ${evaluation.task}: ${lost}.`,
      action: better === null ? seeEvaluation(evaluation) : actionFor(better),
      better
    }
  }

  checkFailed(): VerdictFinding | null {
    const { check, selection, isAllChecked = false, preview } = this.evidence
    const { checked, name } = this
    if (check === null || checked === null || passesCheck(checked, check, selection.rho)) return null
    const limit = answerLimit(check, selection.rho)
    const { validity } = checked.answers
    const reason =
      validity < limit
        ? `${formatPercent(validity)} of full answers are valid, ${formatPercent(limit)} is the limit`
        : 'full answers are no more diverse than those of post'
    const orSweep = preview === null ? '' : ' Or sweep without preview, which scores the other ranges on all prompts.'
    return {
      state: 'check-failed',
      headline: `${name} ${this.score.start === this.score.end ? 'fails' : 'fail'} the check: ${reason}.`,
      figures: [
        { label: 'validity of full answers', value: formatScore(validity) },
        { label: 'limit', value: formatScore(limit) }
      ],
      caveat: `Fails the full-answer check: ${reason}.`,
      action: isAllChecked
        ? { kind: 'limit', text: `No range is left to check: accept a lower validity limit.${orSweep}` }
        : { kind: 'check-more', text: 'Check more ranges, or accept a lower validity limit.' },
      better: null
    }
  }

  notWorthIt(): VerdictFinding | null {
    const { layerCount, source, selection, post } = this.evidence
    const { words, score } = this
    const worthless = (reason: string, text: string, kind: VerdictStep['kind']): VerdictFinding => ({
      state: 'not-worth-it',
      headline: `Not worth restoring: ${reason}.`,
      figures: [],
      caveat: `${capitalised(reason)}.`,
      action: { kind, text },
      better: null
    })
    if (score.start === 0 && score.end === layerCount - 1) {
      const undoes = source === null ? 'which undoes the post-training' : `which makes it ${source.name}`
      return worthless(
        `the best range is all ${plural(layerCount, 'layer')}, ${undoes}`,
        `Keep more of post’s ${words.validity}: then shorter ranges are left.`,
        'limit'
      )
    }
    const interval = selection.holdOut?.gain.diversity.interval
    const low = interval === undefined ? (selection.bootstrap.selected?.diversityGain[0] ?? 0) : (interval?.[0] ?? 0)
    if (low > 0) return null
    const basisCount = promptsBehind(post.prompts.length, selection)
    const why = basisCount < PROMPTS_FOR_INTERVAL ? `, ${plural(basisCount, words.prompt)} are too few to tell` : ''
    return worthless(
      `the gain of ${rangePhrase(score, source)} may be none${why}`,
      `Add ${words.prompt}s and sweep again, or accept a lower ${words.validity} limit.`,
      'prompts'
    )
  }

  /** Describes a preview: unreliable, or only to be named. */
  preview(): VerdictFinding | null {
    const { evidence } = this
    if (!hasPreview(evidence)) return null
    const action: VerdictStep = {
      kind: 'sweep-rest',
      text: 'Sweep the rest: then every range is scored on all prompts.'
    }
    const [better] = betterEstimates(evidence).expected
    if (better !== undefined) {
      const other = rangePhrase(better, evidence.source)
      return {
        state: 'preview-unreliable',
        headline: `${this.name} by a guess: ${other} may be better.`,
        figures: [{ label: `estimated ${this.words.diversity} of ${other}`, value: formatScore(better.diversity) }],
        caveat: `${capitalised(betterWords(evidence))}.`,
        action,
        better: null
      }
    }
    const gain = this.gain()
    return {
      state: 'previewed',
      headline: `By a preview, ${rangePhrase(this.score, evidence.source)}: ${this.gainText(gain)}.`,
      figures: this.gainFigures(gain),
      caveat: `A preview: ${previewFacts({ ...evidence, promptCount: evidence.preview.prompts.length }).brief}.`,
      action,
      better: null
    }
  }

  /** Describes a range that wins less than half of the resamples, or any range of too few prompts. */
  shared(): VerdictFinding | null {
    const { layerCount, source, post, selection } = this.evidence
    const { words, score } = this
    const { wins } = selection.bootstrap
    const basisCount = promptsBehind(post.prompts.length, selection)
    const share = winShare(selection.bootstrap, score)
    const action: VerdictStep = {
      kind: 'prompts',
      text: `Add ${words.prompt}s and sweep again, so that one range can stand out.`
    }
    const sharedFinding = (state: VerdictState, headline: string, shares: number[]): VerdictFinding => ({
      state,
      headline,
      figures: shares.map((value) => ({ label: 'share of resamples', value: formatPercent(value) })),
      caveat: headline,
      action,
      better: null
    })
    if (basisCount < PROMPTS_FOR_INTERVAL) {
      // The finding on the gain already says so.
      if (this.notWorthIt() !== null) return null
      const count = `${plural(basisCount, words.prompt)} ${basisCount === 1 ? 'is' : 'are'}`
      return sharedFinding('unstable', `No range stands out: ${count} too few to tell ranges apart.`, [])
    }
    if (share >= STABLE_SHARE) return null
    const spread = Math.max(1, Math.floor(layerCount * NEAR_TIES_SPREAD))
    const near = wins.filter(
      ({ start, end }) => Math.abs(start - score.start) <= spread && Math.abs(end - score.end) <= spread
    )
    const together = near.reduce((sum, win) => sum + win.share, 0)
    if (together < NEAR_TIES_SHARE) {
      const other = wins.find((win) => !isSame(win, score))
      const next = other === undefined ? '' : `, ${rangePhrase(other)} ${winVerb(other)} ${formatPercent(other.share)}`
      const first = `${rangePhrase(score, source)} ${winVerb(score)} ${formatPercent(share)}`
      const text = `No range stands out: ${first} of resamples${next}.`
      return sharedFinding('unstable', text, other === undefined ? [share] : [share, other.share])
    }
    const members = near.filter((win) => win.share >= NEAR_TIE_SHARE || isSame(win, score))
    const count = `${members.length} near-equal ranges`
    const text = `${this.name}, one of ${count} that together win ${formatPercent(together)} of resamples.`
    return sharedFinding('near-ties', text, [together])
  }

  /** Describes a better variant of the evaluation, unless the range loses quality. */
  evaluatedBetter(): VerdictFinding | null {
    const evaluation = this.evidence.evaluation ?? null
    const better = this.withCheck(evaluation?.better ?? null)
    if (evaluation === null || better === null || evaluation.loss !== null) return null
    const variety = DIVERSITY_WORDS[evaluation.diversity]
    return {
      state: 'baseline-better',
      headline: `${this.name}: ${variety} in the evaluation, but ${better.phrase} did better.`,
      figures: [],
      caveat: betterClause(better),
      action: actionFor(better),
      better
    }
  }

  baselineBetter(): VerdictFinding | null {
    const { selection, layerCount, source } = this.evidence
    const baseline = strongestBaseline(selection)
    if (baseline === null) return null
    const { diversity, difference, isOnFullAnswers } = comparedScores(baseline)
    const range = diversity - difference.diversity.mean
    const post = this.postOn(isOnFullAnswers).diversity
    const on = this.isTask ? '' : isOnFullAnswers ? ' on full answers' : ' on first tokens'
    const basis = this.isTask ? 'task' : isOnFullAnswers ? 'full answers' : 'first tokens'
    const better = betterModelOf(baseline, basis, { layerCount, source })
    const isSure = isSurelyMoreDiverse(baseline)
    // A strength would be a fourth figure in the headline.
    const named = baseline.baseline.kind === 'uniform-blend' ? 'a uniform blend' : better.phrase
    const [from, to, beside] = [post, range, diversity].map(formatScore)
    const verb = isSure ? 'does better' : 'may do as well'
    return {
      state: isSure ? 'baseline-better' : 'baseline-close',
      headline: `${this.name}: ${this.words.diversity} ${from} → ${to}${on}, but ${named} ${verb}: ${beside}.`,
      figures: [
        { label: `${this.words.diversity} of post`, value: formatScore(post) },
        { label: this.words.diversity, value: formatScore(range) },
        { label: `${this.words.diversity} of ${better.name}`, value: formatScore(diversity) }
      ],
      caveat: `${capitalised(better.phrase)} ${verb}${on}: ${this.words.diversity} ${beside} against ${to}.`,
      action: actionFor(better),
      better
    }
  }

  reading(): VerdictFinding | null {
    if (this.evidence.isReading !== true) return null
    const gain = this.gain()
    return {
      state: 'reading',
      headline: `${this.name}: ${this.gainText(gain)}. Reading the evaluation…`,
      figures: this.gainFigures(gain),
      caveat: 'Reading the evaluation…',
      action: { kind: 'see-evaluation', text: 'Wait until the evaluation is read.' },
      better: null
    }
  }

  unchecked(): VerdictFinding | null {
    if (this.isTask || this.checked !== null) return null
    const isOwnSampler = (this.evidence.sampler ?? null) === null
    const gain = this.gain()
    return {
      state: 'unchecked',
      headline: `${this.name}, not checked: ${this.gainText(gain)}.`,
      figures: this.gainFigures(gain),
      caveat: 'Full answers are not checked: a valid first token may begin an invalid answer.',
      action: {
        kind: 'check',
        text: isOwnSampler ? 'Check full answers.' : 'Full answers are checked under the sampler of the sweep only.'
      },
      better: null
    }
  }

  holds(): VerdictFinding {
    const gain = this.gain()
    return {
      state: 'holds',
      ...(this.isTask ? { label: 'holds on this task' } : {}),
      headline: `Restore ${rangePhrase(this.score, this.evidence.source)}: ${this.gainText(gain)}.`,
      figures: this.gainFigures(gain),
      caveat: '',
      action: { kind: 'export', text: 'Export the model.' },
      better: null
    }
  }

  /** Adds the outcome of the model's full-answer check. */
  private withCheck(better: EvaluationFinding['better']): EvaluationFinding['better'] {
    const { check, selection } = this.evidence
    const checked = better?.model ? checkOf(check, better.model) : null
    if (better === null || check === null || checked === null) return better
    return { ...better, failsCheck: !passesCheck(checked, check, selection.rho) }
  }

  private postOn(isOnFullAnswers: boolean): CategoryScore {
    const { post, check, selection } = this.evidence
    if (isOnFullAnswers && check !== null) return check.post.answers
    return selection.holdOut?.post ?? post
  }

  /** Returns the gain on hold-out prompts, else on full answers, else on first tokens. */
  private gain(): Gain {
    const { post, check, selection } = this.evidence
    const { holdOut } = selection
    if (holdOut !== null) {
      const on = ` on hold-out ${this.words.prompt}s`
      return { post: holdOut.post, range: holdOut.selected, on }
    }
    if (check !== null && this.checked !== null) {
      return { post: check.post.answers, range: this.checked.answers, on: ' on full answers' }
    }
    return { post, range: this.score, on: this.isTask ? '' : ' on first tokens' }
  }

  private gainText({ post, range, on }: Gain): string {
    const { diversity, validity } = this.words
    const change = `${diversity} ${formatScore(post.diversity)} → ${formatScore(range.diversity)}`
    return `${change} at ${validity} ${formatScore(range.validity)}${on}`
  }

  private gainFigures({ post, range }: Gain): VerdictFigure[] {
    const { diversity, validity } = this.words
    return [
      { label: `${diversity} of post`, value: formatScore(post.diversity) },
      { label: diversity, value: formatScore(range.diversity) },
      { label: validity, value: formatScore(range.validity) }
    ]
  }
}

/** Describes a baseline as a better model. @param basis answers on which it is better */
export const betterModelOf = (
  baseline: BaselineComparison,
  basis: BetterModel['basis'],
  restoring: Restoring
): BetterModel => ({
  name: baselineName(baseline),
  phrase: baselinePhrase(baseline),
  model: comparedModel(baseline, restoring),
  basis,
  modelsPerToken: modelsPerToken(baseline),
  failsCheck: false
})

const DIVERSITY_WORDS: Readonly<Record<EvaluationFinding['diversity'], string>> = {
  better: 'more varied',
  worse: 'less varied',
  unsure: 'not surely more varied',
  unknown: 'variety not measured'
}

export function lossWords({ measure, mean, postMean }: NonNullable<EvaluationFinding['loss']>): string {
  const isOfAnswers = measure === 'accuracy' || measure === 'accuracyForms'
  if (isOfAnswers && postMean !== null && postMean > 0) {
    return `${formatPercent(-mean / postMean)} fewer right answers`
  }
  return `${measureOf(measure).label.toLowerCase()} ${formatMeasureDelta(measure, mean)}`
}

const betterClause = ({ phrase, inBoth }: NonNullable<EvaluationFinding['better']>): string =>
  `${capitalised(phrase)} did better${inBoth ? ' on both' : ''}.`

/** Suggests to keep a recipe, and to compare any other model. */
export function actionFor({ model, phrase, modelsPerToken }: BetterModel): VerdictStep {
  if (model?.kind === 'recipe') return { kind: 'keep', text: `Keep ${phrase} and compare it with the range.` }
  const runs = modelsPerToken === 2 ? ` It runs two models for each token.` : ''
  return { kind: 'compare', text: `Compare the range with ${phrase}.${runs}` }
}

const seeEvaluation = ({ task }: EvaluationFinding): VerdictStep => ({
  kind: 'see-evaluation',
  text: `See the evaluation on ${task}.`
})
