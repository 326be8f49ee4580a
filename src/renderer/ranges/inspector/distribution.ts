import type { PromptScore, RenderedPrompt } from '../../../contract/documents/crc'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import type { ScoredRole } from '../../recipes/scored-models'
import { toCsv } from '../../ui/csv'

/** The three models whose distributions over right answers (a character task's are its characters) are compared, in the order they are drawn. */
export interface Distribution {
  answers: readonly string[]
  /** Probability of each answer. */
  base: readonly number[] | null
  post: readonly number[]
  hybrid: readonly number[]
  promptCount: number
}

/** What the distribution chart shows: one prompt, or the mean over a category's prompts. */
export type DistributionSubject = { kind: 'prompt'; index: number } | { kind: 'category'; category: string }

/**
 * Mean probability of each answer over the prompts. An answer counts 0 for a prompt that does not allow it, so
 * the bars sum to the mean validity.
 */
export function meanProbabilities(
  prompts: readonly RenderedPrompt[],
  scores: readonly PromptScore[],
  indices: readonly number[],
  answers: readonly string[]
): number[] {
  const place = new Map(answers.map((answer, index) => [answer, index]))
  const sums = new Array<number>(answers.length).fill(0)
  for (const index of indices) {
    prompts[index]?.valid.forEach((answer, position) => {
      const target = place.get(answer)
      if (target !== undefined) {
        sums[target] = (sums[target] ?? 0) + (scores[index]?.probabilities[position] ?? 0)
      }
    })
  }
  return sums.map((sum) => sum / Math.max(1, indices.length))
}

/** The bars of a subject, for base, post and a model. @param hybrid what the model has of each prompt */
export function distributionOf(
  sweep: ShownSweep,
  hybrid: readonly PromptScore[],
  subject: DistributionSubject
): Distribution {
  const indices =
    subject.kind === 'prompt'
      ? [subject.index]
      : sweep.prompts.flatMap((prompt, index) => (prompt.category === subject.category ? [index] : []))
  const answers = [...new Set(indices.flatMap((index) => sweep.prompts[index]?.valid ?? []))]
  const mean = (scores: readonly PromptScore[]): number[] =>
    meanProbabilities(sweep.prompts, scores, indices, answers)
  return {
    answers,
    base: sweep.base === null ? null : mean(sweep.base.prompts),
    post: mean(sweep.post.prompts),
    hybrid: mean(hybrid),
    promptCount: indices.length
  }
}

/**
 * The bars of a distribution chart, one right answer per row.
 *
 * @param answer what one is called
 * @param role what the model beside base and post is
 */
export function distributionCsv(
  { answers, base, post, hybrid }: Distribution,
  answer: string,
  role: ScoredRole
): string {
  return toCsv(
    [answer, 'base', 'post', role],
    answers.map((name, index) => [name, base?.[index] ?? null, post[index] ?? null, hybrid[index] ?? null])
  )
}
