import { expect, test } from 'vitest'
import { FEW_SHOT_DEFAULTS, fewShotAnswer, fewShotText, readFewShotText } from '../../../../src/contract/model/few-shot'

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

test('the text of a few-shot prompt is read as it is shown, and a half example is refused', () => {
  for (const format of Object.values(FEW_SHOT_DEFAULTS)) {
    expect(readFewShotText(fewShotText(format, []).trimEnd(), format.stop)).toEqual(format)
  }
  for (const none of ['Be brief.', ''])
    expect(() => readFewShotText(none, '\n')).toThrow('no example: expected a line "Question: …"')
  for (const half of ['Question: One?', 'Question: One?\nAnswer:', 'Question:\nAnswer: 1'])
    expect(() => readFewShotText(`Question: Two?\nAnswer: 2\n${half}`, '\n')).toThrow('example 2: expected a line')
})
