import { expect, it } from 'vitest'
import { rangesFromText, Recipe } from '../../../../src/contract/model/recipe'

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

it('takes strengths from below post to above base, and no further', () => {
  const soft = (attention: number): unknown => ({ name: 'soft', layers: [{ attention, mlp: 0 }] })
  for (const strength of [-1, 0, 0.5, 1, 2]) expect(Recipe.safeParse(soft(strength)).success).toBe(true)
  for (const strength of [-1.01, 2.01, NaN, Infinity])
    expect(Recipe.safeParse(soft(strength)).success).toBe(false)
})
