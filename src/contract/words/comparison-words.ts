import {
  type CarriedSelection,
  type ComparedSweep,
  FEWEST_ORDERED,
  type SweepComparison,
  type SweepDifference
} from '../documents/sweep-comparison'
import type { RestorationRange } from '../model/recipe'
import { spanKey } from '../model/strengths'
import { capitalised, formatDelta, formatNumber, formatPercent, formatScore, plural, rangePhrase } from './format'
import { scoreWords } from './score-words'

type Measure = 'validity' | 'diversity'

/** Words for a rank correlation, each with the smallest value that it is used for. These are rules of thumb. */
const GRADES = [
  { from: 0.9, words: 'nearly the same order' },
  { from: 0.7, words: 'much the same order' },
  { from: 0.4, words: 'partly the same order' },
  { from: -0.4, words: 'orders with little in common' }
] as const

const gradeOf = (value: number): string => GRADES.find(({ from }) => value >= from)?.words ?? 'opposite orders'

export const samePrompts = ({ prompts: { onlyA, onlyB } }: Pick<SweepComparison, 'prompts'>): boolean =>
  onlyA === 0 && onlyB === 0

/** Describes the selections of two sweeps, how alike they order the ranges, and which ranges correspond. */
export const comparisonFinding = (comparison: SweepComparison): { verdict: string; depth: string | null } => ({
  verdict: verdictWords(comparison),
  depth: depthWords(comparison)
})

function verdictWords(comparison: SweepComparison): string {
  const value = comparison.agreement.diversity
  const { diversity } = scoreWords(comparison.a.scoredBy)
  const order =
    value === null
      ? `the order of their ranges by ${diversity} cannot be compared${fewWords(comparison)}`
      : `by ${diversity} they put the ranges into ${gradeOf(value)}`
  return `${selectionWords(comparison)}; ${order}.`
}

function fewWords({ a, b, ranges }: SweepComparison): string {
  if (ranges.length >= FEWEST_ORDERED) return ''
  const { prompt } = scoreWords(a.scoredBy)
  const exact = a.estimatedCount + b.estimatedCount === 0 ? '' : ` on all ${prompt}s`
  return `: only ${plural(ranges.length, 'range')} ${ranges.length === 1 ? 'was' : 'were'} scored${exact} in both`
}

function selectionWords(comparison: SweepComparison): string {
  const { a, b, by, selection } = comparison
  if (a.selected === null && b.selected === null) return 'Neither selects a range'
  const named = (side: 'A' | 'B', { selected, source }: SweepComparison['a']): string =>
    `${side} selects ${selected === null ? 'no range' : rangePhrase(selected, source)}`
  const isSameSource = a.source?.fingerprint === b.source?.fingerprint
  if (a.selected !== null && selection.same && by === 'range' && isSameSource)
    return `Both select ${rangePhrase(a.selected)}`
  const both = `${named('A', a)}, ${named('B', b)}`
  const checks = checksWords(comparison)
  if (checks !== null) return `${both}, ${checks}`
  if (selection.same) return `${both}, which ${by === 'range' ? 'are the same layers' : 'stands at the same depth'}`
  if (selection.overlap === null) return both
  if (selection.overlap === 0) return `${both}, which have no depth in common`
  return `${both}, and share ${formatPercent(selection.overlap)} of their depth`
}

/** Explains that the selections differ only because of checks; null if they differ for another reason. */
function checksWords({ a, b, by, selection }: SweepComparison): string | null {
  if (selection.same || by !== 'range') return null
  const without = ({ check, selected }: ComparedSweep): RestorationRange | null =>
    check === null ? selected : check.selectedWithout
  const [one, other] = [without(a), without(b)]
  if (one === null || other === null || spanKey(one) !== spanKey(other)) return null
  const rejects = ({ check }: ComparedSweep): boolean =>
    check?.rejected.some((range) => spanKey(range) === spanKey(one)) === true
  const sides = [rejects(a) ? 'A' : [], rejects(b) ? 'B' : []].flat()
  if (sides.length === 0) return null
  const checks = sides.map((side) => `${side}'s full-answer check`).join(' and ')
  return `only because ${checks} rejects ${rangePhrase(one)}, which both would select by first tokens`
}

