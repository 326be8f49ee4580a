import { elementAt } from '../model/look-up'
import type { CategoryScore } from './crc'

/**
 * A prompt whose score is averaged. A sweep by two tasks regains the diversity of one task and keeps the validity of
 * the other. Prompts of the first task then count for diversity only, and prompts of the second for validity only.
 */
export interface CountedPrompt {
  readonly category: string
  /** The only measure that the prompt counts for; both if omitted. */
  readonly measure?: keyof CategoryScore | undefined
}

/**
 * Weights scores so that the mean over all categories is, for each measure, the mean over the categories that count for
 * it. Scores of sweeps by one task stay as they are.
 */
export function countedScores<Scored extends CategoryScore>(
  prompts: readonly CountedPrompt[],
  scores: readonly Scored[]
): readonly Scored[] {
  if (prompts.every(({ measure }) => measure === undefined)) return scores
  const categoriesOf = (counting: readonly CountedPrompt[]): number =>
    new Set(counting.map(({ category }) => category)).size
  const weightOf = (measure: keyof CategoryScore): number =>
    categoriesOf(prompts) / categoriesOf(prompts.filter((prompt) => prompt.measure === measure))
  const weights = { validity: weightOf('validity'), diversity: weightOf('diversity') }
  return scores.map((score, index) => {
    const onlyMeasure = elementAt(prompts, index, 'prompt').measure
    const counted = (measure: keyof CategoryScore): number =>
      onlyMeasure === measure ? weights[measure] * score[measure] : 0
    return { ...score, validity: counted('validity'), diversity: counted('diversity') }
  })
}
