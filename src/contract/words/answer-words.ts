import type { ComparedAnswers } from '../documents/samples'
import { formatCount, plural } from './format'

/** What a run of answers will be, in numbers. */
export interface AnswersToMake {
  promptCount: number
  variantCount: number
  /** Of each variant to each prompt. */
  sampleCount: number
}

/** Such as "2 prompts × 3 variants × 8 = 48 answers". */
export const answersToMake = ({ promptCount, variantCount, sampleCount }: AnswersToMake): string =>
  `${plural(promptCount, 'prompt')} × ${plural(variantCount, 'variant')} × ${formatCount(sampleCount)} = ` +
  plural(promptCount * variantCount * sampleCount, 'answer')

/**
 * The work of them at its most, such as "at most 256 tokens each, 12,288 in all".
 *
 * @param contextLength where a model stops whatever it was allowed; null where none is stated, or others than the pair answer too
 */
export const mostTokens = (
  { promptCount, variantCount, sampleCount }: AnswersToMake,
  maxTokens: number,
  contextLength: number | null
): string => {
  const most = Math.min(maxTokens, contextLength ?? maxTokens)
  return (
    `at most ${plural(most, 'token')} each${most < maxTokens ? ", with the prompt: post's context window" : ''}, ` +
    `${formatCount(promptCount * variantCount * sampleCount * most)} in all`
  )
}

/** Why the measures of a stopped run are no better than they are; null of a complete one. @param answers that are stored @param total asked for */
export function stoppedRunWords(
  answers: number,
  total: number,
  promptCount: number,
  { prompts, fewest, most }: ComparedAnswers
): string | null {
  if (answers >= total) return null
  const stopped = `Stopped at ${formatCount(answers)} of ${plural(total, 'answer')}`
  if (prompts === 0) return `${stopped}: no prompt has answers of all variants, so they cannot be compared.`
  const each =
    fewest === most ? plural(most, 'answer') : `${formatCount(fewest)} to ${plural(most, 'answer')}`
  const over =
    prompts === promptCount
      ? plural(prompts, 'prompt')
      : `${formatCount(prompts)} of ${plural(promptCount, 'prompt')}`
  return `${stopped}: variants are compared over ${over}, on as many answers of each as all have, ${each} per prompt.`
}
