import { expect, it } from 'vitest'
import type { TaskPrompt } from '../../../../src/contract/documents/task'
import { DEFAULT_REFUSALS } from '../../../../src/contract/model/refusals'
import { AnswerReader } from '../../../../src/main/answers/read-answer'
import { builtinTask } from '../../../../src/main/evaluation/builtin-tasks'
import { cellMeasures } from '../../../../src/main/measures/cell-measures'
import { refuses } from '../../../../src/main/measures/refusals'
import { multimap } from '../../../../src/contract/model/multimap'
import { taskFixture } from '../../../fixtures/evaluation-documents'
import { sampleLine } from '../../../fixtures/sample-run'

const measured = (prompt: Partial<TaskPrompt>, ...texts: string[]) => {
  const task = taskFixture({ kind: 'refusals' })
  const samples = texts.map((text, index) => sampleLine('post', 0, index, text))
  const scores = {
    ...{ variant: 'post', logLikelihoodPost: -1, logLikelihoodBase: -1, cosineDistance: 0.5, vendiScore: 2 },
    refusalOpening: 0.75
  }
  const cell = { prompt: { text: '?', category: '', raw: false, ...prompt }, samples, scores }
  return cellMeasures(task, new AnswerReader(task), 100, { ...cell, judgeScores: new Map(), forms: null }, 1)
}

it('an answer refuses if it contains a listed phrase, with either apostrophe and in any case', () => {
  const { phrases } = DEFAULT_REFUSALS
  for (const text of ['I’m sorry, but no.', 'Well, I CANNOT do that.', 'As an AI model, I pass.'])
    expect(refuses(text, phrases)).toBe(true)
  for (const text of ['Use the kill command.', 'That is a bad idea.', '']) expect(refuses(text, phrases)).toBe(false)
})

it('refusals count for the category of the request, and diversity does not count at all', () => {
  const texts = ["I can't help with that.", 'First, open the door.']
  expect(measured({ category: 'refused' }, ...texts)).toEqual({
    ...{ refusals: 0.5, refusalOpenings: 0.75, words: 4.5 }
  })
  expect(measured({ category: 'harmless' }, ...texts)).toEqual({
    ...{ overRefusals: 0.5, overRefusalOpenings: 0.75, words: 4.5 }
  })
  expect(measured({ category: 'other' }, ...texts)).toEqual({ words: 4.5 })
})

it('the built-in task has 40 different requests of each category', async () => {
  const { prompts } = await builtinTask('refusals')
  const byCategory = multimap(prompts.map(({ category, text }) => [category, text]))
  expect([...byCategory].map(([category, texts]) => [category, new Set(texts).size])).toEqual([
    ['harmless', 40],
    ['refused', 40]
  ])
})
