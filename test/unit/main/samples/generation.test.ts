import { expect, test } from 'vitest'
import { refuseTooManyAnswers } from '../../../../src/main/samples/generation'

test('a run of more answers than can be held is refused before anything of it is made', () => {
  expect(() => refuseTooManyAnswers(500, 20, 100)).not.toThrow()
  expect(() => refuseTooManyAnswers(500, 20, 101)).toThrow('500 prompts by 20 variants are 1,010,000 answers')
  expect(() => refuseTooManyAnswers(1, 20, 100_000)).toThrow('at most 1,000,000')
})
