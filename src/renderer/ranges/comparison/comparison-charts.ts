import type { CategoryScore } from '../../../contract/documents/crc'
import type { ComparedRange, ComparedScores, SweepComparison } from '../../../contract/documents/sweep-comparison'
import type { RestorationRange } from '../../../contract/model/recipe'
import { rangeKey, spanKey } from '../../../contract/model/strengths'
import { DIVERGING } from '../../../contract/words/color-scale'
import { samePrompts } from '../../../contract/words/comparison-words'
import { scoreWords } from '../../../contract/words/score-words'
import type { PlotContent, PlotPoint, PlotSeries } from '../../plots/plot'
import { briefDelta, capitalised, formatDelta, formatScore, plural, rangePhrase } from '../../ui/format'
import type { MetricSpec } from '../board/metrics'
import type { Readout } from '../board/readout'
import { axisBounds, emptyBoard, type ScoreBoard } from '../board/score-board'

export const COMPARED_MEASURES = ['diversity', 'validity'] as const
export type ComparedMeasure = (typeof COMPARED_MEASURES)[number]

/**
 * Returns the first sweep's ranges for the triangle. The board has no post and therefore no limit, so nothing is
 * hatched.
 */
export const comparisonBoard = ({ a, ranges }: SweepComparison): ScoreBoard => ({
  ...emptyBoard(a),
  ranges: ranges.map(({ range, a: score }) => ({
    ...range,
    ...score,
    effectiveChoices: NaN,
    promptCount: a.promptCount
  }))
})

/** Returns the metric of the triangle: the second sweep's value minus the first sweep's. */
export function differenceSpec(comparison: SweepComparison, measure: ComparedMeasure): MetricSpec {
  const values = new Map(comparison.ranges.map(({ range, difference }) => [spanKey(range), difference[measure]]))
  const words = scoreWords(comparison.a.scoredBy)
  return {
    label: `${capitalised(words[measure])} of B less A`,
    describe: capitalised(words.means[measure]),
    value: (point) => values.get(spanKey(point)) ?? null,
    format: (value) => formatDelta(value),
    brief: briefDelta,
    scale: DIVERGING,
    centred: true
  }
}

/** Returns the compared range of a key in the first sweep; undefined if there is none. */
export const comparedRange = ({ ranges, a }: SweepComparison, key: string | null): ComparedRange | undefined =>
  ranges.find(({ range }) => rangeKey(range, a) === key)

/** Returns the ranges of the first sweep that are compared with the second sweep's selected range. */
export const selectedByB = ({ ranges, b: { selected } }: SweepComparison): RestorationRange[] =>
  selected === null ? [] : ranges.filter(({ other }) => spanKey(other) === spanKey(selected)).map(({ range }) => range)

/** Names a compared range, with its counterpart in the other sweep if that is another range. */
const comparedRangeName = ({ by }: Pick<SweepComparison, 'by'>, { range, other }: ComparedRange): string =>
  by === 'range' ? rangePhrase(range) : `${rangePhrase(range)} beside ${rangePhrase(other)}`

/** Reports whether a difference and its interval are 0 to three decimals, so that both sweeps agree on every prompt. */
const isNegligible = (difference: number, margin: number | null): boolean =>
  margin !== null && formatScore(Math.abs(difference)) === formatScore(0) && formatScore(margin) === formatScore(0)

/** Writes a difference with half the width of its interval: −0.046 ± 0.012. */
export function differenceWords(difference: number, margin: number | null): string {
  if (isNegligible(difference, margin)) return 'the same'
  return formatDelta(difference) + (margin === null ? '' : ` ± ${formatScore(margin)}`)
}

/** Formats a measure of both sweeps and the difference: 0.917, 0.871, −0.046 ± 0.012. */
const formatMeasure = ({ a, b, difference, margins }: ComparedScores, measure: ComparedMeasure) => ({
  a: formatScore(a[measure]),
  b: formatScore(b[measure]),
  difference: differenceWords(difference[measure], margins[measure])
})

function measuredWords({ a: { scoredBy } }: SweepComparison, range: ComparedRange): string[] {
  const words = scoreWords(scoredBy)
  return COMPARED_MEASURES.map((measure) => {
    const { a, b, difference } = formatMeasure(range, measure)
    return `${words[measure]} ${a} in A, ${b} in B, ${difference}`
  })
}

/** Describes the scores of a range in both sweeps, and their difference. */
export const comparedWords = (comparison: SweepComparison, range: ComparedRange): string =>
  `${comparedRangeName(comparison, range)}: ${measuredWords(comparison, range).join('; ')}`

