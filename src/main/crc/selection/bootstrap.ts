import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import type { Bootstrap } from '../../../contract/documents/crc'
import { emptyMeans, meanOfRow, meansOver, type ScoreTable, weightsOf } from './score-table'
import { compareRanges, selectRange } from './select-range'
import { elementAt } from '../../../contract/model/look-up'
import { CONFIDENCE, drawPrompts, interval, RESAMPLES } from '../../../contract/model/resampling'
import type { Steps } from '../../base/steps'

/**
 * Resamples each category's prompts with replacement and repeats the whole selection (Efron and Tibshirani 1993,
 * chapter 13). Percentile intervals do not correct for selecting on the same prompts; the cross-fitted score does.
 */
export function* bootstrap(table: ScoreTable, selected: number, rho: number, seed: number): Steps<Bootstrap> {
  const random = xoroshiro128plus(seed)
  const means = emptyMeans(table)
  // Row 0 is post, and the ranges follow. These views change with the means.
  const validity = means.validity.subarray(1)
  const diversity = means.diversity.subarray(1)
  const wins = new Map<number, number>()
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
    const postNow = {
      validity: elementAt(means.validity, 0, 'row'),
      diversity: elementAt(means.diversity, 0, 'row')
    }
    const winner = selectRange(table.ranges, validity, diversity, postNow, rho)
    wins.set(winner, (wins.get(winner) ?? 0) + 1)
    outOfBag.add(winner, leftOut)
    post.validity[resample] = postNow.validity
    post.diversity[resample] = postNow.diversity
    if (selected === -1) continue
    selectedScores.validity[resample] = elementAt(validity, selected, 'range')
    selectedScores.diversity[resample] = elementAt(diversity, selected, 'range')
    selectedScores.diversityGain[resample] = elementAt(diversity, selected, 'range') - postNow.diversity
  }

  return {
    resamples: RESAMPLES,
    seed,
    confidence: CONFIDENCE,
    wins: sharesOf(wins, table),
    noSelectionShare: (wins.get(-1) ?? 0) / RESAMPLES,
    post: { validity: interval(post.validity), diversity: interval(post.diversity) },
    selected:
      selected === -1
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

/** Scores the range selected by each resample on the prompts that the resample left out (Breiman 1996, out-of-bag). */
export class OutOfBag {
  private readonly validity: number[] = []
  /** Diversity of the selected range in each resample that left prompts out. */
  readonly diversity: number[] = []
  private readonly diversityGain: number[] = []

  constructor(private readonly table: ScoreTable) {}

  /** Adds a resample. @param winner index into the table's ranges; -1 scores post, because no range was selected */
  add(winner: number, leftOut: Resample['leftOut']): void {
    if (leftOut === null) return
    const { table } = this
    const picked = meanOfRow(table, winner + 1, leftOut)
    this.validity.push(picked.validity)
    this.diversity.push(picked.diversity)
    this.diversityGain.push(picked.diversity - meanOfRow(table, 0, leftOut).diversity)
  }

  result(): Bootstrap['outOfBag'] {
    const { validity, diversity, diversityGain } = this
    if (diversity.length === 0) return null
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
    return {
      resamples: diversity.length,
      validity: mean(validity),
      diversity: mean(diversity),
      diversityGain: mean(diversityGain),
      interval: interval(Float64Array.from(diversityGain))
    }
  }
}

function sharesOf(wins: ReadonlyMap<number, number>, table: ScoreTable): Bootstrap['wins'] {
  const shares = [...wins].flatMap(([index, count]) => {
    const range = table.ranges[index]
    return range === undefined ? [] : [{ start: range.start, end: range.end, share: count / RESAMPLES }]
  })
  return shares.sort((a, b) => b.share - a.share || compareRanges(a, b))
}
