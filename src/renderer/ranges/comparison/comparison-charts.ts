import type { CategoryScore } from '../../../contract/documents/crc'
import type {
  ComparedRange,
  ComparedScores,
  SweepComparison
} from '../../../contract/documents/sweep-comparison'
import type { RestorationRange } from '../../../contract/model/recipe'
import { rangeKey, spanKey } from '../../../contract/model/strengths'
import { DIVERGING } from '../../../contract/words/color-scale'
import { samePrompts } from '../../../contract/words/comparison-words'
import { scoreWords } from '../../../contract/words/score-words'
import type { PlotContent, PlotPoint, PlotSeries } from '../../plots/plot'
import { briefDelta, capitalised, formatDelta, formatScore, plural, rangePhrase } from '../../ui/format'
import type { MetricSpec } from '../board/metrics'
import type { Readout } from '../board/readout'
import { axisBounds, type ScoreBoard } from '../board/score-board'

export const COMPARED_MEASURES = ['diversity', 'validity'] as const
export type ComparedMeasure = (typeof COMPARED_MEASURES)[number]

/** The first sweep's ranges for the triangle. There is no post in it, and so no limit: what cannot be selected is not hatched. */
export const comparisonBoard = ({ a, ranges }: SweepComparison): ScoreBoard => ({
  scoredBy: a.scoredBy,
  layerCount: a.layerCount,
  source: a.source,
  promptCount: a.promptCount,
  base: null,
  post: null,
  ranges: ranges.map(({ range, a: score }) => ({
    ...range,
    ...score,
    effectiveChoices: NaN,
    promptCount: a.promptCount
  })),
  others: [],
  rivals: []
})

