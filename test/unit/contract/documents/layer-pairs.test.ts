import { describe, expect, it } from 'vitest'
import { rangePairs, strongestPairs } from '../../../../src/contract/documents/layer-pairs'
import { allRanges } from '../../../../src/contract/model/strengths'

describe('pairs of layers in a sweep of ranges', () => {
  /** Each layer adds a tenth; layers 0 and 2 together take a quarter away, 1 and 2 add a fifth. */
  const diversity = ({ start, end }: { start: number; end: number }): number => {
    const has = (layer: number): boolean => layer >= start && layer <= end
    const sum = 0.3 + 0.1 * (end - start + 1)
    return sum - (has(0) && has(2) ? 0.25 : 0) + (has(1) && has(2) ? 0.2 : 0)
  }
  const sweep = {
    layerCount: 3,
    post: { diversity: 0.3 },
    ranges: allRanges(3).map((range) => ({ ...range, diversity: diversity(range) }))
  }

  it('are what both ends of a range add beyond each on its own', () => {
    const pairs = rangePairs(sweep)
    expect(pairs[0]?.[1]).toBeCloseTo(0, 12)
    expect(pairs[1]?.[2]).toBeCloseTo(0.2, 12)
    expect(pairs[2]?.[0]).toBeCloseTo(-0.25, 12)
    expect(pairs.map((row, layer) => row[layer])).toEqual([null, null, null])
    expect(strongestPairs(pairs, 2).map(({ layers }) => layers)).toEqual([
      [0, 2],
      [1, 2]
    ])
  })

  it('are not known where a range, or post for neighbours, has no score', () => {
    const some = rangePairs({
      ...sweep,
      post: null,
      ranges: sweep.ranges.filter(({ start, end }) => start !== 1 || end !== 1)
    })
    expect(some.flat().every((value) => value === null)).toBe(true)
    const withoutPost = rangePairs({ ...sweep, post: null })
    expect([withoutPost[0]?.[1], withoutPost[0]?.[2]]).toEqual([null, expect.closeTo(-0.25, 12)])
  })
})
