import { expect, it } from 'vitest'
import { marksWords } from '../../../../../src/renderer/ranges/board/mark-looks'

it('explains hatching and crosses where the corner of a heatmap has no room for its legend', () => {
  const marked = { validity: 'validity', minimum: 0.8919, fine: false, failed: true }
  expect(marksWords(marked)).toBe('Hatched: validity < 0.892. Crossed out: fails check.')
  expect(marksWords({ ...marked, fine: true, failed: false })).toBe('Thin outline: validity ≥ 0.892.')
  expect(marksWords({ ...marked, minimum: null, failed: false })).toBe('')
})
