import { spanKey } from '../../../contract/model/strengths'
import type { RestorationRange } from '../../../contract/model/recipe'
import type { ComparedRange, ComparedScores, SweepComparison } from '../../../contract/documents/sweep-comparison'
import {
  agreementLines,
  comparisonFinding,
  differenceLabel,
  NOTHING_DIFFERS
} from '../../../contract/words/comparison-words'
import { formatDelta, formatUtc, plural, rangeLabel, rangePhrase } from '../../../contract/words/format'
import { scoredByWords, scoreWords } from '../../../contract/words/score-words'
import { DEVICE_LABELS } from '../../../contract/model/device'
import { sourceLines } from '../../../contract/words/source-words'
import { decimal, printable, style, table } from './output'

/** Number of listed ranges. The JSON has all. */
const TOP_RANGES = 10

/** Describes a comparison: verdict, differing settings, agreement, and the ranges that differ most. */
export function describeComparison(comparison: SweepComparison): string {
  const { verdict: finding, depth } = comparisonFinding(comparison)
  const verdict = style('bold', printable(finding))
  return [
    depth === null ? verdict : `${verdict}\n${printable(depth)}`,
    ...describeSources(comparison),
    describeSides(comparison),
    describeDiffering(comparison),
    `${style('bold', 'Agreement')}\n${agreementLines(comparison).map(printable).join('\n')}`,
    describeScores(comparison)
  ].join('\n\n')
}

function describeSources({ sources, a }: SweepComparison): string[] {
  if (sources === null) return []
  return [`${style('bold', 'All sources')}\n${sourceLines(sources, a.scoredBy).map(printable).join('\n')}`]
}

function describeSides({ a, b }: SweepComparison): string {
  const row = (name: string, side: SweepComparison['a']): string[] => [
    name,
    side.id,
    formatUtc(side.createdAt),
    plural(side.promptCount, scoreWords(side.scoredBy).prompt),
    `${DEVICE_LABELS[side.device]}, ${side.precision}`,
    scoredByWords(side.scoredBy)
  ]
  return table([row('A', a), row('B', b)], 'llllll')
}

function describeDiffering({ differs }: SweepComparison): string {
  if (differs.length === 0) return NOTHING_DIFFERS
  const rows = differs.map((difference) => [differenceLabel(difference), difference.a, difference.b])
  return `${style('bold', 'Differences')}\n${table([['', 'A', 'B'], ...rows], 'lll')}`
}

function describeScores(comparison: SweepComparison): string {
  const { post, base, ranges, a, b, by } = comparison
  const words = scoreWords(a.scoredBy)
  const byDifference = ranges.toSorted(
    (one, other) => Math.abs(other.difference.diversity) - Math.abs(one.difference.diversity)
  )
  const selected = [a.selected, counterpartOf(comparison, b.selected)].map((range) =>
    range === null ? '' : spanKey(range)
  )
  const chosen = ranges.filter(({ range }) => selected.includes(spanKey(range)))
  const others = byDifference.filter((range) => !chosen.includes(range)).slice(0, TOP_RANGES)
  const named = ({ range, other }: ComparedRange): string =>
    `${rangePhrase(range)}${by === 'range' ? '' : ` | ${rangeLabel(other)}`}`
  const rows = [
    ['', `${words.validity} A`, 'B', 'B minus A', `${words.diversity} A`, 'B', 'B minus A'],
    ['post', ...cells(post)],
    ...(base === null ? [] : [['base', ...cells(base)]]),
    ...[...chosen, ...others].map((range) => [named(range), ...cells(range)])
  ]
  const margins = post.margins.diversity === null ? '' : ', ± half a 95 % interval over prompts'
  const title = `Models, selected ranges, and the ranges whose ${words.diversity} differs most${margins}`
  return `${style('bold', title)}\n${table(rows, 'lrrrrrr')}`
}

const cells = (scores: ComparedScores): string[] =>
  (['validity', 'diversity'] as const).flatMap((measure) => {
    const margin = scores.margins[measure]
    return [
      decimal(scores.a[measure]),
      decimal(scores.b[measure]),
      formatDelta(scores.difference[measure]) + (margin === null ? '' : ` ± ${decimal(margin)}`)
    ]
  })

/** Returns the range of sweep A that corresponds to a range of sweep B; null if none does. */
function counterpartOf({ ranges }: SweepComparison, range: RestorationRange | null): RestorationRange | null {
  if (range === null) return null
  return ranges.find(({ other }) => spanKey(other) === spanKey(range))?.range ?? null
}
