import type { AnswerFinish } from '../documents/samples'
import { formatCount } from './format'

/** Counts the answers that are shown without a text: `2 refused`, `1 failed`. */
export const uncountedWords = (finishes: readonly AnswerFinish[]): string[] =>
  (['refused', 'failed'] as const).flatMap((finish) => {
    const count = finishes.filter((other) => other === finish).length
    return count === 0 ? [] : [`${formatCount(count)} ${finish}`]
  })
