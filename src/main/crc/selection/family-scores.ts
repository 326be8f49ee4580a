import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import type { FamilyScore, RangeScore, Score } from '../../../contract/documents/crc'
import { elementAt } from '../../../contract/model/look-up'
import type { RestorationRange } from '../../../contract/model/recipe'
import { drawPrompts, interval, RESAMPLES } from '../../../contract/model/resampling'
import { BASELINE_KINDS } from '../../../contract/model/sampling-baseline'
import type { Steps } from '../../base/steps'
import { mean } from '../../base/sums'
import { baselinesOfKind, type SelectionInput } from './baseline-candidates'
import { OutOfBag } from './bootstrap'
import { emptyMeans, meansOver, promptsByCategory, type ScoreTable, scoreTable } from './score-table'
import { selectRange } from './select-range'

/**
 * Scores every family out of bag: each resample picks a candidate and scores it on the prompts that it left out.
 * Families share resamples. @param budget candidates that each family picks from; null for all
 */
export function* familyScores(
  sweep: Pick<SelectionInput, 'prompts' | 'post' | 'uniformBlends' | 'baselines'>,
  ranges: readonly RangeScore[],
  { rho, seed, budget = null }: { rho: number; seed: number; budget?: number | null }
): Steps<FamilyScore[]> {
  const { prompts, post } = sweep
  // The place of a candidate stands in for its layers, so that ties go to the first.
  const inOrder = (scores: readonly Score[]): (Score & RestorationRange)[] =>
    scores.map((score, place) => ({ ...score, start: place, end: place }))
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
  const offering = xoroshiro128plus(seed + 1)
  const { categories } = promptsByCategory(prompts)
  for (let resample = 0; resample < RESAMPLES; resample++) {
    yield
    const drawn = drawPrompts(random, categories)
    for (const family of families) family.pick(drawn, offering)
  }
  return families.map((family) => family.score(elementAt(families, 0, 'family')))
}

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

  pick(drawn: readonly (readonly number[])[], random: RandomGenerator): void {
    const { table, rho, means, offeredCount } = this
    meansOver(table, drawn, means)
    const offered = drawCandidates(table.ranges.length, offeredCount, random)
    const ofOffered = (values: Float64Array): number[] =>
      offered.map((index) => elementAt(values, index + 1, 'candidate'))
    const post = {
      validity: elementAt(means.validity, 0, 'row'),
      diversity: elementAt(means.diversity, 0, 'row')
    }
    const candidates = offered.map((index) => elementAt(table.ranges, index, 'candidate'))
    const [validity, diversity] = [ofOffered(means.validity), ofOffered(means.diversity)]
    const picked = selectRange(candidates, validity, diversity, post, rho)
    this.outOfBag.add(picked === -1 ? -1 : elementAt(offered, picked, 'candidate'), drawn)
  }

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

/** Draws `count` of the numbers below `total` without replacement (Fisher-Yates), or all if there are fewer. */
function drawCandidates(total: number, count: number, random: RandomGenerator): number[] {
  const numbers = Array.from({ length: total }, (_, index) => index)
  if (count >= total) return numbers
  for (let place = 0; place < count; place++) {
    const other = uniformInt(random, place, total - 1)
    const drawn = elementAt(numbers, other, 'candidate')
    numbers[other] = elementAt(numbers, place, 'candidate')
    numbers[place] = drawn
  }
  return numbers.slice(0, count)
}
