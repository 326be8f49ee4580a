import { describe, expect, it } from 'vitest'
import type { EvaluationRun } from '../../../../src/contract/documents/evaluation'
import { AnswerForm, type JudgeSettings, judgeWarning } from '../../../../src/contract/documents/judge'
import type { SampleLine } from '../../../../src/contract/documents/samples'
import { rubricOf } from '../../../../src/contract/model/task-kinds'
import { judgeEvaluation } from '../../../../src/main/evaluation/judge-evaluation'
import { judgedForms, meaningsOf, readForm } from '../../../../src/main/evaluation/judge-forms'
import { evaluationResults } from '../../../../src/main/measures/results'
import { evaluationRun, taskFixture } from '../../../fixtures/evaluation-documents'
import { type JudgeHandler, says, startJudgeEndpoint } from '../../../fixtures/judge-endpoint'
import { sampleLine } from '../../../fixtures/sample-run'

/** A judge that knows two cities by their many names. */
const geographer: JudgeHandler = (_, response, body) => {
  const [, answer = ''] = /<answer>\\n(.*?)\\n<\/answer>/.exec(body) ?? []
  if (/eternal city|rom[ae]/i.test(answer)) response.end(says('Rome.'))
  else if (/paname|paris/i.test(answer)) response.end(says('<think>Of France.</think>"Paris"'))
  else if (/dunno/i.test(answer)) response.end(says('NONE'))
  else response.end(says('It could be one of several places.\nI cannot say.'))
}

const RUN = evaluationRun({
  task: taskFixture({
    kind: 'open-ended',
    prompts: [
      {
        text: 'Name a capital.',
        category: '',
        raw: false,
        answers: [['Rome'], ['Paris'], ['Oslo'], ['Bern']]
      },
      { text: 'Name another.', category: '', raw: false }
    ],
    reading: { kind: 'first-line' }
  }),
  variants: [{ variant: { kind: 'post', name: 'post' } }]
})
const answers = (...texts: string[]): SampleLine[] => texts.map((text, index) => sampleLine('post', 0, index, text))

async function read(
  settings: JudgeSettings,
  samples: readonly SampleLine[],
  { known = [], ofOtherEvaluations = [] }: { known?: AnswerForm[]; ofOtherEvaluations?: AnswerForm[] } = {}
) {
  const kept: unknown[] = []
  let last: unknown
  await judgeEvaluation(
    { run: RUN, samples, verdicts: [], pairVerdicts: [], forms: known },
    { settings, apiKey: null },
    {
      keep: async (_kind, forms) => void kept.push(...forms),
      knownForms: async () => ofOtherEvaluations
    },
    (progress) => (last = progress),
    new AbortController().signal
  )
  return { kept: AnswerForm.array().parse(kept), last }
}

const judging = (settings: JudgeSettings): JudgeSettings => ({
  ...settings,
  way: 'forms',
  rubric: rubricOf('open-ended', 'forms')
})

const measured = (run: EvaluationRun, samples: SampleLine[], forms: AnswerForm[]) =>
  evaluationResults(
    { run, samples, scores: [], judgeScores: [], pairs: [], forms: judgedForms(run, samples, forms) },
    { characters: null, task: null }
  ).cells[0]?.[0]

describe('the form of an answer', () => {
  it.each([
    ['Rome', 'Rome'],
    [' "Rome." \n', 'Rome'],
    ['<think>Rome or Paris?\nRome.</think>\n**Rome**', 'Rome'],
    ['none', ''],
    ['NONE.', '']
  ])('%j is read', (reply, form) => expect(readForm(reply)).toBe(form))

  it.each(['', '"."', 'Rome\nor Paris', 'x'.repeat(201)])('%j is none', (reply) => expect(readForm(reply)).toBeNull())
})

describe('reading what answers mean', () => {
  it('says which answer each text is, beside what the plain reading says', async () => {
    const { settings, requests } = await startJudgeEndpoint(geographer)
    const formJudge = judging(settings)
    const samples = answers('Rome', 'The Eternal City', 'Roma!', 'Paname', 'Dunno', 'Hmm', '')
    const { kept, last } = await read(formJudge, samples)
    expect(last).toEqual({ done: 6, total: 6, unreadable: 1 })
    expect(requests.every(({ body }) => !body.includes('Oslo'))).toBe(true)
    const run = { ...RUN, formJudge }
    // Plainly, only "Rome" is a listed answer.
    expect(measured(run, samples, kept)).toMatchObject({
      ...{ distinctRight: 1, coverage: 0.25, accuracy: 1 / 7 },
      ...{ distinctForms: 2, distinctRightForms: 2, coverageForms: 0.5, accuracyForms: 4 / 6 }
    })
    expect(meaningsOf(run, samples, kept).map(({ text, form }) => [text, form])).toEqual([
      ['Rome', 'Rome'],
      ['The Eternal City', 'Rome'],
      ['Roma!', 'Rome'],
      ['Paname', 'Paris'],
      ['Dunno', ''],
      ['', '']
    ])
  })

  it('asks nothing twice, not even for another evaluation, and shows nothing of a cell that is half read', async () => {
    const { settings, requests } = await startJudgeEndpoint(geographer)
    const formJudge = judging(settings)
    const first = answers('Roma', 'Roma', 'Paris')
    const { kept } = await read(formJudge, first)
    expect(requests).toHaveLength(2)
    const more = answers('Roma', 'Paris', 'The Eternal City')
    expect(measured({ ...RUN, formJudge }, more, kept)).not.toHaveProperty('distinctForms')
    const { kept: all } = await read(formJudge, more, { ofOtherEvaluations: kept })
    expect(requests).toHaveLength(3)
    expect(all).toEqual([...kept, expect.objectContaining({ form: 'Rome' })])
    await read(formJudge, more, { known: all })
    expect(requests).toHaveLength(3)
    // Another judge, or another question, is asked again.
    expect(judgedForms({ ...RUN, formJudge: { ...formJudge, model: 'other' } }, more, all)).toEqual([])
    expect(judgedForms(RUN, more, all)).toEqual([])
  })

  it('reports where text is sent before it is sent', () => {
    expect(judgeWarning({ baseUrl: 'http://localhost:1/v1', model: 'm', way: 'forms' })).toMatch(
      /leave this program.*to be read by m/
    )
  })
})
