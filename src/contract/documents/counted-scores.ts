import { elementAt } from '../model/look-up'
import type { CategoryScore } from './crc'

/**
 * A prompt with the only measure that it counts for. A sweep may regain one task and keep another: prompts of the first
 * count for diversity, those of the second for validity. Without a measure, a prompt counts for both.
 */
export interface CountedPrompt {
  readonly category: string
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