/** Describes how alike both sweeps order the ranges by a measure. */
function orderWords({ a, agreement, ranges }: SweepComparison, measure: Measure): string {
  const name = capitalised(scoreWords(a.scoredBy)[measure])
  if (ranges.length < FEWEST_ORDERED)
    return `${name}: no rank correlation for ${plural(ranges.length, 'range')}; it needs ${FEWEST_ORDERED}.`
  const value = agreement[measure]
  const correlation =
    value === null ? 'no rank correlation, all scores are equal' : `Spearman ${formatNumber(value, 2)}`
  return `${name}: ${correlation} over ${plural(ranges.length, 'range')}.`
}

/** Lists how far two sweeps agree: in the order of their ranges, and in the ranges that they select. */
export const agreementLines = (comparison: SweepComparison): string[] =>
  [
    orderWords(comparison, 'diversity'),
    orderWords(comparison, 'validity'),
    carriedWords(comparison, 'a'),
    carriedWords(comparison, 'b')
  ].filter((line) => line !== null)

/** Describes how the selected range of one sweep scores in the other sweep; null if no range is selected. */
function carriedWords(comparison: SweepComparison, side: 'a' | 'b'): string | null {
  const carried = comparison.selection[side]
  const from = side.toUpperCase()
  const to = side === 'a' ? 'B' : 'A'
  if (carried === null) {
    const { selected, source } = comparison[side]
    return selected === null ? null : `${to} has not scored the selection of ${from}, ${rangePhrase(selected, source)}.`
  }
  const words = scoreWords(comparison.a.scoredBy)
  const { range, other, score, gain, validityKept } = carried
  const target = comparison[side === 'a' ? 'b' : 'a']
  const { source } = comparison[side]
  const there = ` (there ${rangePhrase(other, target.source)})`
  const isSame = comparison.by === 'range' && target.source?.fingerprint === source?.fingerprint
  const below = carried.keepsEnough ? '' : `, less than the ${formatPercent(target.rho)} asked for`
  const keeps =
    validityKept === null ? '' : `, with ${formatPercent(validityKept)} of post's ${words.validity} kept${below}`
  const fails = carried.passesCheck === false ? `; it fails ${to}'s full-answer check` : ''
  return (
    `The selection of ${from}, ${rangePhrase(range, source)}${isSame ? '' : there}, has ` +
    `${words.diversity} ${formatScore(score.diversity)} in ${to}: ` +
    `${formatDelta(gain)} over post${keeps}${behindWords(carried, to)}${fails}.`
  )
}

function behindWords({ behind }: CarriedSelection, to: string): string {
  if (behind === null || formatScore(Math.abs(behind)) === '0.000') return ''
  return `; ${formatScore(Math.abs(behind))} ${behind > 0 ? 'less' : 'more'} than the selection of ${to}`
}

const LABELS: Readonly<Partial<Record<SweepDifference['what'], string>>> = {
  base: 'base checkpoint',
  post: 'post checkpoint',
  date: 'date shown to the template',
  'leading space': 'answers behind white space',
  tokens: 'tokens of the prompts',
  holdOutSplit: 'selected on',
  check: 'full-answer check',
  limit: 'share of validity to keep',
  ranges: 'ranges scored',
  blends: 'uniform blends scored',
  baselines: 'baselines scored',
  models: 'other models scored',
  'what if': 'scores under What if',
  program: 'version of the program'
}

export const differenceLabel = ({ what }: Pick<SweepDifference, 'what'>): string => LABELS[what] ?? what

export const NOTHING_DIFFERS = 'Both have the same settings and scored the same models.'

/** Explains which range of B corresponds to a range of A; null if both are the same range. */
function depthWords({ a, b, by, leftOut }: SweepComparison): string | null {
  const left = (side: 'A' | 'B', count: number, other: ComparedSweep): string[] => {
    if (count === 0) return []
    const there = side === 'A' ? 'B' : 'A'
    const are = count === 1 ? 'is' : 'are'
    const they = count === 1 ? 'it' : 'them'
    const why =
      by !== 'range'
        ? `${there} has no counterpart of ${they}`
        : other.estimatedCount === 0
          ? `${there} has not scored ${they}`
          : `${there} is a preview and has only estimated ${they}`
    return [`${plural(count, 'range')} of ${side} ${are} left out: ${why}`]
  }
  const without = [...left('A', leftOut.a, b), ...left('B', leftOut.b, a)]
  const missing = without.length === 0 ? null : `${without.join('. ')}.`
  if (by === 'range') return missing
  const layers = `each range of A's ${a.layerCount} layers with the nearest of B's ${b.layerCount}`
  const rule = `Compared by relative depth: ${layers}.`
  return missing === null ? rule : `${rule} ${missing}`
}
