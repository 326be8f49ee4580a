import { expect, test } from 'vitest'
import { fewShotAnswer, fewShotText } from '../../../../src/contract/model/few-shot'

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

test('an answer loses the one space after a few-shot prompt, and no space after other text', () => {
  const prompt = fewShotText({ preamble: '', examples: [], stop: '\n' }, [{ role: 'user', content: 'Two?' }])
  expect(fewShotAnswer(prompt, ' 2 ')).toBe('2 ')
  expect(fewShotAnswer(prompt, '  2')).toBe(' 2')
  expect(fewShotAnswer('Two and', ' two')).toBe(' two')
})
