import type { MixedBaseline } from '../../../contract/model/sampling-baseline'

/** Combines the logits of post and base, [vocabulary] each, as a baseline does. @param into receives the result */
export function mixedLogits(baseline: MixedBaseline, post: Float32Array, base: Float32Array, into: Float32Array): void {
  if (baseline.kind === 'mix') mix(post, base, baseline.share, into)
  else filter(post, base, baseline.share, into)
}

/* Indices below are not checked. These loops go over the whole vocabulary for every row, and the arrays are as long. */

/** Mixes logits: (1 - share) x post + share x base, as DeRa does (Liu et al. 2024, arXiv 2402.02992). */
function mix(post: Float32Array, base: Float32Array, share: number, into: Float32Array): void {
  for (let token = 0; token < into.length; token++) {
    into[token] = (1 - share) * (post[token] ?? 0) + share * (base[token] ?? 0)
  }
}

/** Keeps base's logits of tokens to which post gives at least `share` of its greatest probability, else -Infinity. */
function filter(post: Float32Array, base: Float32Array, share: number, into: Float32Array): void {
  let greatest = -Infinity
  for (let token = 0; token < into.length; token++) greatest = Math.max(greatest, post[token] ?? 0)
  const lowest = greatest + Math.log(share)
  for (let token = 0; token < into.length; token++) {
    into[token] = (post[token] ?? 0) >= lowest ? (base[token] ?? 0) : -Infinity
  }
}
