import type { ComparedAnswers } from '../documents/samples'
import { formatCount, plural } from './format'

interface AnswersToMake {
  promptCount: number
  variantCount: number
  sampleCount: number
}

/** Describes the number of answers: "2 prompts × 3 variants × 8 = 48 answers". */
export const answersToMake = ({ promptCount, variantCount, sampleCount }: AnswersToMake): string =>
  `${plural(promptCount, 'prompt')} × ${plural(variantCount, 'variant')} × ${formatCount(sampleCount)} = ` +
  plural(promptCount * variantCount * sampleCount, 'answer')

/** Describes the maximum work: "at most 256 tokens each, 12,288 in all". */
export const mostTokens = (
  { promptCount, variantCount, sampleCount }: AnswersToMake,
  maxTokens: number,
  contextLength: number | null
): string => {
  const limit = Math.min(maxTokens, contextLength ?? maxTokens)
  return (
    `at most ${plural(limit, 'token')} each${limit < maxTokens ? ", with the prompt: post's context window" : ''}, ` +
    `${formatCount(promptCount * variantCount * sampleCount * limit)} in all`
  )
}

/** Explains the measures of an incomplete run; null for a complete one. @param writing true if answers may follow */
export function stoppedRunWords(
  answers: number,
  total: number,
  promptCount: number,
  { prompts, fewest, most }: ComparedAnswers,
  writing = false
): string | null {
  if (answers >= total) return null
  const count = `${formatCount(answers)} of ${plural(total, 'answer')}`
  const stopped = writing ? `${count} so far` : `Stopped at ${count}`
  if (prompts === 0) return `${stopped}: no prompt has answers of all variants, so they cannot be compared.`
  const each = answersEach({ fewest, most })
  const over =
    prompts === promptCount ? plural(prompts, 'prompt') : `${formatCount(prompts)} of ${plural(promptCount, 'prompt')}`
  return `${stopped}: variants are compared over ${over}, on as many answers of each as all have, ${each} per prompt.`
}

/** Counts the answers to each prompt that are compared. */
export const answersEach = ({ fewest, most }: Pick<ComparedAnswers, 'fewest' | 'most'>): string =>
  fewest === most ? plural(most, 'answer') : `${formatCount(fewest)} to ${plural(most, 'answer')}`
