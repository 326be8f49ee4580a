import {
  type MeasureDifference,
  type Estimate,
  type EvaluationRun,
  type EvaluationView,
  FEWEST_PROMPTS,
  MIN_CORRELATED,
  type ProxyPick
} from '../documents/evaluation'
import {
  formatCount,
  formatDelta,
  formatInterval,
  formatNumber,
  formatP,
  formatPercent,
  formatScore,
  plural,
  rangePhrase
} from './format'
import { scoreWords } from './score-words'
import { type Measure, MeasureId, measureOf } from '../model/measures'

export const formatMeasure = (id: MeasureId, value: number): string => formatOnScale(measureOf(id).scale, value)

export function formatOnScale(scale: Measure['scale'], value: number): string {
  const size = Math.abs(value)
  if (scale === 'count') return formatNumber(value, size >= 100 || Number.isInteger(value) ? 0 : 1)
  return formatNumber(value, size >= 100 ? 0 : size >= 10 ? 1 : 3)
}

export const formatMeasureOrDash = (id: MeasureId, value: number | undefined): string =>
  value === undefined ? '–' : formatMeasure(id, value)

export const formatMeasureDelta = (id: MeasureId, value: number): string =>
  formatDelta(value, measureOf(id).scale === 'count' ? 1 : 3)

export const measureLabel = (id: MeasureId): string => {
  const { label, better } = measureOf(id)
  // The space does not break, so no line begins with the arrow.
  return better === null ? label : `${label}\u00a0${better === 'higher' ? '↑' : '↓'}`
}

/** Names the model whose embeddings are compared: post, or the folder of another. */
export const embedderName = ({ embeddingModel }: Pick<EvaluationRun, 'embeddingModel'>): string =>
  embeddingModel === null ? 'post' : (embeddingModel.path.split(/[\\/]/).at(-1) ?? embeddingModel.path)

export const measuresOf = ({ variants }: Pick<EvaluationView['results'], 'variants'>): MeasureId[] =>
  MeasureId.options.filter((id) => variants.some(({ measures }) => measures[id] !== undefined))

/** Formats an interval, or says why there is none. @param format formats an end */
export function intervalWords(
  { interval, promptCount }: Pick<Estimate, 'interval' | 'promptCount'>,
  format: (end: number) => string
): string {
  if (interval !== null) return formatInterval(interval, format)
  if (promptCount < FEWEST_PROMPTS) return `no interval over ${plural(promptCount, 'prompt')}`
  return 'no interval'
}

export const withInterval = (id: MeasureId, estimate: Estimate): string => {
  const interval = intervalWords(estimate, (end) => formatMeasure(id, end))
  return `${formatMeasure(id, estimate.mean)}${estimate.interval === null ? ', ' : ' '}${interval}`
}

/** Reports whether two variants are alike on every prompt, which leaves no interval. */
export const isAlike = ({ mean, effectSize }: Pick<MeasureDifference, 'mean' | 'effectSize'>): boolean =>
  mean === 0 && effectSize === null

/** Returns the share of prompts that may differ although none did (rule of three, Hanley and Lippman-Hand 1983). */
export const mostDiffering = ({ promptCount }: Pick<MeasureDifference, 'promptCount'>): number => 3 / promptCount

/** Describes two alike variants and the remaining uncertainty, as two lines. */
export function alikeWords({ promptCount }: Pick<MeasureDifference, 'promptCount'>): [string, string] {
  const maxDiffering = mostDiffering({ promptCount })
  return maxDiffering < 1
    ? [`alike on all ${plural(promptCount, 'prompt')}`, `up to ${formatPercent(maxDiffering)} of prompts may differ`]
    : [`alike on ${plural(promptCount, 'prompt')}`, 'too few to tell']
}

export const SIGNIFICANCE = 0.05

const directionOf = (id: MeasureId, { mean }: MeasureDifference): number => {
  const { better } = measureOf(id)
  return better === null ? 0 : Math.sign(mean) * (better === 'higher' ? 1 : -1)
}

/** Reports a gain. A gain is a claim, so its p-value is adjusted for all variants. */
export const isGain = (id: MeasureId, difference: MeasureDifference): boolean =>
  difference.adjustedPValue < SIGNIFICANCE && directionOf(id, difference) > 0

/** Reports a loss. A loss is a warning, so its p-value is not adjusted. */
export const isLoss = (id: MeasureId, difference: MeasureDifference): boolean =>
  difference.pValue < SIGNIFICANCE && directionOf(id, difference) < 0

/** Reports a gain, a loss, or a change of a measure without a better direction. */
export const isFinding = (id: MeasureId, difference: MeasureDifference): boolean =>
  difference.adjustedPValue < SIGNIFICANCE || isLoss(id, difference)

