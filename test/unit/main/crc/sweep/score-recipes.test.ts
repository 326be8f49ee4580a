import { expect, it } from 'vitest'
import type { RecipeScore } from '../../../../../src/contract/documents/crc'
import { withRecipeScore } from '../../../../../src/main/crc/sweep/score-recipes'
import { tinySweep } from '../../../../fixtures/tiny-sweep'

it('replaces the score of equal weights, and keeps a score of other weights with the same name', () => {
  const scored = (name: string, ranges: [number, number][]): RecipeScore => ({
    ...tinySweep().post,
    recipe: { name, ranges }
  })
  const stored = [scored('Mine', [[0, 0]]), scored('Renamed', [[1, 1]])]
  const fresh = scored('Mine', [[1, 1]])
  expect(withRecipeScore(stored, fresh)).toEqual([stored[0], fresh])
})
