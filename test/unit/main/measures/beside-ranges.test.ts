import { expect, it } from 'vitest'
import type { EvaluationRun } from '../../../../src/contract/documents/evaluation'
import { elementAt } from '../../../../src/contract/model/look-up'
import { blendStrengths } from '../../../../src/contract/model/strengths'
import { besideRanges } from '../../../../src/main/measures/beside-ranges'
import { pairedDifferences } from '../../../../src/main/measures/statistics'
import { taskFixture } from '../../../fixtures/evaluation-documents'

const range = (start: number, end: number): EvaluationRun['variants'][number] => {
  const name = `layers ${start}-${end}`
  return { variant: { kind: 'recipe', name, recipe: { name, ranges: [[start, end]] } } }
}
const POST: EvaluationRun['variants'][number] = { variant: { kind: 'post', name: 'post' } }
const BLEND: EvaluationRun['variants'][number] = {
  variant: {
    kind: 'recipe',
    name: 'uniform-blend',
    recipe: { name: 'uniform-blend', layers: blendStrengths({ strength: 0.7 }, 4) }
  }
}
const FILTER: EvaluationRun['variants'][number] = {
  variant: { kind: 'baseline', name: 'filter', baseline: { kind: 'filter', share: 0.001 } }
}

/** Evaluates variants with a number of distinct right answers, which grows from prompt to prompt. */
const evaluated = (variants: EvaluationRun['variants'], counts: readonly number[]) =>
  besideRanges({
    run: { task: taskFixture({ kind: 'open-ended' }), variants },
    measures: Array.from({ length: 8 }, (_, prompt) =>
      counts.map((count, place) => ({ distinctRight: count + prompt * (place + 1) * 0.1 }))
    ),
    reference: 0,
    keys: variants.map(({ variant }) => variant.name)
  })

it('compares every other variant except post with a range, and adjusts for all comparisons together', () => {
  const found = evaluated([POST, range(1, 2), BLEND, FILTER], [1, 4, 7, 4])
  expect(found.map((entry) => [entry.range, entry.variant])).toEqual([
    ['layers 1-2', 'uniform-blend'],
    ['layers 1-2', 'filter']
  ])
  const expected = pairedDifferences(
    [3, 0].map((less, place) => Array.from({ length: 8 }, (_, prompt) => less + prompt * (place + 1) * 0.1))
  )
  for (const [place, { differences }] of found.entries()) {
    expect(differences.accuracy).toBeUndefined()
    expect(differences.distinctRight?.mean).toBeCloseTo(elementAt(expected, place, 'pair')?.mean ?? NaN, 9)
    expect(differences.distinctRight?.adjustedPValue).toBe(elementAt(expected, place, 'pair')?.adjustedPValue)
  }
  // All eight prompts differ alike in sign: of two comparisons the smaller p counts twice.
  expect(found[0]?.differences.distinctRight?.adjustedPValue).toBeCloseTo((2 * 2) / 2 ** 8, 9)
})

it('counts a pair of two ranges once, and reports both directions', () => {
  const [there, back, ...others] = evaluated([POST, range(1, 2), range(0, 2)], [1, 4, 7])
  expect(others).toEqual([])
  expect([there?.variant, back?.variant]).toEqual(['layers 0-2', 'layers 1-2'])
  const [one, other] = [there?.differences.distinctRight, back?.differences.distinctRight]
  expect(one?.adjustedPValue).toBe(one?.pValue)
  expect(other?.mean).toBe(-(one?.mean ?? NaN))
  expect(other?.interval).toEqual(one?.interval?.map((end) => -end).toReversed())
  expect(other?.pValue).toBe(one?.pValue)
})

it('compares no uniform blends, baselines, or ranges with another sampler or prompts', () => {
  expect(evaluated([POST, BLEND, FILTER], [1, 4, 7])).toEqual([])
  expect(evaluated([POST, { ...range(1, 2), prefix: 'List five. ' }, FILTER], [1, 4, 7])).toEqual([])
})
