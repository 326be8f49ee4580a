import { expect, it } from 'vitest'
import { rangesFromText, rangesText, Recipe, sourcedRangesFromText } from '../../../../src/contract/model/recipe'

it('reads ranges and single layers as people type them, and nothing else', () => {
  expect(rangesFromText('3-7')).toEqual([[3, 7]])
  expect(rangesFromText(' 5 ')).toEqual([[5, 5]])
  expect(rangesFromText('3–7, 9')).toEqual([
    [3, 7],
    [9, 9]
  ])
  for (const text of ['', '-', '7-3', '3-', '-3', '3.5', '3-7,', '1e3', '600']) expect(rangesFromText(text)).toBeNull()
})

it('takes strengths from below post to above base, and no further', () => {
  const soft = (attention: number): unknown => ({ name: 'soft', layers: [{ attention, mlp: 0 }] })
  for (const strength of [-1, 0, 0.5, 1, 2]) expect(Recipe.safeParse(soft(strength)).success).toBe(true)
  for (const strength of [-1.01, 2.01, NaN, Infinity]) expect(Recipe.safeParse(soft(strength)).success).toBe(false)
})

it('takes components of a half, nothing of those that are not named, and one number where they agree', () => {
  const parsed = (attention: unknown): unknown => Recipe.parse({ name: 'parts', layers: [{ attention, mlp: 0.5 }] })
  expect(parsed({ q: 1, k: 0.5 })).toEqual({
    name: 'parts',
    layers: [{ attention: { norms: 0, q: 1, k: 0.5, v: 0, o: 0 }, mlp: 0.5 }]
  })
  expect(parsed({ norms: 1, q: 1, k: 1, v: 1, o: 1 })).toEqual(parsed(1))
  expect(() => parsed({ gate: 1 })).toThrow(/gate/)
  expect(() => parsed({ q: 3 })).toThrow()
})

it('reads whose layers they are behind an @, in names with any characters', () => {
  expect(sourcedRangesFromText('3-7, 9')).toEqual([{ ranges: [[3, 7], [9, 9]], source: null }]) // prettier-ignore
  expect(sourcedRangesFromText('3-7@sft,9,11-12@../a,b@c')).toEqual([
    { ranges: [[3, 7]], source: 'sft' },
    { ranges: [[9, 9]], source: null },
    { ranges: [[11, 12]], source: '../a,b@c' }
  ])
  expect(sourcedRangesFromText('4-6@a\nb')).toEqual([{ ranges: [[4, 6]], source: 'a\nb' }])
  for (const text of ['', '@sft', '3-7@', '7-3@sft', 'sft', '9,@sft', '3-7,5@sft'])
    expect(sourcedRangesFromText(text)).toBeNull()
})

it('joins ranges that follow each other, and refuses a layer that is named twice', () => {
  for (const text of ['3-5,6-7', '6-7,3-5', '3,4-7']) expect(rangesText(rangesFromText(text) ?? []), text).toBe('3-7')
  for (const text of ['3-5,4-7', '3-7,5', '5,5', '0-9,3-4,6-7']) expect(rangesFromText(text), text).toBeNull()
  expect(rangesText(rangesFromText('9,3-7') ?? [])).toBe('3-7,9')
})
