/**
 * Computes expectation-adjusted distinct (Liu et al. 2022, arXiv 2202.13587): the number of different tokens divided by
 * the number expected of C random tokens, V (1 - (1 - 1/V)^C).
 * @param answers the tokens of each answer, C in all
 * @param vocabularySize V
 * @returns null without tokens
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
