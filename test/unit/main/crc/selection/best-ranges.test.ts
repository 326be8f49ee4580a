import { expect, it } from 'vitest'
import { bestRanges } from '../../../../../src/main/crc/selection/best-ranges'

it('puts the range that the rule selects first, also where longer ones have its scores', () => {
  const range = (start: number, end: number, diversity: number, validity = 0.95) => ({
    start,
    end,
    diversity,
    validity
  })
  const ranges = [
    range(0, 3, 0.9),
    range(1, 3, 0.9 + 1e-12),
    range(2, 3, 0.9),
    range(0, 0, 0.8),
    range(3, 3, 0.99, 0.1)
  ]
  expect(bestRanges(ranges, 0.9, 3).map(({ start }) => start)).toEqual([2, 1, 0])
  expect(bestRanges(ranges, 0.9, 9)).toHaveLength(4)
})
