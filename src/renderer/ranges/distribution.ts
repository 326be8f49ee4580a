import type { PromptScore, RenderedPrompt, Score, SweepDocument } from '../../contract/documents/crc'

/** The three models whose character distributions are compared, in the order they are drawn. */
export interface Distribution {
  characters: readonly string[]
  /** Probability of each character. */
  base: readonly number[] | null
  post: readonly number[]
  hybrid: readonly number[]
  promptCount: number
}

/** What the distribution chart shows: one prompt, or the mean over a category's prompts. */
export type DistributionSubject = { kind: 'prompt'; index: number } | { kind: 'category'; category: string }

/**
 * Mean probability of each character over the prompts. A character counts 0 for a prompt that does not allow it, so
 * the bars sum to the mean validity.
 */
export function meanProbabilities(
  prompts: readonly RenderedPrompt[],
  scores: readonly PromptScore[],
  indices: readonly number[],
  characters: readonly string[]
): number[] {
  const place = new Map(characters.map((character, index) => [character, index]))
  const sums = new Array<number>(characters.length).fill(0)
  for (const index of indices) {
    prompts[index]?.valid.forEach((character, position) => {
      const target = place.get(character)
      if (target !== undefined) {
        sums[target] = (sums[target] ?? 0) + (scores[index]?.probabilities[position] ?? 0)
      }
    })
  }
  return sums.map((sum) => sum / Math.max(1, indices.length))
}

/** The bars of a subject, for base, post and the chosen range. */
export function distributionOf(
  sweep: SweepDocument,
  hybrid: Score,
  subject: DistributionSubject
): Distribution {
  const indices =
    subject.kind === 'prompt'
      ? [subject.index]
      : sweep.prompts.flatMap((prompt, index) => (prompt.category === subject.category ? [index] : []))
  const characters = [...new Set(indices.flatMap((index) => sweep.prompts[index]?.valid ?? []))]
  const mean = (score: Score): number[] =>
    meanProbabilities(sweep.prompts, score.prompts, indices, characters)
  return {
    characters,
    base: sweep.base === null ? null : mean(sweep.base),
    post: mean(sweep.post),
    hybrid: mean(hybrid),
    promptCount: indices.length
  }
}
