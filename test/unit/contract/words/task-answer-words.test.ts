import { expect, it } from 'vitest'
import type { Task } from '../../../../src/contract/documents/task'
import { taskAnswerWords } from '../../../../src/contract/words/task-answer-words'

const task = (kind: Task['kind'], ...answers: Task['prompts'][number]['answers'][]) => ({
  kind,
  prompts: answers.map((listed) => ({ text: 'x', category: '', raw: false, answers: listed }))
})
const listOf = (count: number): string[] => Array.from({ length: count }, (_, place) => `a${place}`)

it('explains the listed answers of a task for its kind', () => {
  const lists = [listOf(7), listOf(6), listOf(5)]
  expect(taskAnswerWords(task('reasoning', ...lists))).toBe('3 prompts, each with 1 right answer in 7, 6 and 5 forms')
  expect(taskAnswerWords(task('open-ended', ...lists))).toBe('3 prompts, each with 7, 6 and 5 right answers')
  expect(taskAnswerWords(task('creative', undefined, undefined))).toBe('2 prompts without right answers')
  expect(taskAnswerWords(task('reasoning', ['5'], ['6']))).toBe('2 prompts, each with 1 right answer')
  expect(taskAnswerWords(task('reasoning', [['5', 'five']]))).toBe('1 prompt, with 1 right answer in 2 forms')
  expect(taskAnswerWords(task('open-ended', ['a'], undefined))).toBe('2 prompts, 1 of them with 1 right answer')
  const many = Array.from({ length: 12 }, (_, place) => listOf(2 + (place % 4)))
  expect(taskAnswerWords(task('open-ended', ...many))).toBe('12 prompts, each with 2 to 5 right answers')
})
