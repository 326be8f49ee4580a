import { describe, expect, test } from 'vitest'
import { routeRows } from '../../../../../src/main/engine/forward/routed-rows'

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

  test('selects the first of experts with equal probabilities', () => {
    const { starts } = routeRows(Float32Array.of(0.125, 0.25, 0.25, 0.25), { ...experts, normed: false })
    expect([...starts]).toEqual([0, 0, 1, 2, 2])
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