export function pWords(id: MeasureId, difference: MeasureDifference): string {
  const unadjusted =
    isLoss(id, difference) && difference.adjustedPValue >= SIGNIFICANCE
      ? ` (${formatP(difference.pValue)} unadjusted)`
      : ''
  return `${formatP(difference.adjustedPValue)}${unadjusted}`
}

export function formatDifference(id: MeasureId, difference: MeasureDifference): string {
  const mean = formatMeasureDelta(id, difference.mean)
  if (isAlike(difference)) return `${mean}, ${alikeWords(difference).join(': ')}`
  return `${mean} ${intervalWords(difference, (end) => formatMeasureDelta(id, end))}, ${pWords(id, difference)}`
}

/** Formats the number of prompts unless it is all: "n 2". */
export const fewerPrompts = (promptCount: number | undefined, all: number): string =>
  promptCount === undefined || promptCount === all ? '' : `n ${promptCount}`

/** Formats the number of prompts behind a number of answers, if it is below the total: "on 2 prompts". */
export const overFewer = (promptCount: number | undefined, all: number): string =>
  promptCount === undefined || promptCount === all ? '' : `on ${plural(promptCount, 'prompt')}`

/** Describes how well the character task predicts this task; empty without a sweep. */
export function proxySentence({ proxy, proxyPick }: Pick<EvaluationView['results'], 'proxy' | 'proxyPick'>): string {
  if (proxy.length === 0) return ''
  const count = Math.max(...proxy.map((one) => one.count))
  if (count < MIN_CORRELATED) {
    const plain = `${count} without sampler or prefix that the newest sweep has scored`
    return `Too few variants to compare with the character task: ${plain}. Add a spread of ranges.`
  }
  const parts = proxy.map(({ against, measure, correlation, interval, count: models }) => {
    const name = measureOf(measure).label.toLowerCase()
    const why = models < MIN_CORRELATED ? 'too few' : 'all equal'
    if (correlation === null) return `its ${against} has no rank correlation with ${name} (${why})`
    const ends = interval === null ? '' : ` ${formatInterval(interval, (end) => formatDelta(end, 2))}`
    return `its ${against} orders them like ${name} with a rank correlation of ${formatDelta(correlation, 2)}${ends}`
  })
  const ranges = proxy.every(({ over }) => over === 'ranges')
  const over = ranges ? `all ${plural(count, 'range')}, scored exactly by both` : plural(count, 'variant')
  const fewVariants = !ranges && count < 6 ? ' With so few variants, that says little.' : ''
  const nested = ranges
    ? ' No interval: ranges overlap, so they are not independent. Most of them nobody would restore.'
    : ''
  return (
    'How well does the character task predict this one? ' +
    `Over ${over}, ${parts.join(', and ')} (Spearman).${fewVariants}${nested}` +
    (proxyPick === undefined ? '' : ` ${pickSentence(proxyPick)}`)
  )
}

function pickSentence({ range, validity, limit, gain }: ProxyPick): string {
  const words = scoreWords({ kind: 'task' })
  const side = validity < limit ? 'below' : 'not below'
  const scores = `${words.validity} ${formatScore(validity)}, ${side} the limit of ${formatScore(limit)}`
  return `Its selection, ${rangePhrase(range)}, has ${scores}, and ${words.diversity} ${formatDelta(gain)} over post.`
}

type Answered = Pick<EvaluationView['results'], 'variants'>

const countAnswers = ({ variants }: Answered): number => variants.reduce((sum, variant) => sum + variant.answerCount, 0)

/** Describes the progress of a stopped evaluation; null for a complete one. @param requested answers of all variants */
export function stoppedAt(results: Answered, requested: number, complete: boolean): string | null {
  if (complete) return null
  const answerCount = countAnswers(results)
  if (answerCount >= requested) return 'stopped before all answers were read'
  return `stopped at ${formatCount(answerCount)} of ${plural(requested, 'answer')}`
}

const EQUALLY_MANY = 'For each prompt, equally many answers of every variant count.'

/** Describes the data of a running evaluation. @param requested answers of all variants */
export function runningSentence(results: Answered, requested: number): string {
  const answerCount = countAnswers(results)
  const data =
    answerCount < requested
      ? `${formatCount(answerCount)} of ${plural(requested, 'answer')} so far`
      : 'answers that are being read'
  return `Preliminary, from ${data}. ${EQUALLY_MANY}`
}

/** Describes the data of a stopped evaluation. @param stopped text of {@link stoppedAt} */
export const stoppedSentence = (stopped: string): string => `This evaluation was ${stopped}. ${EQUALLY_MANY}`

export const askedWords = ({ promptCount, sampleCount }: { promptCount: number; sampleCount: number }): string =>
  `${plural(promptCount, 'prompt')} × ${plural(sampleCount, 'answer')}`
