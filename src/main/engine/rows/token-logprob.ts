import { elementAt } from '../../../contract/model/look-up'
import type { TokenLogprob } from '../../../contract/procedures/served-models'

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
  const top = likeliest(logits, topCount).map(({ id, logit }) => ({ token: id, logprob: logit - logSum }))
  return { token, logprob: tokenLogit - logSum, rank, top }
}

/** Returns the tokens of the largest logits, the largest first. Equal ones keep the order of their ids. */
function likeliest(logits: Float32Array, count: number): { id: number; logit: number }[] {
  const best: { id: number; logit: number }[] = []
  let lowest = -Infinity
  logits.forEach((logit, id) => {
    if (best.length >= count && logit <= lowest) return
    const index = best.findIndex((other) => other.logit < logit)
    best.splice(index === -1 ? best.length : index, 0, { id, logit })
    best.splice(count)
    lowest = best.at(-1)?.logit ?? Infinity
  })
  return best
}
