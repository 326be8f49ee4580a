import { elementAt } from '../model/look-up'
import type { CategoryScore } from './crc'

/** A prompt with the measure that it decides: all measures unless one task is kept and another one regained. */
export interface DecidingPrompt {
  readonly category: string
  readonly measure?: keyof CategoryScore | undefined
}

/**
 * Weights scores so that the mean over all categories is, for each measure, the mean over the categories that decide
 * the measure. Scores of sweeps by one task stay as they are.
 */
export function countedScores<Scored extends CategoryScore>(
  prompts: readonly DecidingPrompt[],
  scores: readonly Scored[]
): readonly Scored[] {
  if (prompts.every(({ measure }) => measure === undefined)) return scores
  const categoriesOf = (deciding: readonly DecidingPrompt[]): number =>
    new Set(deciding.map(({ category }) => category)).size
  const weightOf = (measure: keyof CategoryScore): number =>
    categoriesOf(prompts) / categoriesOf(prompts.filter((prompt) => prompt.measure === measure))
  const weights = { validity: weightOf('validity'), diversity: weightOf('diversity') }
  return scores.map((score, index) => {
    const decided = elementAt(prompts, index, 'prompt').measure
    const counted = (measure: keyof CategoryScore): number =>
      decided === measure ? weights[measure] * score[measure] : 0
    return { ...score, validity: counted('validity'), diversity: counted('diversity') }
  })
}
