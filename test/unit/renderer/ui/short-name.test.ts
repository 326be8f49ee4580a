import { expect, it } from 'vitest'
import { shortName } from '../../../../src/renderer/ui/short-name'

it('keeps the numbers that distinguish names', () => {
  expect(shortName('Layers 4–11')).toBe('Layers 4–11')
  expect(shortName('mix of logits, 0.001 from base')).toBe('mix of logits, 0.001…')
  expect(shortName('post at temperature 3, min-p 0.1')).toBe('post at tempe… 3, min-p 0.1')
})
