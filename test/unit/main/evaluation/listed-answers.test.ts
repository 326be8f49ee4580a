import { expect, it } from 'vitest'
import type { SampleLine } from '../../../../src/contract/documents/samples'
import { answersIn, listSettings, wholeLists } from '../../../../src/main/evaluation/listed-answers'
import { taskFixture } from '../../../fixtures/evaluation-documents'
import { sampleLine } from '../../../fixtures/sample-run'

const FIVE = { ...taskFixture({}).settings, sampleCount: 5, maxTokens: 10 }
const text = { encodeAll: async (texts: readonly string[]) => texts.map((each) => [each.length]) }

it('asks as often less for as many answers, each list as long as its answers may be', () => {
  expect(listSettings(FIVE, 3)).toMatchObject({ sampleCount: 2, maxTokens: 30 })
  expect(listSettings(FIVE, 5)).toMatchObject({ sampleCount: 1, maxTokens: 50 })
})

it('takes as many answers of each list as the run has, and an empty one for what a list lacks', async () => {
  const lists = [
    sampleLine('listing', 0, 0, '1. Red (probability: 0.5)\n2. Blue'),
    sampleLine('listing', 0, 1, '1. Lime\n2. Teal\n3. Gold')
  ]
  const answers = await answersIn(lists, FIVE, 3, text)
  expect(answers.map((line) => [line.index, line.text, line.tokens, line.list?.probability])).toEqual([
    [0, 'Red', [3], 0.5],
    [1, 'Blue', [4], null],
    [2, '', [0], null],
    [3, 'Lime', [4], null],
    [4, 'Teal', [4], null]
  ])
  expect(answers.flatMap(({ list }) => list?.whole ?? [])).toEqual(lists.map((line) => line.text))
})

it('counts a list as there when all its answers are', async () => {
  const answers = await answersIn(
    [0, 1].map((list) => sampleLine('listing', 2, list, '1. a\n2. b\n3. c')),
    FIVE,
    3,
    text
  )
  const indices = (lines: readonly SampleLine[]): number[] => wholeLists(lines, FIVE, 3).map(({ index }) => index)
  expect(indices(answers)).toEqual([0, 1])
  expect(indices(answers.slice(0, 4))).toEqual([0])
  expect(indices(answers.slice(1))).toEqual([1])
})
