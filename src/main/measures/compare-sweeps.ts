import { checkOfRange, type CheckResult, rangePasses, rejectedRanges } from '../../contract/documents/answer-check'
import { countedScores } from '../../contract/documents/counted-scores'
import { onlyMeans, type RangeScore, type Score, type SweepDocument } from '../../contract/documents/crc'
import { DEFAULT_RHO } from '../../contract/documents/project'
import { briefScoring } from '../../contract/documents/scored-by'
import { halfWidths } from '../../contract/documents/score-interval'
import {
  type ComparedRange,
  type ComparedScores,
  type ComparedSweep,
  FEWEST_ORDERED,
  type SweepComparison
} from '../../contract/documents/sweep-comparison'
import type { SourceComparison } from '../../contract/documents/source-comparison'
import { elementAt } from '../../contract/model/look-up'
import { inputError } from '../../contract/model/problem'
import type { RestorationRange } from '../../contract/model/recipe'
import { atRelativeDepth, depthOverlap } from '../../contract/model/relative-depth'
import { spanKey } from '../../contract/model/strengths'
import { scoredByWords } from '../../contract/words/score-words'
import { runCooperatively } from '../base/steps'
import { areOverSources, bestOverSources } from '../crc/selection/best-over-sources'
import { builtinSetOf } from '../crc/task/builtin-prompts'
import { checkedSelection } from '../crc/check/checked-selection'
import { selectRange } from '../crc/selection/select-range'
import { carriedSelection, type SelectionSide } from './carried-selection'
import { matchedPrompts, type MatchedPrompt } from './matched-prompts'
import { rankCorrelation } from './statistics'
import { type SweepWithLimit, whatDiffers } from './what-differs'

/** Name of the work in the error of a cancelled comparison. */
const WORK = 'The comparison'

/** A sweep, and the full-answer check of its ranges; null if there is none. */
export interface SweepToCompare {
  readonly sweep: SweepDocument
  readonly check: CheckResult | null
}

/** One of the two compared sweeps. */
interface Side extends SweepWithLimit {
  readonly selected: RestorationRange | null
  readonly passes: SelectionSide['passes']
  /** Indices of ranges by key. */
  readonly indexOf: ReadonlyMap<string, number>
}

/**
 * Compares two sweeps: their settings, the scores and the order of their ranges, and the selected ranges. If the models
 * have different numbers of layers, ranges at the same relative depth are compared.
 * @param options.others more sweeps of the same pair, restored to other checkpoints. The best source is found among
 * all.
 * @param options.rho share of post's validity that both selections keep; by default the share of each sweep
 */
export async function compareSweeps(
  first: SweepToCompare,
  second: SweepToCompare,
  { rho, signal, others = [] }: { rho?: number; signal?: AbortSignal; others?: readonly SweepDocument[] } = {}
): Promise<SweepComparison> {
  requireComparable(first.sweep, second.sweep)
  const [a, b] = [await sideOf(first, rho, signal), await sideOf(second, rho, signal)]
  const matched = matchedRanges(a, b)
  const shared = matchedPrompts(a.sweep.prompts, b.sweep.prompts)
  const haveSamePrompts = shared.length === a.sweep.prompts.length && shared.length === b.sweep.prompts.length
  const compared = (first: Score, second: Score): ComparedScores =>
    comparedScores(countedIn(a, first), countedIn(b, second), haveSamePrompts ? shared : [])
  const ranges = matched.map(({ inA, inB }): ComparedRange => {
    const [rangeA, rangeB] = [elementAt(a.sweep.ranges, inA, 'range'), elementAt(b.sweep.ranges, inB, 'range')]
    return { range: bare(rangeA), other: bare(rangeB), ...compared(rangeA, rangeB) }
  })
  const correlationOf = (measure: 'validity' | 'diversity') =>
    orderCorrelation(ranges.map((range) => [range.a[measure], range.b[measure]]))
  return {
    a: comparedSweep(a),
    b: comparedSweep(b),
    by: a.sweep.layerCount === b.sweep.layerCount ? 'range' : 'relative depth',
    differs: whatDiffers(a, b, shared, {
      a: await builtinSetOf(a.sweep.prompts),
      b: await builtinSetOf(b.sweep.prompts)
    }),
    prompts: {
      shared: shared.length,
      onlyA: a.sweep.prompts.length - shared.length,
      onlyB: b.sweep.prompts.length - shared.length
    },
    post: compared(a.sweep.post, b.sweep.post),
    base: a.sweep.base === null || b.sweep.base === null ? null : compared(a.sweep.base, b.sweep.base),
    ranges,
    leftOut: {
      a: a.sweep.ranges.length - matched.length,
      b: b.sweep.ranges.length - new Set(matched.map(({ inB }) => inB)).size
    },
    agreement: { validity: correlationOf('validity'), diversity: correlationOf('diversity') },
    selection: selectionAgreement(a, b),
    sources: await overSources([a.sweep, b.sweep, ...others], a.rho, signal)
  }
}

