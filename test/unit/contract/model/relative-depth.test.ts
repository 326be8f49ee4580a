import { describe, expect, it } from 'vitest'
import type { RestorationRange } from '../../../../src/contract/model/recipe'
import { atRelativeDepth, depthOverlap } from '../../../../src/contract/model/relative-depth'

const rangesOf = (layerCount: number): RestorationRange[] =>
  Array.from({ length: layerCount }, (_, start) =>
    Array.from({ length: layerCount - start }, (_, more) => ({ start, end: start + more }))
  ).flat()

describe('the range at the same relative depth', () => {
  it('is the range itself between models of one depth', () => {
    for (const range of rangesOf(13)) expect(atRelativeDepth(range, 13, 13)).toEqual(range)
  })

  it.each([
    { range: { start: 4, end: 11 }, from: 12, to: 24, is: { start: 8, end: 23 } },
    { range: { start: 8, end: 15 }, from: 32, to: 24, is: { start: 6, end: 11 } },
    // Edges at 1.5 and 4.5 move to the deeper neighbour.
    { range: { start: 1, end: 2 }, from: 4, to: 6, is: { start: 2, end: 4 } },
    // Both edges meet at 1: the middle of the layer is at 0.8.
    { range: { start: 2, end: 2 }, from: 6, to: 2, is: { start: 0, end: 0 } },
    { range: { start: 31, end: 31 }, from: 32, to: 2, is: { start: 1, end: 1 } }
  ])('of $range.start-$range.end of $from layers is $is.start-$is.end of $to', ({ range, from, to, is }) => {
    expect(atRelativeDepth(range, from, to)).toEqual(is)
  })

  it('is a range of the other model, whatever the two depths', () => {
    for (const from of [1, 2, 5, 12, 31]) {
      for (const to of [1, 3, 7, 12, 32]) {
        for (const range of rangesOf(from)) {
          const { start, end } = atRelativeDepth(range, from, to)
          expect(start >= 0 && start <= end && end < to, `${range.start}-${range.end} ${from} ${to}`).toBe(true)
        }
        expect(atRelativeDepth({ start: 0, end: from - 1 }, from, to)).toEqual({ start: 0, end: to - 1 })
      }
    }
  })
})

it('ranges overlap by the share of depth that both take', () => {
  const overlap = (a: [number, number, number], b: [number, number, number]): number =>
    depthOverlap({ start: a[0], end: a[1], layerCount: a[2] }, { start: b[0], end: b[1], layerCount: b[2] })
  expect(overlap([3, 8, 31], [3, 8, 31])).toBe(1)
  expect(overlap([0, 3, 12], [4, 7, 12])).toBe(0)
  expect(overlap([4, 11, 12], [8, 23, 24])).toBe(1)
  // Layers 4-5 of the 4-9 that either takes.
  expect(overlap([4, 5, 12], [4, 9, 12])).toBeCloseTo(1 / 3, 12)
})
