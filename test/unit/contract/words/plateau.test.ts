import { expect, it } from 'vitest'
import { plateauOf, plateauWords } from '../../../../src/contract/words/plateau'

const bootstrap = (wins: { start: number; end: number; share: number }[]) => ({ wins })

it('is the fewest ranges that together win nearly always, named by their edges', () => {
  const shares = [0.4, 0.3, 0.2, 0.06, 0.04]
  const sure = bootstrap(shares.map((share, index) => ({ start: 13 + index, end: 34, share })))
  expect(plateauOf(sure)).toHaveLength(4)
  expect(plateauWords(sure)).toBe('4 ranges (starts within 13–16, end 34), one of them selected in 96 % of resamples')
})

it('is one range where that always wins, and nothing where none ever does', () => {
  expect(plateauWords(bootstrap([{ start: 4, end: 11, share: 0.97 }]))).toBe(
    'layers 4–11, selected in 97 % of resamples'
  )
  expect(plateauWords(bootstrap([]))).toBeNull()
})