/** Indices of a range of the first sweep, and of the range at the same depth in the second. */
interface MatchedRange {
  readonly inA: number
  readonly inB: number
}

/** Computes Spearman's rank correlation; null for too few values. Scores within 1e-9 share a rank. */
function orderCorrelation(values: readonly (readonly [number, number])[]): number | null {
  if (values.length < FEWEST_ORDERED) return null
  const rounded = (score: number): number => Math.round(score * 1e9)
  return rankCorrelation(values.map(([a, b]) => [rounded(a), rounded(b)] as const))
}

/** Finds the best range over sweeps restored to different checkpoints; null if the first two are not such sweeps. */
async function overSources(
  sweeps: readonly SweepDocument[],
  rho: number,
  signal: AbortSignal | undefined
): Promise<SourceComparison | null> {
  const [first, second, ...others] = sweeps
  if (first === undefined || second === undefined || !areOverSources([first, second])) return null
  const fitting = others.filter((sweep) => areOverSources([first, second, sweep]))
  return runCooperatively(bestOverSources([first, second, ...fitting], rho), { signal, what: WORK })
}

/** @throws WorkbenchError if the sweeps have scores of different measures, or if one scored no ranges */
function requireComparable(a: SweepDocument, b: SweepDocument): void {
  // Of sweeps that regain one task and keep another, the kept tasks must be the same.
  const keptTaskOf = ({ scoredBy }: SweepDocument): string | undefined =>
    scoredBy.kind === 'task' ? scoredBy.keep?.id : undefined
  if (a.scoredBy.kind !== b.scoredBy.kind || keptTaskOf(a) !== keptTaskOf(b)) {
    const words = ({ scoredBy }: SweepDocument): string => scoredByWords(briefScoring(scoredBy))
    throw inputError(
      `These sweeps cannot be compared: one is scored by ${words(a)}, the other by ${words(b)}.`,
      'Their numbers are different measures. An evaluation of the task shows how well characters predict it.'
    )
  }
  for (const { id, ranges } of [a, b]) {
    if (ranges.length > 0) continue
    throw inputError(`The sweep ${id} scored no ranges to compare.`, 'Take a sweep of all ranges.')
  }
}

async function sideOf(
  { sweep, check }: SweepToCompare,
  fixedRho: number | undefined,
  signal: AbortSignal | undefined
): Promise<Side> {
  const rho = fixedRho ?? sweep.selection?.rho ?? DEFAULT_RHO
  return {
    sweep,
    rho,
    selected: (await runCooperatively(checkedSelection(sweep, check, rho), { signal, what: WORK }))?.selected ?? null,
    check: comparedCheck({ sweep, check }, rho),
    passes: (range) => rangePasses(check, range, rho),
    indexOf: new Map(sweep.ranges.map((range, index) => [spanKey(range), index]))
  }
}

