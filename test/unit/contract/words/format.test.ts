import { expect, it } from 'vitest'
import { listNames } from '../../../../src/contract/words/format'

it('names a few, and counts the rest', () => {
  expect(listNames(['a', 'b'], 4)).toBe('a, b')
  expect(listNames(['a', 'b', 'c', 'd', 'e', 'f'], 4)).toBe('a, b, c, d and 2 more')
})
