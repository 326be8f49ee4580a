import type { PromptScore, RenderedPrompt } from '../../../contract/documents/crc'
import type { ShownSweep } from '../../../contract/documents/shown-sweep'
import type { ScoredRole } from '../../recipes/scored-models'
import { toCsv } from '../../ui/csv'

/**
 * Distributions over right answers of base, post and another model, in drawing order. The right answers of a character
 * task are its characters.
 */
export interface Distribution {
  answers: readonly string[]
  /** Probability of each answer, here and below. */
  base: readonly number[] | null
  post: readonly number[]
  /** Null for base and post alone. */
  hybrid: readonly number[] | null
  promptCount: number
}

/** The subject of the chart: one prompt, or the mean over a category's prompts. */
export type DistributionSubject = { kind: 'prompt'; index: number } | { kind: 'category'; category: string }

/**
 * Returns the mean probability of each answer over the prompts. An answer counts 0 for a prompt that does not allow
 * it, so the bars sum to the mean validity.
 */
export function meanProbabilities(
  prompts: readonly RenderedPrompt[],
  scores: readonly PromptScore[],
  indices: readonly number[],
  answers: readonly string[]
): number[] {
  const indexByAnswer = new Map(answers.map((answer, index) => [answer, index]))
  const sums = new Array<number>(answers.length).fill(0)
  for (const index of indices) {
    prompts[index]?.valid.forEach((answer, position) => {
      const target = indexByAnswer.get(answer)
      if (target !== undefined) {
        sums[target] = (sums[target] ?? 0) + (scores[index]?.probabilities[position] ?? 0)
      }
    })
  }
  return sums.map((sum) => sum / Math.max(1, indices.length))
}

/**
 * Returns the bars of a subject for base, post and a model.
 *
 * @param hybrid scores per prompt of the model
 */
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
  const mean = (scores: readonly PromptScore[]): number[] => meanProbabilities(sweep.prompts, scores, indices, answers)
  return {
    answers,
    base: sweep.base === null ? null : mean(sweep.base.prompts),
    post: mean(sweep.post.prompts),
    hybrid: mean(hybrid),
    promptCount: indices.length
  }
}

/**
 * Writes the bars of a distribution chart as CSV, one right answer per row.
 *
 * @param answer name of the answers' column
 * @param role role of the model beside base and post
 */
export function distributionCsv(
  { answers, base, post, hybrid }: Distribution,
  answer: string,
  role: ScoredRole
): string {
  return toCsv(
    [answer, 'base', 'post', role],
    answers.map((name, index) => [name, base?.[index] ?? null, post[index] ?? null, hybrid?.[index] ?? null])
  )
}