/** What the triangle shows: how much more of a measure the second sweep has. */
export function differenceSpec(comparison: SweepComparison, measure: ComparedMeasure): MetricSpec {
  const values = new Map(
    comparison.ranges.map(({ range, difference }) => [spanKey(range), difference[measure]])
  )
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

/** The compared range of a key in the first sweep; undefined where there is none. */
export const comparedRange = (
  { ranges, a }: SweepComparison,
  key: string | null
): ComparedRange | undefined => ranges.find(({ range }) => rangeKey(range, a) === key)

/** Those of the first sweep's ranges beside which the second's selected range stands. */
export const selectedByB = ({ ranges, b: { selected } }: SweepComparison): RestorationRange[] =>
  selected === null
    ? []
    : ranges.filter(({ other }) => spanKey(other) === spanKey(selected)).map(({ range }) => range)

/** A range's name, with the one that stands beside it where that is another. */
export const baselineName = ({ by }: Pick<SweepComparison, 'by'>, { range, other }: ComparedRange): string =>
  by === 'range' ? rangePhrase(range) : `${rangePhrase(range)} beside ${rangePhrase(other)}`

/** Whether a difference and its interval are both nothing, to three decimals: the two are the same on every prompt. */
export const isNothing = (difference: number, margin: number | null): boolean =>
  margin !== null &&
  formatScore(Math.abs(difference)) === formatScore(0) &&
  formatScore(margin) === formatScore(0)

/** A difference with half the width of its interval: −0.046 ± 0.012. */
function differenceWords(difference: number, margin: number | null): string {
  if (isNothing(difference, margin)) return 'the same'
  return formatDelta(difference) + (margin === null ? '' : ` ± ${formatScore(margin)}`)
}

/** A measure of both, and the difference: 0.917, 0.871, −0.046 ± 0.012. */
const told = (
  { a, b, difference, margins }: ComparedScores,
  measure: ComparedMeasure
): { a: string; b: string; difference: string } => {
  return {
    a: formatScore(a[measure]),
    b: formatScore(b[measure]),
    difference: differenceWords(difference[measure], margins[measure])
  }
}

/** A compared range in a sentence. */
export function comparedWords(comparison: SweepComparison, range: ComparedRange): string {
  const words = scoreWords(comparison.a.scoredBy)
  const measured = COMPARED_MEASURES.map((measure) => {
    const { a, b, difference } = told(range, measure)
    return `${words[measure]} ${a} in A, ${b} in B, ${difference}`
  })
  return `${baselineName(comparison, range)}: ${measured.join('; ')}`
}

/** What the numbers of a compared range rest on. */
export function comparedBasis(comparison: SweepComparison): string {
  const { a, b } = comparison
  const { prompt } = scoreWords(a.scoredBy)
  if (!samePrompts(comparison)) return `${plural(a.promptCount, prompt)} in A, ${b.promptCount} in B`
  const has = comparison.ranges.some(({ margins }) => margins.diversity !== null)
  return `${has ? '± 95 % interval over' : 'the same'} ${plural(a.promptCount, prompt)}`
}

/** What stands beside a range of the triangle; null for one that is not compared. */
export function comparisonReadout(comparison: SweepComparison, range: RestorationRange): Readout | null {
  const found = comparedRange(comparison, rangeKey(range, comparison.a))
  if (found === undefined) return null
  const words = scoreWords(comparison.a.scoredBy)
  const lines = COMPARED_MEASURES.map((measure) => {
    const { a, b, difference } = told(found, measure)
    return { label: capitalised(words[measure]), value: `${a} → ${b} (${difference})` }
  })
  return { name: baselineName(comparison, found), lines, basis: comparedBasis(comparison) }
}

const point = ({ validity: x, diversity: y }: CategoryScore, lines: readonly string[]): PlotPoint => ({
  x,
  y,
  lines
})

/** Where a line ends and the next begins. */
const GAP: PlotPoint = { x: NaN, y: NaN, lines: [] }

/** Both sweeps in one trade-off, with a line between ranges that stand for each other. @param chosen key of a range */
export function comparisonScatter(comparison: SweepComparison, chosen: string | null): PlotContent {
  const { ranges, post, base, a, b } = comparison
  const words = scoreWords(a.scoredBy)
  const lines = (range: ComparedRange): string[] => {
    const measured = COMPARED_MEASURES.map((measure) => {
      const { a: inA, b: inB, difference } = told(range, measure)
      return `${words[measure]} ${inA} in A, ${inB} in B, ${difference}`
    })
    return [baselineName(comparison, range), ...measured]
  }
  const points = (of: 'a' | 'b', some: readonly ComparedRange[]): PlotPoint[] =>
    some.map((range) => point(range[of], lines(range)))
  const links = (some: readonly ComparedRange[]): PlotPoint[] =>
    some.flatMap((range) => [point(range.a, []), point(range.b, []), GAP])
  const picked = comparedRange(comparison, chosen)
  const shown: Pick<PlotSeries, 'connected' | 'named' | 'opacity'> = {
    connected: false,
    named: true,
    opacity: 1
  }
  const chosenSeries: PlotSeries[] =
    picked === undefined
      ? []
      : [
          {
            ...shown,
            name: 'Chosen in A',
            tone: 'sky',
            mark: 'circle',
            points: points('a', [picked]),
            named: false,
            radius: 8
          },
          {
            ...shown,
            name: 'Chosen in B',
            tone: 'orange',
            mark: 'triangle',
            points: points('b', [picked]),
            named: false,
            radius: 9
          },
          {
            ...shown,
            name: 'Chosen, A to B',
            tone: 'black',
            mark: 'circle',
            points: links([picked]),
            connected: true,
            named: false,
            radius: 0
          }
        ]
  const selected = (side: 'A' | 'B', tone: 'sky' | 'orange', some: readonly ComparedRange[]): PlotSeries[] =>
    some.slice(0, 1).map((range) => ({
      ...shown,
      name: `${side} selects`,
      tone,
      mark: side === 'A' ? 'circle' : 'triangle',
      points: points(side === 'A' ? 'a' : 'b', [range]),
      radius: side === 'A' ? 6 : 8
    }))
  const ofA = ranges.filter(({ range }) => a.selected !== null && spanKey(range) === spanKey(a.selected))
  const ofB = ranges.filter(({ other }) => b.selected !== null && spanKey(other) === spanKey(b.selected))
  const whole = (name: string, tone: 'post' | 'base', of: 'a' | 'b', scores: ComparedScores): PlotSeries => ({
    ...shown,
    name,
    tone,
    mark: tone === 'post' ? 'rectRot' : 'rect',
    points: [point(scores[of], [name])],
    radius: 7
  })
  const all = [post, ...(base === null ? [] : [base]), ...ranges].flatMap((scores) => [scores.a, scores.b])
  return {
    label:
      `${capitalised(words.diversity)} against ${words.validity} of post, base and ${plural(ranges.length, 'range')} in both sweeps, ` +
      'with lines between the same ranges. The table view holds the same numbers.',
    series: [
      ...chosenSeries,
      ...selected('A', 'sky', ofA),
      ...selected('B', 'orange', ofB),
      whole('post in A', 'post', 'a', post),
      whole('post in B', 'post', 'b', post),
      ...(base === null
        ? []
        : [whole('base in A', 'base', 'a', base), whole('base in B', 'base', 'b', base)]),
      {
        ...shown,
        name: 'A',
        tone: 'sky',
        mark: 'circle',
        points: points('a', ranges),
        named: false,
        opacity: 0.8,
        radius: 3.5
      },
      {
        ...shown,
        name: 'B',
        tone: 'orange',
        mark: 'triangle',
        points: points('b', ranges),
        named: false,
        opacity: 0.8,
        // Its corners are seen where a circle of A lies on it.
        radius: 6
      },
      {
        ...shown,
        name: 'Same range',
        tone: 'black',
        mark: 'circle',
        points: links(ranges),
        connected: true,
        named: false,
        opacity: 0.2,
        radius: 0
      }
    ],
    x: { title: capitalised(words.validity), bounds: axisBounds(all.map(({ validity }) => validity)) },
    y: { title: capitalised(words.diversity), bounds: axisBounds(all.map(({ diversity }) => diversity)) }
  }
}
