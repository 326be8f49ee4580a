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

/** The work of them at its most, such as "48 answers of at most 256 tokens, 12,288 in all". */
export const mostTokens = (
  { promptCount, variantCount, sampleCount }: AnswersToMake,
  maxTokens: number
): string =>
  `at most ${plural(maxTokens, 'token')} each, ` +
  `${formatCount(promptCount * variantCount * sampleCount * maxTokens)} in all`
