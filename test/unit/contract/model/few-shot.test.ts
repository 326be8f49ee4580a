import { expect, test } from 'vitest'
import { fewShotText } from '../../../../src/contract/model/few-shot'

test('a few-shot prompt shows examples and the conversation in plain text, and ends where base answers', () => {
  const format = { preamble: 'Below are answers.', examples: [{ question: 'One?', answer: '1' }], stop: '\n' }
  const turns = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Two?' },
    { role: 'assistant', content: ' 2' },
    { role: 'user', content: 'Three?' }
  ] as const
  expect(fewShotText(format, turns)).toBe(
    'Below are answers.\n\nBe brief.\n\n' +
      'Question: One?\nAnswer: 1\n\nQuestion: Two?\nAnswer: 2\n\nQuestion: Three?\nAnswer:'
  )
})
