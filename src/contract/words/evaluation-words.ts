import {
  type MeasureDifference,
  type Estimate,
  type EvaluationRun,
  type EvaluationView,
  FEWEST_PROMPTS,
  type ProxyPick
} from '../documents/evaluation'
import {
  formatCount,
  formatDelta,
  formatInterval,
  formatNumber,
  formatPercent,
  formatScore,
  plural,
  rangePhrase
} from './format'
import { scoreWords } from './score-words'
import { type Measure, MeasureId, measureOf } from '../model/measures'

/** A measure's value: a whole count as it is, otherwise three decimals, fewer for large numbers. */
export const formatMeasure = (id: MeasureId, value: number): string =>
  formatOnScale(measureOf(id).scale, value)

/** The same of a number that is no measure. */
export function formatOnScale(scale: Measure['scale'], value: number): string {
  const size = Math.abs(value)
  if (scale === 'count') return formatNumber(value, size >= 100 || Number.isInteger(value) ? 0 : 1)
  return formatNumber(value, size >= 100 ? 0 : size >= 10 ? 1 : 3)
}

export const formatMeasureOrDash = (id: MeasureId, value: number | undefined): string =>
  value === undefined ? '–' : formatMeasure(id, value)

/** A difference of a measure with its sign. */
export const formatMeasureDelta = (id: MeasureId, value: number): string =>
  formatDelta(value, measureOf(id).scale === 'count' ? 1 : 3)

export const formatPValue = (value: number): string => (value < 0.001 ? '<0.001' : value.toFixed(3))

/** What a measure is called, with the better direction marked. */
export const measureLabel = (id: MeasureId): string => {
  const { label, better } = measureOf(id)
  // No line begins with the arrow.
  return better === null ? label : `${label}\u00a0${better === 'higher' ? '↑' : '↓'}`
}

/** Whose embeddings an evaluation compares: of post, or of a model by the name of its folder. */
export const embedderName = ({ embeddingModel }: Pick<EvaluationRun, 'embeddingModel'>): string =>
  embeddingModel === null ? 'post' : (embeddingModel.path.split(/[\\/]/).at(-1) ?? embeddingModel.path)

/** The measures that any variant of an evaluation has, in their order. */
export const measuresOf = ({ variants }: Pick<EvaluationView['results'], 'variants'>): MeasureId[] =>
  MeasureId.options.filter((id) => variants.some(({ measures }) => measures[id] !== undefined))

/** The ends of an interval, or why there is none. @param format of an end */
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

/** Whether two variants were alike on every prompt, so that no interval says how far they may differ on others. */
export const isAlike = ({ mean, effectSize }: Pick<MeasureDifference, 'mean' | 'effectSize'>): boolean =>
  mean === 0 && effectSize === null

/** The share of prompts that may differ though none of so many does, by the rule of three (Hanley and Lippman-Hand 1983); 1 and more: all. */
export const mostDiffering = ({ promptCount }: Pick<MeasureDifference, 'promptCount'>): number =>
  3 / promptCount

/** What being alike on so many prompts leaves open; in two parts, for two lines. */
export function alikeWords({ promptCount }: Pick<MeasureDifference, 'promptCount'>): [string, string] {
  const most = mostDiffering({ promptCount })
  return most < 1
    ? [`alike on all ${plural(promptCount, 'prompt')}`, `up to ${formatPercent(most)} of prompts may differ`]
    : [`alike on ${plural(promptCount, 'prompt')}`, 'too few to tell']
}

/** Below it a p-value makes a finding. */
export const SIGNIFICANCE = 0.05

/** Which way a difference goes: 1 to the better, -1 to the worse, 0 where a measure has no better end. */
const directionOf = (id: MeasureId, { mean }: MeasureDifference): number => {
  const { better } = measureOf(id)
  return better === null ? 0 : Math.sign(mean) * (better === 'higher' ? 1 : -1)
}

/** A gain is a claim: it is one only after the adjustment for all variants. */
export const isGain = (id: MeasureId, found: MeasureDifference): boolean =>
  found.adjustedPValue < SIGNIFICANCE && directionOf(id, found) > 0

/** A loss is a warning: missing one is the error to fear, so its p alone decides, however many variants stand beside it. */
export const isLoss = (id: MeasureId, found: MeasureDifference): boolean =>
  found.pValue < SIGNIFICANCE && directionOf(id, found) < 0

/** Whether a difference stands out: a gain, a loss, or a change of a measure without a better end. */
export const isFinding = (id: MeasureId, found: MeasureDifference): boolean =>
  found.adjustedPValue < SIGNIFICANCE || isLoss(id, found)

/** The adjusted p; of a loss that holds without the adjustment alone, also p as it is. */
export function pWords(id: MeasureId, found: MeasureDifference): string {
  const own =
    isLoss(id, found) && found.adjustedPValue >= SIGNIFICANCE
      ? ` (${formatPValue(found.pValue)} unadjusted)`
      : ''
  return `p ${formatPValue(found.adjustedPValue)}${own}`
}

