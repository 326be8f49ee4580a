import { expect, it } from 'vitest'
import { estimateText } from '../../../../src/contract/words/lineage-words'

it('an estimate that rounds to zero keeps its first digit, and lies within its interval', () => {
  expect(estimateText({ difference: -0.0003, interval: [-0.0004, -0.0001] })).toBe(
    '−0.0003 (−0.0004 to −0.0001)'
  )
  expect(estimateText({ difference: 0, interval: [-0.2, 0.1] })).toBe('0.000 (−0.200 to +0.100)')
})
