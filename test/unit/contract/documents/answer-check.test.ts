import { expect, it } from 'vitest'
import { AnswerCheck } from '../../../../src/contract/documents/answer-check'
import { tinyCheck } from '../../../fixtures/tiny-sweep'

it.each(['validity', 'diversity'] as const)('a check with a %s above 1 is no check', (score) => {
  const check = tinyCheck([])
  expect(AnswerCheck.safeParse(check).success).toBe(true)
  const edited = { ...check, post: { ...check.post, answers: { ...check.post.answers, [score]: 5 } } }
  expect(AnswerCheck.safeParse(edited).error?.issues.map(({ path }) => path.join('.'))).toEqual([
    `post.answers.${score}`
  ])
})
