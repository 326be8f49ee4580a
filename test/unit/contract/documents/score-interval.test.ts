import { expect, it } from 'vitest'
import { halfWidths } from '../../../../src/contract/documents/score-interval'

const of = (category: string, ...values: number[]): { category: string; value: number }[] =>
  values.map((value) => ({ category, value }))

const halfWidth = (values: readonly { category: string; value: number | undefined }[]): number | null =>
  halfWidths(values.map(({ category }) => category))((prompt) => values[prompt]?.value)

it('takes the interval of a mean over categories from the spread within each', () => {
  // Five values of variance 2.5: a standard error of √0.5, and t at 0.975 of 4 degrees of freedom is 2.7764.
  expect(halfWidth(of('a', 1, 2, 3, 4, 5))).toBeCloseTo(2.7764 * Math.sqrt(0.5), 2)
  // Two such categories: half the variance of a sum, with 8 degrees of freedom, whose t is 2.3060.
  expect(halfWidth([...of('a', 1, 2, 3, 4, 5), ...of('b', 2, 3, 4, 5, 6)])).toBeCloseTo(2.306 / 2, 3)
})

it('says nothing where the spread is not known, and that what never varies is exact', () => {
  expect(halfWidth([...of('a', 1, 3, 2, 4), ...of('b', 2)])).toBeNull()
  expect(halfWidth(of('a', 1, 3))).toBeNull()
  expect(halfWidth([])).toBeNull()
  // A prompt without a value is none.
  expect(halfWidth([...of('a', 1, 3, 2, 4), { category: 'b', value: undefined }])).toBe(halfWidth(of('a', 1, 3, 2, 4)))
  expect(halfWidth(of('a', 1, 1, 1))).toBe(0)
})
