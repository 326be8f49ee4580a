import { expect, it } from 'vitest'
import { searchCurve } from '../../../../src/renderer/recipes/search-curve'

const generation = (blockEvaluations: number, diversity: number) => ({
  candidates: 2,
  blockEvaluations,
  best: {
    diversity,
    validity: 0.9,
    recipe: { name: `at ${diversity}`, ranges: [[0, 1] as [number, number]] }
  }
})
const search = {
  scoredBy: { kind: 'crc' as const },
  range: { range: { start: 0, end: 0 }, validity: 0.95, diversity: 0.8 },
  generations: [generation(100, 0.8), generation(50, 0.85), generation(0, 0.85)]
}

it('starts at the best range and follows the best of each generation, by the work of all before it', () => {
  const curve = searchCurve(search)
  const points = curve?.series[0]?.points.map(({ x, y }) => [x, y])
  expect(points).toEqual([
    [0, 0.8],
    [100, 0.8],
    [150, 0.85],
    [150, 0.85]
  ])
  expect(curve?.series[0]?.points[2]?.lines).toEqual([
    'at 0.85',
    'diversity 0.850, validity 0.900',
    'after 150 block evaluations'
  ])
  expect([curve?.series[0]?.connected, curve?.x.bounds[0]]).toEqual([true, 0])
  expect(curve?.x.bounds[1]).toBeGreaterThanOrEqual(150)
})

it('is no curve of one generation', () => {
  expect(searchCurve({ ...search, generations: search.generations.slice(0, 1) })).toBeNull()
})
