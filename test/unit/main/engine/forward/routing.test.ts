import { describe, expect, test } from 'vitest'
import { largestIndices } from '../../../../../src/main/engine/forward/largest-indices'
import { routeRows } from '../../../../../src/main/engine/forward/routing'

/** Indices that torch.topk of torch 2.6 selects on the CPU, sorted. */
const TORCH: readonly [values: string, count: number, selected: readonly number[]][] = [
  [
    '1 2 1 0 0 0 0 1 0 0 1 1 1 0 1 2 0 1 0 0 1 0 1 0 2 0 2 0 0 1 0 2 0 0 1 1 0 0 1 0 1 2 0 1 2 2 1 2 1 2 2 0 2 2 1 2 2 1 1 0 0 1 2 2',
    1,
    [1]
  ],
  [
    '1 1 0 1 2 2 1 1 0 1 0 1 2 1 0 1 0 1 0 0 0 0 2 0 0 0 1 1 0 0 2 2 0 0 2 2 2 2 2 2 0 1 1 2 1 2 2 0 1 1 2 0 0 2 0 0 2 2 2 0 1 2 2 2',
    1,
    [4]
  ],
  [
    '1 1 2 1 2 0 2 2 0 2 0 1 0 0 0 0 0 1 2 0 2 2 0 0 0 2 1 0 1 0 2 0 2 2 2 1 1 2 1 1 2 0 0 0 1 1 0 0 2 2 0 0 0 0 0 0 0 0 0 0 2 2 1 1 1 2 2 1 0 2 0 2 1 1 2 0 2 2 0 1 2 2 0 0 2 1 1 0 2 0 2 1 1 2 1 1 0 2 1 0 0 1 0 2 0 1 0 1 2 1 1 0 2 2 0 0 1 0 1 1 2 0 0 1 0 0 2 1',
    2,
    [2, 4]
  ],
  [
    '3 1 2 3 0 2 0 0 0 2 3 1 0 0 3 0 3 2 2 3 1 2 2 3 3 3 3 2 3 1 1 3 2 3 0 0 0 2 1 1 3 0 0 0 1 2 3 1 2 3 1 2 0 1 3 0 2 1 2 1 1 3 1 3 2 1 3 3 0 3 1 3 0 3 2 3 2 3 3 2 2 0 1 1 3 3 0 2 3 3 1 0 0 3 1 3 1 0 3 1 2 1 3 1 0 3 3 2 1 3 1 0 2 0 3 0 3 2 3 2 3 0 0 2 1 3 2 1',
    2,
    [0, 3]
  ],
  ['1 1 1 1 1 1 1 1', 2, [5, 6]],
  ['2 0 1 0 1 1 1 2', 2, [0, 7]],
  ['1 0 3 0 3 3 4 0', 2, [5, 6]],
  ['1 1 1 1', 2, [2, 3]],
  ['1 2 2 0', 2, [1, 2]],
  ['1 1 1 1', 2, [2, 3]],
  ['1 1 1 1', 1, [2]],
  ['1 3 0 1', 1, [1]],
  ['1 0 0 0', 1, [0]],
  ['1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', 4, [9, 10, 11, 12]],
  ['2 2 1 2 0 1 0 2 1 1 2 1 0 1 2 1', 4, [0, 7, 10, 14]],
  ['0 1 1 2 1 2 3 1 2 0 3 2 3 1 0 0', 4, [6, 10, 11, 12]],
  [
    '1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1',
    8,
    [40, 41, 42, 43, 44, 45, 46, 47]
  ],
  [
    '0 1 1 2 0 0 2 2 0 1 0 2 1 1 2 1 2 1 2 1 0 1 1 0 1 1 0 2 1 2 0 0 2 1 2 0 2 0 0 1 1 1 2 1 0 2 0 0 1 0 0 2 1 2 2 1 2 2 2 0 0 1 1 2',
    8,
    [16, 18, 27, 29, 34, 36, 42, 45]
  ],
  [
    '1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1',
    8,
    [81, 82, 83, 84, 85, 86, 87, 88]
  ],
  [
    '3 2 3 1 2 3 0 0 2 2 0 3 2 0 1 2 2 1 3 1 1 2 1 3 0 1 3 2 2 3 2 2 3 1 3 2 3 1 2 1 1 3 1 0 2 1 1 2 3 3 2 0 1 1 2 1 0 0 1 0 1 1 2 3 2 0 0 2 1 0 1 2 2 2 3 0 0 2 2 1 0 2 1 0 2 0 0 0 2 2 1 2 0 2 0 0 1 3 2 1 0 2 2 0 2 0 2 1 2 3 0 3 3 3 2 1 2 1 0 0 1 1 1 3 2 0 2 2',
    8,
    [18, 23, 34, 36, 41, 63, 97, 109]
  ],
  ['1 1 1 1 1', 3, [2, 3, 4]],
  ['0 2 0 2 1', 3, [1, 3, 4]],
  ['1 1 2 0 0', 3, [0, 1, 2]],
  [
    '1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1',
    4,
    [38, 39, 40, 41]
  ],
  [
    '30 27 4 13 4 1 9 12 19 13 20 3 6 19 8 15 19 13 8 16 26 24 3 10 25 30 4 17 22 17 25 8 30 21 28 21 0 17 21 23 29 3 24 11 14 8 24 3 9 4 25 2 13 22 12 0 15 18 23 4',
    4,
    [0, 25, 32, 40]
  ],
  ['1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', 1, [10]],
  ['5 0 8 5 6 0 7 1 6 6 1 0 0 8 6 5', 1, [13]],
  ['1 2 0 0 1 2 2 2 1 2 0 2 1 2 1 2', 1, [11]],
  ['1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', 6, [17, 18, 20, 21, 22, 23]],
  ['1 0 0 0 1 0 0 1 1 1 0 0 0 1 1 1 1 1 1 1 1 1 0 1 0 1 1 1 0 0 0 0', 6, [13, 14, 15, 16, 17, 18]],
  ['1 1', 1, [0]],
  ['0 2', 1, [1]],
  ['1 1', 1, [0]],
  ['1 1 1 1 1 1 1 1', 8, [0, 1, 2, 3, 4, 5, 6, 7]],
  ['2 1 1 2 0 1 0 2', 8, [0, 1, 2, 3, 4, 5, 6, 7]],
  ['1 1 0 1 0 1 1 1', 8, [0, 1, 2, 3, 4, 5, 6, 7]],
  ['1 1 1', 2, [0, 1]],
  ['1 2 2', 2, [1, 2]],
  ['0 1 1', 2, [1, 2]]
]

