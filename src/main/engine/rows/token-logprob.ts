import { elementAt } from '../../../contract/model/look-up'
import type { TokenLogprob } from '../../../contract/procedures/served-models'
import { largestValues } from './largest'

/** Computes the log-probability and rank of a token, and the `topCount` likeliest tokens, from logits [vocabulary]. */
export function tokenLogprob(logits: Float32Array, token: number, topCount: number): TokenLogprob {
  const tokenLogit = elementAt(logits, token, 'token')
  let rank = 0
  let largest = -Infinity
  for (const logit of logits) {
    if (logit >= tokenLogit) rank++
    if (logit > largest) largest = logit
  }
  let sum = 0
  for (const logit of logits) sum += Math.exp(logit - largest)
  const logSum = largest + Math.log(sum)
  const top = largestValues(logits, topCount).map(({ index, value }) => ({ token: index, logprob: value - logSum }))
  return { token, logprob: tokenLogit - logSum, rank, top }
}
