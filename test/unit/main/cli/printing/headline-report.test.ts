import { expect, it } from 'vitest'
import { checkCommandOf } from '../../../../../src/main/cli/printing/verdict-report'

it('names the check of the sweep, with its limit and number of ranges', () => {
  expect(checkCommandOf({ demo: 'stages' })).toBe('slr check --demo')
  expect(checkCommandOf({ out: 's.json', rho: 0.8 })).toBe('slr check --from s.json --rho 0.8')
  expect(checkCommandOf({ out: 's.json', best: 10 })).toBe('slr check --from s.json --best 10')
  expect(checkCommandOf({ project: 'p.slr', pair: 'two', rho: 0.8 })).toBe(
    'slr check --project p.slr --pair two --rho 0.8'
  )
})
