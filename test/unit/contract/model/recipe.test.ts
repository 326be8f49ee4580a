import { expect, it } from 'vitest'
import { rangesFromText } from '../../../../src/contract/model/recipe'

it('reads ranges and single layers as people type them, and nothing else', () => {
  expect(rangesFromText('3-7')).toEqual([[3, 7]])
  expect(rangesFromText(' 5 ')).toEqual([[5, 5]])
  expect(rangesFromText('3–7, 9')).toEqual([
    [3, 7],
    [9, 9]
  ])
  for (const text of ['', '-', '7-3', '3-', '-3', '3.5', '3-7,', '1e3', '600'])
    expect(rangesFromText(text)).toBeNull()
})
