import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { largestIndices } from '../../../../../src/main/engine/forward/largest-indices'
import { routeRows } from '../../../../../src/main/engine/forward/routed-rows'
import topk from '../../../../fixtures/torch-topk.json'

/** Indices that torch.topk of torch 2.6 selects on the CPU, sorted. */
const TORCH = z.array(z.tuple([z.string(), z.number(), z.array(z.number())])).parse(topk)

describe('the largest of some values', () => {
  test.each(TORCH)('%s: %i of them as torch.topk has them where values are equal', (values, count, selected) => {
    const places = largestIndices(Float32Array.from(values.split(' '), Number), count)
    expect([...places].sort((a, b) => a - b)).toEqual(selected)
  })

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
  const experts = { count: 4, perRow: 2, size: 3, scale: 1, biased: false, besideMlp: false, groups: null }

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

  test('selects by the second scores and weighs by the first, times a factor', () => {
    const biased = Float32Array.of(0.125, 0.5, 0.25, 0.125, 0.9, 0.1, 0.2, 0.8)
    const { rows, starts, weights } = routeRows(biased, { ...experts, normed: true, scale: 3, biased: true })
    expect([...starts]).toEqual([0, 1, 1, 1, 2])
    expect([...rows]).toEqual([0, 0])
    expect([...weights]).toEqual([1.5, 1.5])
  })
})
