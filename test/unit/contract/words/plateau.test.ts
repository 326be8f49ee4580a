import { expect, it } from 'vitest'
import { plateauOf, plateauWords } from '../../../../src/contract/words/plateau'

const bootstrap = (wins: { start: number; end: number; share: number }[]) => ({
  bootstrap: {
    resamples: 1000,
    seed: 1,
    confidence: 0.95,
    wins,
    noSelectionShare: 0,
    post: { validity: [0, 1] as [number, number], diversity: [0, 1] as [number, number] },
    selected: null
  }
})

it('is the fewest ranges that together win nearly always, named by their edges', () => {
  const shares = [0.4, 0.3, 0.2, 0.06, 0.04]
  const selection = bootstrap(shares.map((share, index) => ({ start: 13 + index, end: 34, share })))
  expect(plateauOf(selection.bootstrap)).toHaveLength(4)
  expect(plateauWords(selection)).toBe('4 ranges, starts 13–16 with end 34: 96 % of resamples')
})

it('is one range where that always wins, and nothing where none ever does', () => {
  expect(plateauWords(bootstrap([{ start: 4, end: 11, share: 0.97 }]))).toBe(
    'layers 4–11 alone: 97 % of resamples'
  )
  expect(plateauWords(bootstrap([]))).toBeNull()
})