/** Summarises which ranges the full-answer check rejected, and which range would be selected without it. */
function comparedCheck({ sweep, check }: SweepToCompare, rho: number): ComparedSweep['check'] {
  const { ranges, post } = sweep
  const checkedCount = ranges.filter((range) => checkOfRange(check, range) !== null).length
  if (checkedCount === 0) return null
  const withoutCheck = selectRange(ranges, post, rho)
  return {
    checkedCount,
    rejected: rejectedRanges(ranges, check, rho).map(bare),
    selectedWithout: withoutCheck === null ? null : bare(withoutCheck)
  }
}

/** Drops all fields of a range except its ends. */
const bare = ({ start, end }: RangeScore): RestorationRange => ({ start, end })

/** Converts a range of one sweep to the range of another at the same relative depth. */
const counterpart = (range: RestorationRange, from: Side, to: Side): RestorationRange =>
  atRelativeDepth(range, from.sweep.layerCount, to.sweep.layerCount)

function matchedRanges(a: Side, b: Side): MatchedRange[] {
  const matched = a.sweep.ranges.flatMap((range, inA) => {
    const inB = b.indexOf.get(spanKey(counterpart(range, a, b)))
    return inB === undefined ? [] : [{ inA, inB }]
  })
  if (matched.length > 0) return matched
  throw inputError(`The sweeps ${a.sweep.id} and ${b.sweep.id} have no range in common.`, 'Take sweeps of all ranges.')
}

function comparedSweep({ sweep, rho, selected, check }: Side): ComparedSweep {
  const { id, createdAt, scoredBy, prompts, layerCount, source, ranges, preview, device, precision } = sweep
  return {
    id,
    createdAt,
    scoredBy: briefScoring(scoredBy),
    promptCount: prompts.length,
    layerCount,
    source,
    rangeCount: ranges.length,
    estimatedCount: preview === null ? 0 : preview.ranges.length,
    device,
    precision,
    rho,
    selected,
    check
  }
}

/** Compares two scores. Margins are null without matched prompts, because prompts then differ. */
function comparedScores(a: Score, b: Score, matched: readonly MatchedPrompt[]): ComparedScores {
  const widths = halfWidths(matched.map(({ category }) => category))
  const margin = (measure: 'validity' | 'diversity'): number | null =>
    widths((prompt) => {
      const { inA, inB } = elementAt(matched, prompt, 'prompt')
      return elementAt(b.prompts, inB, 'prompt')[measure] - elementAt(a.prompts, inA, 'prompt')[measure]
    })
  return {
    a: onlyMeans(a),
    b: onlyMeans(b),
    difference: { validity: b.validity - a.validity, diversity: b.diversity - a.diversity },
    margins: { validity: margin('validity'), diversity: margin('diversity') }
  }
}

/** Weights a score's prompts by the measure that each counts for; see {@link countedScores}. */
const countedIn = ({ sweep }: Side, score: Score): Score => ({
  ...score,
  prompts: [...countedScores(sweep.prompts, score.prompts)]
})

function selectionAgreement(a: Side, b: Side): SweepComparison['selection'] {
  const withDepth = (range: RestorationRange, { sweep: { layerCount } }: Side) => ({ ...range, layerCount })
  const isSame =
    a.selected === null || b.selected === null
      ? a.selected === b.selected
      : spanKey(counterpart(a.selected, a, b)) === spanKey(b.selected)
  return {
    same: isSame,
    overlap:
      a.selected === null || b.selected === null
        ? null
        : depthOverlap(withDepth(a.selected, a), withDepth(b.selected, b)),
    a: carriedSelection(selectionSide(a), selectionSide(b)),
    b: carriedSelection(selectionSide(b), selectionSide(a))
  }
}

const selectionSide = ({ sweep, rho, selected, indexOf, passes }: Side): SelectionSide => ({
  layerCount: sweep.layerCount,
  rho,
  selected,
  post: sweep.post,
  passes,
  scoreOf: (range) => {
    const index = indexOf.get(spanKey(range))
    return index === undefined ? undefined : elementAt(sweep.ranges, index, 'range')
  }
})
