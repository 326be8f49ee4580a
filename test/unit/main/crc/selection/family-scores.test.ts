import { expect, it } from 'vitest'
import type { BaselineComparison, FamilyScore, RangeScore, Score } from '../../../../../src/contract/documents/crc'
import { elementAt } from '../../../../../src/contract/model/look-up'
import type { SamplingBaseline } from '../../../../../src/contract/model/sampling-baseline'
import { strongestBaseline } from '../../../../../src/contract/words/baseline-words'
import { runToEnd } from '../../../../../src/main/base/steps'
import { familyScores } from '../../../../../src/main/crc/selection/family-scores'
import { scoreOf } from '../../../../fixtures/crc-reference'

const RHO = 0.9
const prompts = Array.from({ length: 14 }, (_, index) => ({ category: index < 6 ? 'a' : 'b' }))
const CATEGORIES = ['a', 'b'].map((name) => [...prompts.keys()].filter((index) => prompts[index]?.category === name))

/** Returns numbers from 0 to 1 (Park and Miller 1988). */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

const noise = randomNumbers(7)
const noisy = (validity: number, diversity: number): Score =>
  scoreOf(prompts, {
    validity: prompts.map(() => validity + 0.1 * (noise() - 0.5)),
    diversity: prompts.map(() => diversity + 0.4 * (noise() - 0.5))
  })

const post = noisy(0.95, 0.4)
const ranges = Array.from({ length: 12 }, (_, start): RangeScore => ({
  start,
  end: start,
  ...noisy(0.88, 0.55)
}))
const filters = Array.from({ length: 7 }, (_, index) => ({
  baseline: { kind: 'filter', share: (index + 1) / 10 } satisfies SamplingBaseline,
  ...noisy(0.9, 0.5)
}))
const uniformBlends = [0.25, 0.5, 0.75].map((strength) => ({ strength, ...noisy(0.86, 0.6) }))
const sweep = { prompts: prompts.map(promptOf), post, uniformBlends, baselines: filters }

function promptOf({ category }: { category: string }) {
  return { category, text: '', valid: ['a', 'b'], rendered: '', tokens: [1], unreachable: [], key: '' }
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Averages a measure over prompts of each category, then over categories. */
const meanOn = (score: Score, drawn: readonly (readonly number[])[], measure: 'validity' | 'diversity'): number =>
  average(drawn.map((indices) => average(indices.map((index) => elementAt(score.prompts, index, 'prompt')[measure]))))

/** Simulates out-of-bag scores by their definition. @returns diversity of each family in each resample */
function simulate(budget: number): number[][] {
  const random = randomNumbers(99)
  const families: Score[][] = [ranges, uniformBlends, filters]
  const results: number[][] = families.map(() => [])
  for (let resample = 0; resample < 6000; resample++) {
    const drawn = CATEGORIES.map((indices) =>
      indices.map(() => elementAt(indices, Math.floor(random() * indices.length), 'prompt'))
    )
    const leftOut = CATEGORIES.map((indices, place) => indices.filter((index) => !drawn[place]?.includes(index)))
    if (leftOut.some((indices) => indices.length === 0)) continue
    for (const [place, family] of families.entries()) {
      const least = { validity: RHO * meanOn(post, drawn, 'validity'), diversity: meanOn(post, drawn, 'diversity') }
      const [best = { score: post }] = family
        .map((score) => ({ score, order: random() }))
        .sort((a, b) => a.order - b.order)
        .slice(0, budget)
        .map(({ score }) => ({ score, diversity: meanOn(score, drawn, 'diversity') }))
        .filter(
          ({ score, diversity }) => diversity > least.diversity && meanOn(score, drawn, 'validity') >= least.validity
        )
        .sort((a, b) => b.diversity - a.diversity)
      results[place]?.push(meanOn(best.score, leftOut, 'diversity'))
    }
  }
  return results
}

it.each([null, 2])('equal a simulation by their definition, with a budget of %s', (budget) => {
  const scored = runToEnd(familyScores(sweep, ranges, { rho: RHO, seed: 1, budget }))
  expect(scored.map(({ family, candidateCount }) => [family, candidateCount])).toEqual([
    ['range', budget ?? 12],
    ['uniform-blend', budget ?? 3],
    ['filter', budget ?? 7]
  ])
  const simulated = simulate(budget ?? Infinity)
  const ofRanges = elementAt(simulated, 0, 'family')
  for (const [place, { family, outOfBag }] of scored.entries()) {
    const values = elementAt(simulated, place, 'family')
    // Five standard errors of the mean over 1,000 resamples.
    const deviation = Math.sqrt(average(values.map((value) => (value - average(values)) ** 2)))
    const allowed = 5 * deviation * Math.sqrt(1 / 1000 + 1 / values.length)
    expect(Math.abs((outOfBag?.diversity ?? NaN) - average(values)), family).toBeLessThan(allowed)
    const difference = average(values) - average(ofRanges)
    expect(Math.abs((outOfBag?.difference.mean ?? NaN) - difference), family).toBeLessThan(2 * allowed)
  }
  expect(runToEnd(familyScores(sweep, ranges, { rho: RHO, seed: 1, budget }))).toEqual(scored)
})

it('names no baseline as better whose family is behind ranges out of bag', () => {
  const difference = { mean: 0.05, interval: [0.01, 0.09] as [number, number], pValue: 0.01 }
  const compared: BaselineComparison = {
    baseline: { kind: 'filter', share: 0.1 },
    ...{ validity: 0.95, diversity: 0.7, promptCount: 14, answers: null },
    difference: { validity: difference, diversity: difference }
  }
  const family = (mean: number): FamilyScore => ({
    family: 'filter',
    candidateCount: 7,
    outOfBag: { validity: 0.9, diversity: 0.6, difference: { mean, interval: [mean, mean] } }
  })
  const strongest = (families: FamilyScore[]) =>
    strongestBaseline({ baselines: [compared], families, minimumValidity: 0.9 })
  expect(strongest([family(-0.01)])).toBeNull()
  expect(strongest([family(0.01)])).toBe(compared)
  expect(strongest([{ ...family(0.01), outOfBag: null }])).toBeNull()
  // Old sweeps have no families.
  expect(strongest([])).toBe(compared)
})
