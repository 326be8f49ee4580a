import { expect, it } from 'vitest'
import { tokenLogprob } from '../../../../../src/main/engine/rows/token-logprob'

it('gives the log-probability of a token, its rank and the likeliest tokens', () => {
  const logits = Float32Array.from([Math.log(0.1), Math.log(0.4), Math.log(0.2), Math.log(0.3)])
  const { logprob, rank, top } = tokenLogprob(logits, 2, 2)
  expect(logprob).toBeCloseTo(Math.log(0.2), 6)
  expect(rank).toBe(3)
  expect(top.map(({ token }) => token)).toEqual([1, 3])
  expect(top.map((each) => Math.exp(each.logprob))).toEqual([expect.closeTo(0.4, 6), expect.closeTo(0.3, 6)])
  expect(tokenLogprob(logits, 1, 0)).toMatchObject({ rank: 1, top: [] })
})
