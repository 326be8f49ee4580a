import { expect, it } from 'vitest'
import { lengthOf } from '../../../../src/main/base/sums'

it('measures the length of a vector, also of one of millions of values', () => {
  expect(lengthOf(Float32Array.of(3, 4))).toBe(5)
  expect(lengthOf(new Float32Array(4_000_000).fill(0.5))).toBe(1000)
  expect(lengthOf(Float32Array.of(1, NaN))).toBeNaN()
})