/** A difference with its interval and adjusted p, in one line. */
export function differenceWords(id: MeasureId, found: MeasureDifference): string {
  const mean = formatMeasureDelta(id, found.mean)
  if (isAlike(found)) return `${mean}, ${alikeWords(found).join(': ')}`
  return `${mean} ${intervalWords(found, (end) => formatMeasureDelta(id, end))}, ${pWords(id, found)}`
}

/** Over how many prompts, where they are not all: another variant may have the measure on others. */
export const fewerPrompts = (promptCount: number | undefined, all: number): string =>
  promptCount === undefined || promptCount === all ? '' : `n ${promptCount}`

/** The same where n counts answers: "on 2 prompts". */
export const overFewer = (promptCount: number | undefined, all: number): string =>
  promptCount === undefined || promptCount === all ? '' : `on ${plural(promptCount, 'prompt')}`

/** Whether the proxy predicts this task, in words; empty without a sweep. */
export function proxySentence({
  proxy,
  proxyPick
}: Pick<EvaluationView['results'], 'proxy' | 'proxyPick'>): string {
  if (proxy.length === 0) return ''
  const count = Math.max(...proxy.map((one) => one.count))
  if (proxy.every(({ correlation }) => correlation === null)) {
    return `Too few variants to say whether the character task predicts this one: ${count} that the newest sweep has scored, without sampler or prefix of their own. Add a spread of ranges.`
  }
  const parts = proxy.map(({ against, measure, correlation, interval }) => {
    const name = measureOf(measure).label.toLowerCase()
    if (correlation === null) return `its ${against} has no rank correlation with ${name} (all equal)`
    const ends = interval === null ? '' : ` ${formatInterval(interval, (end) => formatDelta(end, 2))}`
    return `its ${against} orders them like ${name} with a rank correlation of ${formatDelta(correlation, 2)}${ends}`
  })
  const ranges = proxy.every(({ over }) => over === 'ranges')
  const over = ranges ? `all ${plural(count, 'range')}, scored exactly by both` : plural(count, 'variant')
  const few = !ranges && count < 6 ? ' With so few variants, that says little.' : ''
  const nested = ranges
    ? ' No interval: ranges overlap and are no independent cases, and most of them nobody would restore.'
    : ''
  return (
    `How well does the character task predict this one? Over ${over}, ${parts.join(', and ')} (Spearman).${few}${nested}` +
    (proxyPick === undefined ? '' : ` ${pickSentence(proxyPick)}`)
  )
}

/** What the order of all ranges comes to: whether the one that is taken is any good here. */
function pickSentence({ range, validity, limit, gain }: ProxyPick): string {
  const words = scoreWords({ kind: 'task' })
  const side = validity < limit ? 'below' : 'not below'
  return (
    `What it selects, ${rangePhrase(range)}, has ${words.validity} ${formatScore(validity)} here, ${side} the limit of ${formatScore(limit)}, ` +
    `and ${words.diversity} ${formatDelta(gain)} over post.`
  )
}

type Answered = Pick<EvaluationView['results'], 'variants'>

const answersMade = ({ variants }: Answered): number =>
  variants.reduce((sum, { answerCount }) => sum + answerCount, 0)

/** How far a stopped evaluation came; null of a complete one. @param asked answers of all variants */
export function stoppedAt(results: Answered, asked: number, complete: boolean): string | null {
  if (complete) return null
  const made = answersMade(results)
  if (made >= asked) return 'stopped before all answers were read'
  return `stopped at ${formatCount(made)} of ${plural(asked, 'answer')}`
}

/** What the numbers of an evaluation that still runs stand on. @param asked answers of all variants */
export function runningSentence(results: Answered, asked: number): string {
  const made = answersMade(results)
  const part =
    made < asked
      ? `${formatCount(made)} of ${plural(asked, 'answer')} so far`
      : 'answers that are still being read'
  return `Verdicts and numbers below are of ${part}, and change as it goes on: to each prompt, of as many of each variant as all that answered it have.`
}

/** What the numbers of a stopped evaluation stand on. @param stopped what {@link stoppedAt} says */
export const stoppedSentence = (stopped: string): string =>
  `This evaluation was ${stopped}. Its numbers are of the answers so far: to each prompt, of as many of each variant as all that answered it have.`

/**
 * What a task was asked: "12 prompts × 32 answers". It stands beside measures, of which those that count different answers grow with
 * the number of answers.
 */
export const askedWords = ({
  promptCount,
  sampleCount
}: {
  promptCount: number
  sampleCount: number
}): string => `${plural(promptCount, 'prompt')} × ${plural(sampleCount, 'answer')}`
