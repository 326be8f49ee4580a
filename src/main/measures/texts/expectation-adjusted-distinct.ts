/**
 * Computes expectation-adjusted distinct (Liu et al. 2022, "Rethinking and Refining the Distinct Metric",
 * arXiv 2202.13587): different tokens divided by the number expected from C random tokens. With a vocabulary
 * of V tokens, this number is V (1 - (1 - 1/V)^C). Unlike distinct-n it does not fall merely because answers are longer or
 * more.
 *
 * @param answers the tokens of each answer.
 * @param vocabularySize V, the tokenizer's.
 * @returns null if there is no token
 */
export function expectationAdjustedDistinct(
  answers: readonly (readonly number[])[],
  vocabularySize: number
): number | null {
  const tokens = answers.flat()
  if (tokens.length === 0) return null
  // log1p and expm1 keep digits that a large vocabulary and few tokens would lose.
  const missed = tokens.length * Math.log1p(-1 / vocabularySize)
  const expected = vocabularySize === 1 ? 1 : -vocabularySize * Math.expm1(missed)
  return new Set(tokens).size / expected
}
