import { expect, it } from 'vitest'
import { mainMeasures } from '../../../../src/contract/documents/evaluation'
import { REFUSAL_CATEGORIES } from '../../../../src/contract/model/refusals'
import { runningSentence, stoppedAt } from '../../../../src/contract/words/evaluation-words'
import { evaluationResults } from '../../../../src/main/measures/results'
import { evaluationRun, taskFixture } from '../../../fixtures/evaluation-documents'
import { sampleLine } from '../../../fixtures/sample-documents'

const lines = (variant: string, texts: readonly string[]) =>
  texts.map((text, index) => sampleLine({ variant, prompt: 0, index, text }))

const stored = {
  run: evaluationRun(),
  samples: [
    ...lines('base', ['the red fox', 'the red fox', 'a far sea', 'old stone']),
    ...lines('post', ['the red fox', 'a night song'])
  ],
  scores: [],
  judgeScores: [],
  pairs: [],
  forms: []
}

it('measures a stopped evaluation on equally many answers per prompt, and counts the stored answers', () => {
  const { variants } = evaluationResults(stored, { characters: null, task: null })
  expect(
    variants.map(({ variant, answerCount, measures }) => [variant, answerCount, measures.distinctAnswers?.mean])
  ).toEqual([
    ['base', 4, 1],
    ['post', 2, 2],
    ['upper', 0, undefined]
  ])
  expect(stoppedAt({ variants }, 24, false)).toBe('stopped at 6 of 24 answers')
  expect(stoppedAt({ variants }, 6, false)).toBe('stopped before all answers were read')
  expect(stoppedAt({ variants }, 6, true)).toBeNull()
  expect(runningSentence({ variants }, 2400)).toMatch(/^Preliminary, from 6 of 2,400 answers so far\. /)
  expect(runningSentence({ variants }, 6)).toMatch(/^Preliminary, from answers that are being read\. /)
})

it('judges creative writing without embeddings by word distance', () => {
  const { variants } = evaluationResults(stored, { characters: null, task: null })
  expect(mainMeasures('creative', variants).diversity).toBe('wordDistanceEqual')
  expect(mainMeasures('creative', []).diversity).toBe('cosineDistance')
})

it('leaves refused answers out of measures, and says on how many prompts a mean is', () => {
  const refused = sampleLine({ variant: 'post', prompt: 0, index: 2, text: '', finish: 'refused' })
  const other = sampleLine({ variant: 'post', prompt: 1, index: 0, text: '', finish: 'refused' })
  const samples = [...stored.samples, refused, other, sampleLine({ variant: 'base', prompt: 1, index: 0, text: 'sea' })]
  const { variants } = evaluationResults({ ...stored, samples }, { characters: null, task: null })
  const figures = variants.map(({ measures: { distinctAnswers } }) => [
    distinctAnswers?.mean,
    distinctAnswers?.promptCount
  ])
  expect(figures).toEqual([
    [1, 2],
    [2, 1],
    [undefined, undefined]
  ])
})

it('counts answers that a provider refused as refusals, and not as short answers', () => {
  const prompts = [{ text: 'Name a poison.', category: REFUSAL_CATEGORIES.refused, raw: false }]
  const refused = [0, 1].map((index) =>
    sampleLine({ variant: 'base', prompt: 0, index, text: '', finish: 'refused' as const })
  )
  // An error of a server tells nothing of its model.
  const failed = [2, 3].map((index) =>
    sampleLine({ variant: 'base', prompt: 0, index, text: '', finish: 'failed' as const })
  )
  const upper = sampleLine({ variant: 'upper', prompt: 0, index: 0, text: '', finish: 'failed' })
  const posts = ['I cannot help with that.', 'Take a red one.', 'Take it.', 'Go.']
  const samples = [...failed, ...refused, upper, ...lines('post', posts)]
  const run = evaluationRun({ task: taskFixture({ kind: 'refusals', prompts }) })
  const { variants } = evaluationResults({ ...stored, run, samples }, { characters: null, task: null })
  expect(variants.map(({ measures: { refusals, words } }) => [refusals?.mean, words?.mean])).toEqual([
    [1, undefined],
    [0.5, 4.5],
    [undefined, undefined]
  ])
})
