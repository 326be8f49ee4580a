import { answerLimit, checkOf, checkOfRange, passesCheck, type FullAnswerScores } from '../documents/answer-check'
import type { CategoryScore } from '../documents/crc'
import type { EvaluationFinding, VerdictFigure, VerdictState, VerdictStep } from '../documents/verdict'
import {
  comparedScores,
  isSurelyMoreDiverse,
  promptsBehind,
  PROMPTS_FOR_INTERVAL,
  strongestBaseline
} from './baseline-words'
import { formatMeasureDelta } from './evaluation-words'
import { capitalised, formatPercent, formatScore, plural, rangePhrase } from './format'
import { measureOf } from '../model/measures'
import { actionFor, betterClause, betterModelOf } from './better-model'
import { noneQualifies, unfitPrompts } from './no-range-findings'
import { betterEstimates, betterWords, hasPreview, previewFacts } from './preview-words'
import { isSame, winShare, winVerb } from './range-facts'
import { type ScoreWords, scoreWords } from './score-words'
import type { VerdictEvidence, VerdictFinding } from './verdict-evidence'
import { findRange } from '../model/strengths'

type Scored = VerdictEvidence['ranges'][number]

/** Share of wins from which a range stands out. */
const STABLE_SHARE = 0.5
/** Near-equal ranges with this share of wins leave only the edges in doubt. */
const NEAR_TIES_SHARE = 0.8
/** Maximum distance of their edges from the selected ones, as a share of the layers; at least one layer. */
const NEAR_TIES_SPREAD = 1 / 8
/** Minimum share of wins of a near-equal range. */
const NEAR_TIE_SHARE = 0.02

/** Returns all findings about a sweep, unordered, and `holds`, the finding that applies if no other does. */
export function findingsOf(evidence: VerdictEvidence): { findings: VerdictFinding[]; holds: VerdictFinding } {
  const score = findRange(evidence.ranges, evidence.selection.selected)
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

/** Scores of post and of the selected range on the same answers. */
interface Gain {
  post: CategoryScore
  range: CategoryScore
  /** " on full answers"; empty for a task. */
  on: string
}

/** Finds what speaks for or against the selected range. Each method returns null if its finding does not apply. */
class SelectedRange {
  private readonly words: ScoreWords
  private readonly isTask: boolean
  /** Full-answer scores of the range; null if it was not checked. */
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
    // Without a hold-out split, the bootstrap gives the interval. An unknown lower end counts as 0.
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
    const finding: VerdictFinding = {
      state: 'holds',
      headline: `Restore ${rangePhrase(this.score, this.evidence.source)}: ${this.gainText(gain)}.`,
      figures: this.gainFigures(gain),
      caveat: '',
      action: { kind: 'export', text: 'Export the model.' },
      better: null
    }
    return this.isTask ? { ...finding, label: 'holds on this task' } : finding
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

const DIVERSITY_WORDS: Readonly<Record<EvaluationFinding['diversity'], string>> = {
  better: 'more varied',
  worse: 'less varied',
  unsure: 'not surely more varied',
  unknown: 'variety not measured'
}

/** Describes a loss of quality, of right answers as a share of post's. */
function lossWords({ measure, mean, postMean }: NonNullable<EvaluationFinding['loss']>): string {
  const isOfAnswers = measure === 'accuracy' || measure === 'accuracyForms'
  if (isOfAnswers && postMean !== null && postMean > 0) {
    return `${formatPercent(-mean / postMean)} fewer right answers`
  }
  return `${measureOf(measure).label.toLowerCase()} ${formatMeasureDelta(measure, mean)}`
}

const seeEvaluation = ({ task }: EvaluationFinding): VerdictStep => ({
  kind: 'see-evaluation',
  text: `See the evaluation on ${task}.`
})
