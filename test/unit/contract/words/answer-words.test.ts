import { expect, it } from 'vitest'
import { mostTokens } from '../../../../src/contract/words/answer-words'

it('announces no more tokens than a context window has', () => {
  const answers = { promptCount: 2, variantCount: 1, sampleCount: 3 }
  expect(mostTokens(answers, 100, null)).toBe('at most 100 tokens each, 600 in all')
  expect(mostTokens(answers, 100, 512)).toBe('at most 100 tokens each, 600 in all')
  expect(mostTokens(answers, 100_000, 512)).toBe(
    "at most 512 tokens each, with the prompt: post's context window, 3,072 in all"
  )
})
