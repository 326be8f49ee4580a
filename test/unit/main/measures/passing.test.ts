import { describe, expect, it } from 'vitest'
import { AnswerReader } from '../../../../src/main/answers/read-answer'
import { cellMeasures } from '../../../../src/main/measures/cell-measures'
import type { EvaluationCell } from '../../../../src/main/measures/evaluation-cell'
import { utility } from '../../../../src/main/measures/passing'
import { taskFixture } from '../../../fixtures/evaluation-documents'
import { sampleLine } from '../../../fixtures/sample-run'

type Fields = Parameters<typeof taskFixture>[0]

/** Measures of answers to one prompt. @param marks scores of a judge by answer; undefined for none */
function measured(task: Fields, texts: readonly string[], marks: readonly (number | undefined)[] = []) {
  const whole = taskFixture(task)
  const [prompt] = whole.prompts
  if (prompt === undefined) throw new Error('no prompt')
  const scores: EvaluationCell['scores'] = {
    ...{ variant: 'post', logLikelihoodPost: null, logLikelihoodBase: null, cosineDistance: null },
    ...{ vendiScore: 3, vendiPassing: 1.25, classBegins: [0, 2] }
  }
  const samples = texts.map((text, index) => sampleLine('post', 0, index, text))
  const given = new Map(marks.flatMap((mark, index) => (mark === undefined ? [] : [[index, mark] as const])))
  return cellMeasures(
    whole,
    new AnswerReader(whole),
    100,
    { prompt, samples, scores, judgeScores: given, forms: null },
    1
  )
}

const colours: Fields = {
  kind: 'open-ended',
  prompts: [{ text: 'Name a colour.', category: '', raw: false, answers: [['red', 'crimson'], 'blue'] }]
}
const writing: Fields = { kind: 'creative', prompts: [{ text: 'Write.', category: '', raw: false }] }

describe('the diversity of answers that pass', () => {
  it('counts right answers by their meaning, and splits off what failing answers add', () => {
    const values = measured(colours, ['Red.', 'crimson', 'blue', 'blue', 'cow', 'cow', 'cow', 'car'])
    // Right: 2 red, 2 blue. All: 2, 2, 3, 1 of 8.
    const all = Math.exp(-[2, 2, 3, 1].reduce((sum, n) => sum + (n / 8) * Math.log(n / 8), 0))
    expect(values.effectivePassing).toBeCloseTo(2, 12)
    expect(values.effectiveFailing).toBeCloseTo(all - 2, 12)
    expect(values.vendiFailing).toBe(1.75)
    expect(values.passing).toBeUndefined()
  })

  it('is that of answers in form, or of those that a judge scores at least 5 of 10', () => {
    const form = measured({ ...writing, checks: { maxWords: 1 } }, ['sun', 'moon', 'moon', 'the sea'])
    const effective = Math.exp(-(1 / 3) * Math.log(1 / 3) - (2 / 3) * Math.log(2 / 3))
    expect(form).toMatchObject({ distinctPassing: 2, effectivePassing: expect.closeTo(effective, 12) })
    const judged = measured(writing, ['a', 'b', 'c', 'd'], [4 / 9, 3 / 9, 1, undefined])
    expect(judged).toMatchObject({
      distinctPassing: 2,
      passing: 2 / 3,
      effectivePassing: expect.closeTo(2, 12)
    })
    expect(measured(writing, ['a', 'b']).effectivePassing).toBeUndefined()
    expect(measured(colours, ['cow', 'cow']).effectivePassing).toBe(0)
  })
})

it('utility weighs the scores of answers that begin a class by the patience of a reader', () => {
  // Scores 1, 5.5, 10 and 10; positions 0 and 2 are new.
  const weights = 1 + 0.8 + 0.8 ** 2 + 0.8 ** 3
  expect(utility([0, 2], [0, 0.5, 1, 1])).toBeCloseTo((1 + 10 * 0.8 ** 2) / weights, 12)
  const values = measured(writing, ['a', 'a', 'b', 'b'], [0, 0.5, 1, 1])
  expect(values.utility).toBeCloseTo((1 + 10 * 0.8 ** 2) / weights, 12)
  expect(measured(writing, ['a', 'a', 'b', 'b'], [0, 0.5, 1]).utility).toBeUndefined()
})
