import { expect, it } from 'vitest'
import type { JudgeSettings } from '../../../../src/contract/documents/judge'
import { DEFAULT_JUDGE } from '../../../../src/contract/documents/judge'
import { SCORING } from '../../../../src/main/evaluation/judge'
import { READING } from '../../../../src/main/evaluation/judge-forms'
import { COMPARING } from '../../../../src/main/evaluation/judge-pairs'
import { judgingOf } from '../../../../src/main/evaluation/judging'
import { evaluationRun } from '../../../fixtures/evaluation-documents'
import { sampleLine } from '../../../fixtures/sample-run'

const settings: JudgeSettings = {
  ...DEFAULT_JUDGE,
  ...{ baseUrl: 'http://127.0.0.1:1/v1', model: 'x', rubric: 'Good?' }
}
const { baseUrl } = settings
const samples = ['base', 'post', 'upper'].map((variant) => sampleLine(variant, 0, 0, `From ${variant}.`))
const none = { samples, verdicts: [], pairVerdicts: [], forms: [] }

it('counts what a judge replied, what of it can be read, and who it was', () => {
  const run = evaluationRun({ judge: settings })
  const [first, second] = SCORING.questionsOf(run, samples, settings).map(({ key }) => key)
  const verdicts = [
    { key: first ?? '', baseUrl, mark: 0.5, model: 'OTHER-model' },
    { key: second ?? '', baseUrl, mark: null, reply: 'I like turtles', model: 'OTHER-model' },
    { key: 'of another answer', baseUrl, mark: null, reply: 'Not this' }
  ]
  expect(judgingOf({ ...none, run, verdicts })).toEqual([
    {
      ...{ way: 'marks', model: 'x', total: 3, done: 2, unreadable: 1, usable: 1 },
      ...{ example: 'I like turtles', otherModels: ['OTHER-model'] }
    }
  ])
  expect(judgingOf({ ...none, run: evaluationRun() })).toEqual([])
})

it('counts of pairs those that are read in both orders', () => {
  const pairJudge: JudgeSettings = { ...settings, way: 'pairs' }
  const run = evaluationRun({ pairJudge })
  const asked = COMPARING.questionsOf(run, samples, pairJudge)
  const pairVerdicts = asked.map(({ key }, place) => ({
    key,
    baseUrl,
    said: place === 0 ? null : ('tie' as const)
  }))
  expect(judgingOf({ ...none, run, pairVerdicts })).toMatchObject([
    { way: 'pairs', total: 6, done: 6, unreadable: 1, usable: 2, example: null }
  ])
})

it('counts of what answers mean the forms', () => {
  const formJudge: JudgeSettings = { ...settings, way: 'forms' }
  const run = evaluationRun({ formJudge })
  const forms = READING.questionsOf(run, samples, formJudge).map(({ key }) => ({ key, baseUrl, form: 'Rome' }))
  expect(judgingOf({ ...none, run, forms })).toMatchObject([
    { way: 'forms', total: 3, done: 3, unreadable: 0, usable: 3 }
  ])
})
