import { expect, test } from 'vitest'
import { DEFAULT_JUDGE, type JudgeSettings } from '../../../../src/contract/documents/judge'
import { evaluationResults } from '../../../../src/main/measures/results'
import { measureEvaluation, measureRun, MeasuringProcess } from '../../../../src/main/measures/host'
import { runMeasures } from '../../../../src/main/measures/run-measures'
import { evaluationRun } from '../../../fixtures/evaluation-documents'
import { childrenOf } from '../../../fixtures/cli'
import { problemOf } from '../../../fixtures/problems'
import { sampleLine, sampleRunFixture } from '../../../fixtures/sample-documents'

const words = ['sea', 'red', 'fox', 'the', 'of', 'night', 'a', 'stone', 'song', 'far']

/** Returns a number of different answers of post to one prompt. */
const manyAnswers = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const text = Array.from({ length: 40 }, (_, place) => words[(index * (place + 3) + place) % words.length])
    return sampleLine({ index, text: `${text.join(' ')} ${index}.` })
  })

test('main stays responsive while the 5,000 answers of a cell are measured, and the values are the same', async () => {
  const run = sampleRunFixture()
  const samples = manyAnswers(5_000)
  let turns = 0
  let measuring = true
  const turn = (): void => {
    turns++
    if (measuring) setImmediate(turn)
  }
  setImmediate(turn)
  const measures = await measureRun(run, samples)
  measuring = false
  // Were it done here, nothing else would have its turn between start and end.
  expect(turns).toBeGreaterThan(100)
  expect(measures).toEqual(runMeasures(run, samples))
})

test('measures that are cancelled end their process at once', async () => {
  const stop = new AbortController()
  const before = await childrenOf(process.pid)
  const measured = problemOf(measureRun(sampleRunFixture(), manyAnswers(5_000), stop.signal))
  stop.abort()
  expect(await measured).toMatchObject({ code: 'cancelled' })
  expect((await childrenOf(process.pid)).filter((pid) => !before.includes(pid))).toEqual([])
})

const JUDGE: JudgeSettings = {
  ...DEFAULT_JUDGE,
  baseUrl: 'http://127.0.0.1:1/v1',
  model: 'judge-1',
  way: 'pairs',
  rubric: 'Which is better?'
}

const NO_PROXIES = { characters: null, task: null }

test('an evaluation has the same results from the process, and an invalid pattern is refused by name', async () => {
  const run = evaluationRun()
  const stored = { run, samples: manyAnswers(20), scores: [], judgeScores: [], pairs: [], forms: [] }
  expect(await measureEvaluation(stored, NO_PROXIES)).toEqual(evaluationResults(stored, NO_PROXIES))
  const task = { ...run.task, reading: { kind: 'pattern' as const, pattern: '(' } }
  await expect(measureEvaluation({ ...stored, run: { ...run, task } }, NO_PROXIES)).rejects.toMatchObject({
    problem: { code: 'bad-input', message: expect.stringContaining('reading.pattern') }
  })
})

test('a pair judge with fewer answers than its limit reports the answers that exist', () => {
  const run = evaluationRun()
  const judged = (answersPerPrompt: number) =>
    evaluationResults(
      {
        run: { ...run, pairJudge: { ...JUDGE, answersPerPrompt } },
        samples: manyAnswers(4),
        scores: [],
        judgeScores: [],
        pairs: [{ prompt: 0, variants: [0, 1], orders: [0, 0] }],
        forms: []
      },
      NO_PROXIES
    ).pairs?.tally.size
  expect(run.task.settings.sampleCount).toBe(4)
  expect([judged(8), judged(2)]).toEqual([4, 2])
})

test('one process answers requests one after the other until it is ended', async () => {
  const measuring = new MeasuringProcess()
  const run = sampleRunFixture()
  const asked = (count: number) => ({ kind: 'run' as const, run, samples: manyAnswers(count) })
  for (const count of [3, 5]) {
    const request = asked(count)
    const result = runMeasures(run, request.samples)
    expect(await measuring.ask(request)).toEqual({ kind: 'run', result })
  }
  await measuring.end()
  await expect(measuring.ask(asked(1))).rejects.toThrow('was killed by SIGKILL')
})
