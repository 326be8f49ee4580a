import { expect, test } from 'vitest'
import { wrappedProse } from '../../../../../src/main/cli/printing/output'

const PROSE = 'Restore layers 5-11: diversity up from 0.458 to 0.899.'

test('prose is wrapped between words, and unchanged in a pipe', () => {
  expect(wrappedProse(PROSE, 20)).toBe('Restore layers 5-11:\ndiversity up from\n0.458 to 0.899.')
  expect(wrappedProse(PROSE, null)).toBe(PROSE)
})

test('what sets a weight takes no room', () => {
  expect(wrappedProse('\u001b[1mtwo words\u001b[22m', 9)).toBe('\u001b[1mtwo words\u001b[22m')
})

test('wide characters take two columns', () => {
  expect(wrappedProse('通义千问 模型', 9)).toBe('通义千问\n模型')
})

test('a name keeps its decomposed characters', () => {
  const line = `/models/cafe\u0301/base holds no config.json`
  expect(wrappedProse(line, 20)).toBe(line)
})

test.each([
  'layers  validity  diversity',
  '    vllm serve /models/restored --port 8000',
  'Next: slr check --demo --best 10',
  '/models/of/someone/with/a/long/path'
])('%j stays one line', (line) => {
  expect(wrappedProse(line, 20)).toBe(line)
})