describe('the largest of some values', () => {
  test.each(TORCH)(
    '%s: %i of them as torch.topk has them where values are equal',
    (values, count, selected) => {
      const places = largestIndices(Float32Array.from(values.split(' '), Number), count)
      expect([...places].sort((a, b) => a - b)).toEqual(selected)
    }
  )

  test('are those that sorting finds where no two are equal, with NaN before all others', () => {
    const values = Float32Array.from({ length: 61 }, (_, i) => Math.sin(i * i))
    values[17] = NaN
    const sorted = [...values.keys()].sort((a, b) =>
      a === 17 ? -1 : b === 17 ? 1 : (values[b] ?? 0) - (values[a] ?? 0)
    )
    for (const count of [1, 2, 8, 60, 61]) {
      expect(new Set(largestIndices(values, count))).toEqual(new Set(sorted.slice(0, count)))
    }
  })
})

describe('routing rows', () => {
  // Exact in binary.
  const probabilities = Float32Array.of(0.125, 0.5, 0.25, 0.125, 0.0625, 0.0625, 0.125, 0.75)
  const experts = { count: 4, perRow: 2, size: 3 }

  test('groups them by expert, weighed by their probabilities', () => {
    const { starts, rows, weights } = routeRows(probabilities, { ...experts, normed: false })
    expect([...starts]).toEqual([0, 0, 1, 3, 4])
    expect([...rows]).toEqual([0, 0, 1, 1])
    expect([...weights]).toEqual([0.5, 0.25, 0.125, 0.75])
  })

  test('has the weights of a row sum to one where the model says so', () => {
    const { weights } = routeRows(probabilities, { ...experts, normed: true })
    expect([...weights]).toEqual([0.5 / 0.75, 0.25 / 0.75, 0.125 / 0.875, 0.75 / 0.875].map(Math.fround))
  })
})
