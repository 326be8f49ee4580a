import { expect, it } from 'vitest'
import { effectRows, rowDomain, shownRanges } from '../../../../../src/renderer/ranges/layer-axis/layer-axis'
import { boardOfSweep } from '../../../../../src/renderer/ranges/board/build-board'
import { tinySweep } from '../../../../fixtures/tiny-sweep'
import { selectionOf } from '../../../../fixtures/verdict-evidence'

it('computes the worth of a layer from the sweep: by itself, and left out of ranges that begin or end with it', () => {
  // Diversity: post 0.4; layer 0 alone 0.5, layer 1 alone 0.8, both 0.9.
  const rows = effectRows(boardOfSweep(tinySweep()))
  expect(rows.map(({ label }) => label)).toEqual([
    'diversity, restored alone',
    'diversity, left out',
    'validity, restored alone',
    'validity, left out'
  ])
  const [alone, left] = rows
  expect(alone?.values.map((value) => value?.toFixed(6))).toEqual(['0.100000', '0.400000'])
  expect(left?.values.map((value) => value?.toFixed(6))).toEqual(['-0.100000', '-0.400000'])
  expect(alone?.format(0.1)).toBe('+0.100')
})

it('scales each row by its own largest value, and shows the selected range before the others that win', () => {
  expect(rowDomain({ values: [0.1, null, -0.3], centred: true })).toEqual([-0.3, 0.3])
  expect(rowDomain({ values: [null, 0], centred: false })).toEqual([0, 1])
  const selection = selectionOf(
    { start: 4, end: 11 },
    Array.from({ length: 9 }, (_, start) => [start, 11, 0.1])
  )
  expect(shownRanges(selection, selection.bootstrap).map(({ start }) => start)).toEqual([4, 0, 1, 2, 3, 5])
  expect(shownRanges(selection, null)).toEqual([{ start: 4, end: 11, share: null }])
})
