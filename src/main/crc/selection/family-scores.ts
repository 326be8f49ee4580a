import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import type { FamilyScore, RangeScore, Score } from '../../../contract/documents/crc'
import { elementAt } from '../../../contract/model/look-up'
import type { RestorationRange } from '../../../contract/model/recipe'
import { interval, RESAMPLES } from '../../../contract/model/resampling'
import { BASELINE_KINDS } from '../../../contract/model/sampling-baseline'
import type { Steps } from '../../base/steps'
import { mean } from '../../base/sums'
import { baselinesOfKind, type SelectionInput } from './baseline-candidates'
import { drawResample, OutOfBag, type Resample } from './bootstrap'
import {
  emptyMeans,
  meanOfRange,
  meansOfRanges,
  meansOver,
  promptsByCategory,
  type ScoreTable,
  scoreTable,
  selectByMeans
} from './score-table'
import { selectIndex } from './select-range'

/**
 * Scores the ranges and every family of baselines out of bag. Each resample of the prompts picks the best candidate of
 * each family, and scores it on the prompts that the resample left out. All families share the resamples.
 * @param options.budget number of random candidates that each family picks from in each resample; null for all
 */
export function* familyScores(
  sweep: Pick<SelectionInput, 'prompts' | 'post' | 'uniformBlends' | 'baselines'>,
  ranges: readonly RangeScore[],
  { rho, seed, budget = null }: { rho: number; seed: number; budget?: number | null }
): Steps<FamilyScore[]> {
  const { prompts, post } = sweep
  // Baselines have no layers. The index of a candidate stands in for them, so that ties go to the first candidate.
  const inOrder = (scores: readonly Score[]): (Score & RestorationRange)[] =>
    scores.map((score, index) => ({ ...score, start: index, end: index }))
  const families = [
    { name: 'range' as const, candidates: ranges },
    ...BASELINE_KINDS.map((name) => ({
      name,
      candidates: inOrder(baselinesOfKind(sweep, name).map(({ score }) => score))
    }))
  ]
    .filter(({ candidates }) => candidates.length > 0)
    .map(({ name, candidates }) => new Family(name, scoreTable(prompts, post, candidates), rho, budget))
  const random = xoroshiro128plus(seed)
  const offerRandom = xoroshiro128plus(seed + 1)
  const drawnFrom = { ...promptsByCategory(prompts), promptCount: prompts.length }
  for (let resample = 0; resample < RESAMPLES; resample++) {
    yield
    const drawn = drawResample(random, drawnFrom)
    for (const family of families) family.pick(drawn, offerRandom)
  }
  return families.map((family) => family.score(elementAt(families, 0, 'family')))
}

/** The candidates of one family, and their out-of-bag scores so far. */
class Family {
  private readonly outOfBag: OutOfBag
  private readonly means: ReturnType<typeof emptyMeans>
  private readonly offeredCount: number

  constructor(
    private readonly name: FamilyScore['family'],
    private readonly table: ScoreTable,
    private readonly rho: number,
    budget: number | null
  ) {
    this.outOfBag = new OutOfBag(table)
    this.means = emptyMeans(table)
    this.offeredCount = Math.min(budget ?? Infinity, table.ranges.length)
  }

  /** Picks a candidate on the drawn prompts and scores it on the others. @param random draws the offered candidates */
  pick({ weights, leftOut }: Resample, random: RandomGenerator): void {
    meansOver(this.table, weights, this.means)
    this.outOfBag.add(this.winner(random), leftOut)
  }

  /** Returns the index of the best offered candidate by the current means; null if none qualifies. */
  private winner(random: RandomGenerator): number | null {
    const { table, rho, means, offeredCount } = this
    if (offeredCount === table.ranges.length) return selectByMeans(table, means, rho)
    const offered = drawCandidates(table.ranges.length, offeredCount, random)
    const valuesOf = <Value>(values: ArrayLike<Value>): Value[] =>
      offered.map((index) => elementAt(values, index, 'candidate'))
    const { validity, diversity } = meansOfRanges(means)
    const post = meanOfRange(means, null)
    const picked = selectIndex(valuesOf(table.ranges), valuesOf(validity), valuesOf(diversity), post, rho)
    return picked === null ? null : elementAt(offered, picked, 'candidate')
  }

  /** Returns the out-of-bag score. @param reference the family of ranges, whose diversity is subtracted */
  score(reference: Family): FamilyScore {
    const { name: family, offeredCount: candidateCount } = this
    const result = this.outOfBag.result()
    if (result === null) return { family, candidateCount, outOfBag: null }
    const { validity, diversity } = result
    const others = reference.outOfBag.diversity
    const differences = this.outOfBag.diversity.map(
      (value, resample) => value - elementAt(others, resample, 'resample')
    )
    return {
      family,
      candidateCount,
      outOfBag: {
        validity,
        diversity,
        difference: { mean: mean(differences), interval: interval(Float64Array.from(differences)) }
      }
    }
  }
}

/** Draws `count` of the numbers below `total` without replacement (Fisher-Yates). */
function drawCandidates(total: number, count: number, random: RandomGenerator): number[] {
  const numbers = Array.from({ length: total }, (_, index) => index)
  for (let index = 0; index < count; index++) {
    const other = uniformInt(random, index, total - 1)
    const drawn = elementAt(numbers, other, 'candidate')
    numbers[other] = elementAt(numbers, index, 'candidate')
    numbers[index] = drawn
  }
  return numbers.slice(0, count)
}
