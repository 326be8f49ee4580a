import type { Sampling } from '../../contract/engine'

/**
 * Draws the next token as the field's libraries do: repetition penalty, temperature, top-k, top-p, min-p, in that
 * order, then one draw from what is left.
 *
 * @param logits [vocabulary]; not changed
 * @param earlier tokens the repetition penalty counts: prompt and answer so far
 * @param uniform a number from 0 (included) to 1 (excluded)
 */
export function sampleToken(
  logits: Float32Array,
  sampling: Sampling,
  earlier: readonly number[],
  uniform: number
): number {
  const scores = penalised(logits, sampling.repetitionPenalty, earlier)
  if (sampling.temperature === 0) return indexOfMaximum(scores)
  return draw(candidates(scores, sampling), uniform)
}

/**
 * The distribution that {@link sampleToken} draws from: the probability of every token that can come, summing to 1.
 *
 * @param logits [vocabulary]; not changed
 * @param earlier tokens the repetition penalty counts
 */
export function tokenProbabilities(
  logits: Float32Array,
  sampling: Sampling,
  earlier: readonly number[]
): ReadonlyMap<number, number> {
  const scores = penalised(logits, sampling.repetitionPenalty, earlier)
  if (sampling.temperature === 0) return new Map([[indexOfMaximum(scores), 1]])
  const kept = candidates(scores, sampling)
  const total = kept.reduce((sum, { weight }) => sum + weight, 0)
  return new Map(kept.map(({ token, weight }) => [token, weight / total]))
}

interface Candidate {
  readonly token: number
  /** Proportional to its probability; the likeliest token has 1. */
  readonly weight: number
}

/**
 * Repetition penalty (Keskar et al. 2019, arXiv 1909.05858): logits of earlier tokens are divided by the penalty when
 * positive and multiplied by it when negative.
 */
function penalised(logits: Float32Array, penalty: number, earlier: readonly number[]): Float32Array {
  if (penalty === 1) return logits
  const scores = Float32Array.from(logits)
  for (const token of new Set(earlier)) {
    const score = scores[token] ?? 0
    scores[token] = score > 0 ? score / penalty : score * penalty
  }
  return scores
}

/** Tokens that survive the filters, in the order of their ids. */
export function candidates(scores: Float32Array, sampling: Omit<Sampling, 'repetitionPenalty'>): Candidate[] {
  const { temperature, topK, topP, minP } = sampling
  const maximum = scores[indexOfMaximum(scores)] ?? 0
  const weightOf = (score: number): number => Math.exp((score - maximum) / temperature)
  const kept: Candidate[] = []
  // min-p (Nguyen et al. 2024, arXiv 2407.01082) keeps tokens at least minP times as likely as the likeliest, which top-k
  // and top-p never remove; so without top-p it can cut first, and spares most of the exponentials.
  const cutFirst = topP === 1 && minP > 0
  const lowestScore = Math.max(
    cutFirst ? maximum + temperature * Math.log(minP) : -Infinity,
    topK === null ? -Infinity : kthLargest(scores, topK)
  )
  for (let token = 0; token < scores.length; token++) {
    const score = scores[token] ?? -Infinity
    if (score >= lowestScore) kept.push({ token, weight: weightOf(score) })
  }
  const nucleus = topP === 1 ? kept : smallestNucleus(kept, topP)
  return cutFirst || minP === 0 ? nucleus : nucleus.filter(({ weight }) => weight >= minP)
}

/** top-p (Holtzman et al. 2019, arXiv 1904.09751): the fewest likeliest tokens that together have at least topP. */
function smallestNucleus(kept: readonly Candidate[], topP: number): Candidate[] {
  const total = kept.reduce((sum, { weight }) => sum + weight, 0)
  // Tokens this unlikely together hold less than 1 - topP, so they are beyond the nucleus: sorting them is spared.
  const negligible = ((1 - topP) * total) / kept.length
  const likeliest = kept.filter(({ weight }) => weight >= negligible)
  likeliest.sort((a, b) => b.weight - a.weight || a.token - b.token)
  let sum = 0
  let count = 0
  while (count < likeliest.length && (count === 0 || sum < topP * total))
    sum += likeliest[count++]?.weight ?? 0
  return likeliest.slice(0, count).sort((a, b) => a.token - b.token)
}

/** The k-th largest score; tokens that tie with it survive as well, as in the field's libraries. */
function kthLargest(scores: Float32Array, k: number): number {
  if (k >= scores.length) return -Infinity
  return Float32Array.from(scores).sort()[scores.length - k] ?? -Infinity
}

function draw(kept: readonly Candidate[], uniform: number): number {
  const total = kept.reduce((sum, { weight }) => sum + weight, 0)
  let left = uniform * total
  for (const { token, weight } of kept) {
    left -= weight
    if (left < 0) return token
  }
  // Rounding may leave a crumb: the last token takes it.
  return kept[kept.length - 1]?.token ?? 0
}

function indexOfMaximum(scores: Float32Array): number {
  let best = 0
  for (let i = 1; i < scores.length; i++) if ((scores[i] ?? 0) > (scores[best] ?? 0)) best = i
  return best
}
