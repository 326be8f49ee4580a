import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import type { Bootstrap } from '../../../contract/documents/crc'
import {
  emptyMeans,
  meanOfRange,
  meansOver,
  type ScoreTable,
  selectByMeans,
  weightedMean,
  weightsOf
} from './score-table'
import { compareRanges } from './select-range'
import { elementAt } from '../../../contract/model/look-up'
import { CONFIDENCE, drawPrompts, interval, RESAMPLES } from '../../../contract/model/resampling'
import type { Steps } from '../../base/steps'
import { mean } from '../../base/sums'

/**
 * Resamples each category's prompts with replacement and repeats the whole selection (Efron and Tibshirani 1993,
 * chapter 13). Percentile intervals do not correct for selecting on the same prompts; the cross-fitted score does.
 * @param selected index of the range that is selected on all prompts; null if none is
 */
export function* bootstrap(table: ScoreTable, selected: number | null, rho: number, seed: number): Steps<Bootstrap> {
  const random = xoroshiro128plus(seed)
  const means = emptyMeans(table)
  // Wins by the index of the selected range; null counts the resamples that select no range.
  const wins = new Map<number | null, number>()
  const post = { validity: new Float64Array(RESAMPLES), diversity: new Float64Array(RESAMPLES) }
  const selectedScores = {
    validity: new Float64Array(RESAMPLES),
    diversity: new Float64Array(RESAMPLES),
    diversityGain: new Float64Array(RESAMPLES)
  }

  const outOfBag = new OutOfBag(table)
  for (let resample = 0; resample < RESAMPLES; resample++) {
    yield
    const { weights, leftOut } = drawResample(random, table)
    meansOver(table, weights, means)
    const postNow = meanOfRange(means, null)
    const winner = selectByMeans(table, means, rho)
    wins.set(winner, (wins.get(winner) ?? 0) + 1)
    outOfBag.add(winner, leftOut)
    post.validity[resample] = postNow.validity
    post.diversity[resample] = postNow.diversity
    if (selected === null) continue
    const selectedNow = meanOfRange(means, selected)
    selectedScores.validity[resample] = selectedNow.validity
    selectedScores.diversity[resample] = selectedNow.diversity
    selectedScores.diversityGain[resample] = selectedNow.diversity - postNow.diversity
  }

  return {
    resamples: RESAMPLES,
    seed,
    confidence: CONFIDENCE,
    wins: sharesOf(wins, table),
    noSelectionShare: (wins.get(null) ?? 0) / RESAMPLES,
    post: { validity: interval(post.validity), diversity: interval(post.diversity) },
    selected:
      selected === null
        ? null
        : {
            validity: interval(selectedScores.validity),
            diversity: interval(selectedScores.diversity),
            diversityGain: interval(selectedScores.diversityGain)
          },
    outOfBag: outOfBag.result()
  }
}

/** Weights of the prompts that a resample drew, and weights of the prompts that it left out. */
export interface Resample {
  weights: Float64Array
  /** Null if a category has no prompt that was left out. */
  leftOut: Float64Array | null
}

/** Draws as many prompts of each category as it has, with replacement. */
export function drawResample(random: RandomGenerator, table: Pick<ScoreTable, 'categories' | 'promptCount'>): Resample {
  const drawn = drawPrompts(random, table.categories)
  const taken = new Uint8Array(table.promptCount)
  for (const indices of drawn) for (const index of indices) taken[index] = 1
  const leftOut = table.categories.map((indices) => indices.filter((index) => taken[index] === 0))
  return {
    weights: weightsOf(table, drawn),
    leftOut: leftOut.some((indices) => indices.length === 0) ? null : weightsOf(table, leftOut)
  }
}

/** Averages the scores of the ranges that resamples select, on the prompts left out (out-of-bag, Breiman 1996). */
export class OutOfBag {
  private readonly validity: number[] = []
  /** Diversity of the selected range in each resample that left prompts out. */
  readonly diversity: number[] = []
  private readonly diversityGain: number[] = []

  constructor(private readonly table: ScoreTable) {}

  /** Adds a resample. @param winner index of the selected range; null scores post, because no range was selected */
  add(winner: number | null, leftOut: Resample['leftOut']): void {
    if (leftOut === null) return
    const { table } = this
    const picked = weightedMean(table, winner, leftOut)
    this.validity.push(picked.validity)
    this.diversity.push(picked.diversity)
    this.diversityGain.push(picked.diversity - weightedMean(table, null, leftOut).diversity)
  }

  /** Returns the means over resamples; null if no resample left prompts out. */
  result(): Bootstrap['outOfBag'] {
    const { validity, diversity, diversityGain } = this
    if (diversity.length === 0) return null
    return {
      resamples: diversity.length,
      validity: mean(validity),
      diversity: mean(diversity),
      diversityGain: mean(diversityGain),
      interval: interval(Float64Array.from(diversityGain))
    }
  }
}

/** Converts counts of wins to shares, the largest first. */
function sharesOf(wins: ReadonlyMap<number | null, number>, table: ScoreTable): Bootstrap['wins'] {
  const shares = [...wins].flatMap(([index, count]) => {
    if (index === null) return []
    const { start, end } = elementAt(table.ranges, index, 'range')
    return [{ start, end, share: count / RESAMPLES }]
  })
  return shares.sort((a, b) => b.share - a.share || compareRanges(a, b))
}
