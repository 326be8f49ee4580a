import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { Interval, SweepDocument } from '../../contract/documents/crc'
import {
  FEWEST_ORDERED,
  type RankAgreement,
  type SweepComparison
} from '../../contract/documents/sweep-comparison'
import { at } from '../../contract/model/look-up'
import { breather } from '../base/files/breather'
import { throwIfCancelled } from '../base/files/cancelling'
import {
  emptyMeans,
  meansOver,
  promptsByCategory,
  type RowMeans,
  scoreTable
} from '../crc/selection/score-table'
import { selectRange } from '../crc/selection/select-range'
import { kendallTau } from './kendall'
import type { MatchedPrompt } from './matched-prompts'
import { rankCorrelation } from './statistics'
import { CONFIDENCE, drawPrompts, interval } from '../../contract/model/resampling'

type Shared = NonNullable<SweepComparison['shared']>
type Agreement = Shared['agreement']

const SEED = 1
/** Half of a selection's: two rank correlations of thousands of ranges take longer than a selection. */
const RESAMPLES = 500

/** One of two compared sweeps, as far as prompts are drawn for it. */
export interface ResampledSide {
  readonly sweep: Pick<SweepDocument, 'prompts' | 'post' | 'ranges'>
  readonly rho: number
}

/** How it is told whether both select the same; null: it is not. */
export interface ResampledSelection {
  /** Places of the ranges that may be selected in each. */
  readonly a: readonly number[]
  readonly b: readonly number[]
  readonly withoutChecks: boolean
}

/** Ranges that stand for each other, by their places in the two sweeps. */
export interface MatchedRange {
  inA: number
  inB: number
}

/** @param values of each compared range, in the first sweep and in the second */
export function rankAgreement(values: readonly (readonly [number, number])[]): RankAgreement {
  if (values.length < FEWEST_ORDERED) return { spearman: null, kendall: null }
  const told = values.map(([a, b]) => [rounded(a), rounded(b)] as const)
  return { spearman: rankCorrelation(told), kendall: kendallTau(told) }
}

/** Scores closer than 1e-9 differ by the order of their sums, not by the model: they share a rank, as in the selection. */
const rounded = (score: number): number => Math.round(score * 1e9)

/**
 * Bootstrap over the prompts that two sweeps share, stratified by category: the same prompts are drawn for both, and all is
 * computed again. Intervals are percentiles, and null where a resample has no correlation.
 *
 * @param selection of the compared ranges alone: one that a sweep has not scored it cannot select
 * @throws WorkbenchError `cancelled`
 */
export async function resampleComparison(
  a: ResampledSide,
  b: ResampledSide,
  shared: readonly MatchedPrompt[],
  matched: readonly MatchedRange[],
  selection: ResampledSelection | null,
  signal?: AbortSignal
): Promise<Shared> {
  const { categories } = promptsByCategory(shared)
  const ofA = resampled(a, selection?.a ?? [], (place) => at(shared, place, 'prompt').inA)
  const ofB = resampled(b, selection?.b ?? [], (place) => at(shared, place, 'prompt').inB)
  const counterparts = new Map(matched.map(({ inA, inB }) => [inA, inB]))
  const agreementOn = (drawn: readonly (readonly number[])[]): Agreement => {
    const [meansA, meansB] = [ofA.draw(drawn), ofB.draw(drawn)]
    const of = (measure: 'validity' | 'diversity'): RankAgreement =>
      rankAgreement(
        // The first row is post.
        matched.map(({ inA, inB }) => [
          at(meansA[measure], inA + 1, 'range'),
          at(meansB[measure], inB + 1, 'range')
        ])
      )
    return { validity: of('validity'), diversity: of('diversity') }
  }
  const observed = agreementOn(categories)
  const random = xoroshiro128plus(SEED)
  const breathe = breather()
  const drawnAgreements: Agreement[] = []
  let same = 0
  for (let resample = 0; resample < RESAMPLES; resample++) {
    drawnAgreements.push(agreementOn(drawPrompts(random, categories)))
    const [selectedA, selectedB] = [ofA.select(), ofB.select()]
    if (selectedA === -1 ? selectedB === -1 : counterparts.get(selectedA) === selectedB) same += 1
    throwIfCancelled(signal, 'The comparison')
    await breathe()
  }
  const intervals = (measure: 'validity' | 'diversity') => {
    const of = (correlation: 'spearman' | 'kendall'): Interval | null =>
      intervalAround(
        observed[measure][correlation],
        drawnAgreements.map((agreement) => agreement[measure][correlation])
      )
    return { spearman: of('spearman'), kendall: of('kendall') }
  }
  return {
    promptCount: shared.length,
    resamples: RESAMPLES,
    seed: SEED,
    confidence: CONFIDENCE,
    agreement: observed,
    intervals: { validity: intervals('validity'), diversity: intervals('diversity') },
    sameSelection: selection === null ? null : same / RESAMPLES,
    withoutChecks: selection?.withoutChecks ?? false
  }
}

/** A side's means over drawn prompts, and what of `candidates` would be selected by them. @param placeOf of a shared prompt in this side */
function resampled(
  { sweep, rho }: ResampledSide,
  candidates: readonly number[],
  placeOf: (shared: number) => number
) {
  const table = scoreTable(sweep.prompts, sweep.post, sweep.ranges)
  const means = emptyMeans(table)
  const ranges = candidates.map((place) => at(sweep.ranges, place, 'range'))
  return {
    draw: (drawn: readonly (readonly number[])[]): RowMeans =>
      meansOver(
        table,
        drawn.map((places) => places.map(placeOf)),
        means
      ),
    /** By what was drawn last. @returns the place of the range; -1 for none */
    select(): number {
      const of = (measure: 'validity' | 'diversity'): number[] =>
        candidates.map((place) => at(means[measure], place + 1, 'range'))
      const post = { validity: at(means.validity, 0, 'row'), diversity: at(means.diversity, 0, 'row') }
      const selected = selectRange(ranges, of('validity'), of('diversity'), post, rho)
      return selected === -1 ? -1 : at(candidates, selected, 'range')
    }
  }
}

function intervalAround(value: number | null, drawn: readonly (number | null)[]): Interval | null {
  const known = drawn.filter((one) => one !== null)
  if (value === null || known.length < drawn.length) return null
  const [low, high] = interval(Float64Array.from(known))
  return [Math.min(low, value), Math.max(high, value)]
}