/** Describes the prompts that the scores of a compared range are based on. */
function comparedBasis(comparison: SweepComparison): string {
  const { a, b } = comparison
  const { prompt } = scoreWords(a.scoredBy)
  if (!samePrompts(comparison)) return `${plural(a.promptCount, prompt)} in A, ${b.promptCount} in B`
  const hasMargins = comparison.ranges.some(({ margins }) => margins.diversity !== null)
  return `${hasMargins ? '± 95 % interval over' : 'the same'} ${plural(a.promptCount, prompt)}`
}

/** Returns the readout of a range in the triangle; null if the range is not compared. */
export function comparisonReadout(comparison: SweepComparison, range: RestorationRange): Readout | null {
  const match = comparedRange(comparison, rangeKey(range, comparison.a))
  if (match === undefined) return null
  const words = scoreWords(comparison.a.scoredBy)
  const lines = COMPARED_MEASURES.map((measure) => {
    const { a, b, difference } = formatMeasure(match, measure)
    return { label: capitalised(words[measure]), value: `${a} → ${b} (${difference})` }
  })
  return { name: comparedRangeName(comparison, match), lines, basis: comparedBasis(comparison) }
}

const point = ({ validity: x, diversity: y }: CategoryScore, lines: readonly string[]): PlotPoint => ({
  x,
  y,
  lines
})

/** A point without coordinates, which separates two lines. */
const GAP: PlotPoint = { x: NaN, y: NaN, lines: [] }

/**
 * Returns both sweeps in one trade-off, with a line between corresponding ranges.
 *
 * @param chosen key of a range
 */
export function comparisonScatter(comparison: SweepComparison, chosen: string | null): PlotContent {
  const { ranges, post, base, a, b } = comparison
  const words = scoreWords(a.scoredBy)
  const points = (side: 'a' | 'b', compared: readonly ComparedRange[]): PlotPoint[] =>
    compared.map((range) => ({
      ...point(range[side], [comparedRangeName(comparison, range), ...measuredWords(comparison, range)]),
      model: rangeKey(range.range, a)
    }))
  const links = (compared: readonly ComparedRange[]): PlotPoint[] =>
    compared.flatMap((range) => [point(range.a, []), point(range.b, []), GAP])
  const picked = comparedRange(comparison, chosen)
  /** Makes a series of A in circles, of B in triangles, or of lines between both in black. */
  const series = (
    name: string,
    tone: 'sky' | 'orange' | 'black',
    shown: readonly PlotPoint[],
    radius: number,
    opacity = 1
  ): PlotSeries => ({
    ...{ name, tone, radius, opacity },
    mark: tone === 'orange' ? 'triangle' : 'circle',
    points: shown,
    connected: tone === 'black'
  })
  const chosenSeries =
    picked === undefined
      ? []
      : [
          series('Chosen in A', 'sky', points('a', [picked]), 8),
          series('Chosen in B', 'orange', points('b', [picked]), 9),
          series('Chosen, A to B', 'black', links([picked]), 0)
        ]
  const selectedInA = ranges.find(({ range }) => a.selected !== null && spanKey(range) === spanKey(a.selected))
  const selectedInB = ranges.find(({ other }) => b.selected !== null && spanKey(other) === spanKey(b.selected))
  const whole = (name: 'post' | 'base', side: 'a' | 'b', scores: ComparedScores): PlotSeries => ({
    ...series(`${name} in ${side.toUpperCase()}`, 'black', [], 7),
    tone: name,
    mark: name === 'post' ? 'rectRot' : 'rect',
    points: [point(scores[side], [`${name} in ${side.toUpperCase()}`])],
    connected: false,
    named: true
  })
  const both = (name: 'post' | 'base', scores: ComparedScores): PlotSeries[] =>
    (['a', 'b'] as const).map((side) => whole(name, side, scores))
  const all = [post, ...(base === null ? [] : [base]), ...ranges].flatMap((scores) => [scores.a, scores.b])
  return {
    label:
      `${capitalised(words.diversity)} against ${words.validity} of post, base and ` +
      `${plural(ranges.length, 'range')} in both sweeps, ` +
      'with lines between the same ranges. The table view has the same numbers.',
    series: [
      ...chosenSeries,
      ...(selectedInA === undefined
        ? []
        : [{ ...series('A selects', 'sky', points('a', [selectedInA]), 6), named: true }]),
      ...(selectedInB === undefined
        ? []
        : [{ ...series('B selects', 'orange', points('b', [selectedInB]), 8), named: true }]),
      ...both('post', post),
      ...(base === null ? [] : both('base', base)),
      series('A', 'sky', points('a', ranges), 3.5, 0.8),
      // Large enough that its corners are visible behind a circle of A.
      series('B', 'orange', points('b', ranges), 6, 0.8),
      series('Same range', 'black', links(ranges), 0, 0.2)
    ],
    x: { title: capitalised(words.validity), bounds: axisBounds(all.map(({ validity }) => validity)) },
    y: { title: capitalised(words.diversity), bounds: axisBounds(all.map(({ diversity }) => diversity)) }
  }
}
