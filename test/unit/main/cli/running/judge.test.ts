import { expect, it } from 'vitest'
import { progressStep } from '../../../../../src/contract/work/progress'
import { runJudge, nothingJudged } from '../../../../../src/main/cli/running/judge'
import { sendingNotice } from '../../../../../src/main/work/judging'
import { evaluationRun } from '../../../../fixtures/evaluation-documents'
import { says, startJudgeEndpoint } from '../../../../fixtures/judge-endpoint'
import { sampleLine } from '../../../../fixtures/sample-run'

const FILES = {
  run: evaluationRun(),
  samples: ['The sea.', 'The hill.', 'The rain.'].map((text, index) => sampleLine('post', 0, index, text)),
  scores: [],
  verdicts: [],
  pairVerdicts: [],
  forms: []
}

it.each([0, 1])('hands back the evaluation of a judge that refuses after %d verdicts', async (verdicts) => {
  const { settings, requests } = await startJudgeEndpoint((_, response) => {
    if (requests.length <= verdicts) response.end(says('7'))
    else response.writeHead(401).end()
  })
  const judge = { ...settings, concurrency: 1 }
  const { files, failure } = await runJudge(FILES, judge, true, new AbortController().signal, null)
  expect(failure?.message).toContain('refused the key (401)')
  expect(files.samples).toBe(FILES.samples)
  expect(files.verdicts).toHaveLength(verdicts)
  expect(files.run.judge).toEqual(judge)
})

it('reports before the first request what is sent, and that nothing is sent where all verdicts are stored', async () => {
  const { settings } = await startJudgeEndpoint((_, response) => response.end(says('7')))
  const notice = (done: number, total: number): string => sendingNotice(settings, { done, total, unreadable: 0 })
  expect(notice(0, 73)).toMatch(/^Prompts and answers leave this program: they are sent to [^.]*127/)
  expect(notice(70, 73)).toMatch(/^Prompts and answers leave .* 70 of 73 verdicts are reused\.$/)
  expect(notice(73, 73)).toBe('73 of 73 verdicts are reused; nothing is sent.')
  expect(notice(0, 0)).toBe('No answer needs a verdict; nothing is sent.')
})

it('fails for a judge whose replies are all unreadable', () => {
  const judging = {
    ...({ way: 'marks', model: 'x', total: 52, done: 52, unreadable: 52, usable: 0 } as const),
    ...{ example: 'I like turtles', otherModels: [] }
  }
  expect(nothingJudged([judging], 'marks')?.problem).toMatchObject({
    message: 'The judge x gave no usable verdict.'
  })
  expect(nothingJudged([judging], 'pairs')).toBeNull()
  expect(nothingJudged([{ ...judging, unreadable: 51, usable: 1 }], 'marks')).toBeNull()
  // Nothing had to be asked, as of pairs that are all the same.
  expect(nothingJudged([{ ...judging, total: 0, done: 0, unreadable: 0 }], 'marks')).toBeNull()
})

it('reports why a judge does not answer as a separate phase, in its words', () => {
  const now = { done: 0, total: 6, unreadable: 0 }
  expect(progressStep({ kind: 'judge', way: 'marks', progress: now })).toMatchObject({
    phase: 'judging',
    status: 'judged 0 of 6 different answers'
  })
  expect(
    progressStep({ kind: 'judge', way: 'marks', progress: { ...now, trouble: 'It cannot be reached.' } })
  ).toMatchObject({
    phase: 'waiting for the judge',
    status: 'It cannot be reached.'
  })
})
