import { describe, expect, it } from 'vitest'
import { largestValues } from '../../../../../src/main/engine/rows/largest'

const indices = (values: readonly number[], count: number): number[] =>
  largestValues(Float32Array.from(values), count).map(({ index }) => index)

describe('the largest values', () => {
  it('come in order, the first of equal ones first', () => {
    expect(indices([2, 5, 1, 5, 4], 3)).toEqual([1, 3, 4])
    expect(indices([1, 2], 5)).toEqual([1, 0])
    expect(indices([-Infinity, -Infinity], 1)).toEqual([0])
  })

  it('are those that are no numbers, wherever they are', () => {
    expect(indices([NaN, 5, 3, 1], 2)).toEqual([0, 1])
    expect(indices([5, 3, NaN, 1], 2)).toEqual([2, 0])
    expect(indices([NaN, 5, 3, NaN], 2)).toEqual([0, 3])
  })
})
