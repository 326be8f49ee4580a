import { describe, expect, it } from 'vitest'
import type { EvaluationVariant } from '../../../../src/contract/documents/evaluation'
import type { Prompting } from '../../../../src/contract/model/prompting'
import {
  answerOfList,
  answersOfLists,
  regenerationRound,
  withPromptings
} from '../../../../src/main/evaluation/prompted-answers'
import { sampleLine } from '../../../fixtures/sample-run'

/** Answers that random numbers at the middle of ten equal steps select. */
const drawn = (prompting: Prompting, text: string): string[] =>
  Array.from({ length: 10 }, (_, step) => answerOfList(prompting, text, () => (step + 0.5) / 10).text)
const repeated = (...answers: [string, number][]): string[] =>
  answers.flatMap(([text, count]) => Array.from({ length: count }, () => text))

const response = (text: string, probability: string): string =>
  `<response><text>${text}</text><probability>${probability}</probability></response>`

describe('verbalized sampling', () => {
  it.each([
    ['tags', response('Red', '0.6') + response('Blue', '0.4'), ['Red', 6], ['Blue', 4]],
    ['percent signs', response('Red', '60 %') + response('Blue', '40%'), ['Red', 6], ['Blue', 4]],
    ['probabilities that do not add up to 1', '1. Red (0.3)\n2. Blue (0.2)', ['Red', 6], ['Blue', 4]],
    [
      'JSON in a fence',
      'Sure!\n```json\n{"responses": [{"text": "Red", "probability": 0.8}, {"text": "Blue", "probability": "20%"}]}\n```',
      ['Red', 8],
      ['Blue', 2]
    ],
    ['no probabilities', '- Red\n- Blue', ['Red', 5], ['Blue', 5]],
    ['probabilities of zero', '1. Red (probability: 0)\n2. Blue (probability: 0)', ['Red', 5], ['Blue', 5]],
    // The mean of 0.6 and 0.2 stands for the missing one.
    ['a missing probability', '1. Red (p = 0.6)\n2. Lime\n3. Blue (p = 0.2)', ['Red', 5], ['Lime', 3], ['Blue', 2]],
    ['one answer instead of five', 'Red', ['Red', 10]],
    ['a text that is cut off', `${response('Red', '0.5')}<response><text>Bl`, ['Red', 5], ['Bl', 5]],
    ['no text', ' ', ['', 10]]
  ] as [string, string, ...[string, number][]][])('draws by the stated weights: %s', (_, text, ...expected) => {
    expect(drawn('verbalized-sampling', text)).toEqual(repeated(...expected))
  })

  it('draws the same answer for the same position, and keeps the text', async () => {
    const text = { encodeAll: async (texts: readonly string[]) => texts.map((each) => [each.length]) }
    const lists = Array.from({ length: 200 }, (_, index) =>
      sampleLine('post', 0, index, response('Red', '0.75') + response('Blue', '0.25'))
    )
    const answers = await answersOfLists('verbalized-sampling', lists, 1, text)
    expect(await answersOfLists('verbalized-sampling', lists.slice(7, 9), 1, text)).toEqual(answers.slice(7, 9))
    expect(answers[0]?.list?.whole).toBe(lists[0]?.text)
    // The standard error of 200 draws is 0.03.
    expect(answers.filter((answer) => answer.text === 'Red').length / 200).toBeCloseTo(0.75, 1)
  })
})

describe('list then pick', () => {
  it.each([
    ['a text', '1. Red\n2. Blue\n\nPick: Blue', 'Blue'],
    ['bold marks', '1. Red\n2. Blue\n\n**Pick:** "Blue"', 'Blue'],
    ['a number and its answer', '1. Red\n2. Blue\n**Pick: 2. Blue**', 'Blue'],
    ['a number', '1. Red\n2. Blue\n\nPicked: 1', 'Red'],
    ['a number that is an answer itself', 'Pick: 7', '7'],
    ['a listed number', '1. 7\n2. 3\n3. 9\nPick: 3', '3'],
    ['the last of two picks', '1. Red\nPick: Red\nMy pick: Blue', 'Blue'],
    ['no pick', '1. Red\n2. Blue', ''],
    ['one answer without a list', 'Red', 'Red'],
    ['nothing', '', '']
  ])('reads %s', (_, text, expected) => {
    expect(drawn('list-then-pick', text)).toEqual(repeated([expected, 10]))
  })
})

describe('regeneration', () => {
  it('shows the earlier answers of a chain, and asks once for chains with equal ones', () => {
    const counts = { promptCount: 2, sampleCount: 12 }
    expect(regenerationRound(new Map(), { ...counts, round: 0 })).toEqual(
      [0, 1].map((prompt) => ({ prompt, earlier: [], indices: [0, 5, 10] }))
    )
    const answers = new Map([
      [0, new Map([0, 5, 10].map((index) => [index, index === 5 ? 'Blue' : 'Red']))],
      [1, new Map([0, 5, 10].map((index) => [index, 'Cat']))]
    ])
    expect(regenerationRound(answers, { ...counts, round: 1 })).toEqual([
      { prompt: 0, earlier: ['Red'], indices: [1, 11] },
      { prompt: 0, earlier: ['Blue'], indices: [6] },
      { prompt: 1, earlier: ['Cat'], indices: [1, 6, 11] }
    ])
  })
})

it('adds each variant under each prompting, except files and variants with prompts of their own', () => {
  const post = { variant: { kind: 'post', name: 'post' } } as const
  const framed: EvaluationVariant = { variant: { kind: 'base', name: 'base' }, suffix: ' Answer:' }
  const file: EvaluationVariant = {
    variant: { kind: 'file', name: 'file', path: '/a.jsonl', fingerprint: 'a' }
  }
  const given = [post, framed, file]
  const added = withPromptings(given, ['verbalized-sampling', 'regeneration']).slice(given.length)
  expect(added).toEqual([
    { variant: { kind: 'post', name: 'post, verbalized sampling' }, prompting: 'verbalized-sampling' },
    { variant: { kind: 'post', name: 'post, regeneration' }, prompting: 'regeneration' }
  ])
})
