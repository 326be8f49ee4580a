import fc from 'fast-check'
import { expect, it } from 'vitest'
import { byDiversity, mostDiverse } from '../../../../src/contract/model/by-diversity'

const score = ([diversity, validity]: readonly [number, number]) => ({ diversity, validity })

it('puts the more valid of two first whose diversities are apart by rounding, whatever their order', () => {
  const scores = [
    [0.9963, 0.937],
    [0.9963 - 3e-7, 0.972],
    [0.98, 1]
  ] as const
  for (const given of [scores, scores.toReversed()]) {
    expect(mostDiverse(given, score)).toEqual([scores[1]])
    expect(byDiversity(given, score).flat()).toEqual([scores[1], scores[0], scores[2]])
  }
  expect(mostDiverse([], score)).toEqual([])
})

it('lists first what is the best, and all once', () => {
  const close = fc.integer({ min: 0, max: 30 }).map((steps) => 0.5 + steps * 3e-7)
  fc.assert(
    fc.property(fc.array(fc.tuple(close, close)), (scores) => {
      const [first = [], ...rest] = byDiversity(scores, score)
      expect(new Set(first)).toEqual(new Set(mostDiverse(scores, score)))
      expect([first, ...rest].flat()).toHaveLength(scores.length)
    })
  )
})
