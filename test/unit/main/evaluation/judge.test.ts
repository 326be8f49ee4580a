import { afterEach, describe, expect, it, vi } from 'vitest'
import { DEFAULT_JUDGE, JudgeSettings, type JudgeVerdict, judgeWarning } from '../../../../src/contract/documents/judge'
import { rubricOf } from '../../../../src/contract/model/task-kinds'
import type { SampleLine } from '../../../../src/contract/documents/samples'
import { askJudge } from '../../../../src/main/evaluation/ask-judge'
import { judgeKey, judgeScores, SCORING, readScore } from '../../../../src/main/evaluation/judge'
import { CLASSIFIED_ANSWERS } from '../../../../src/main/measures/evaluation-cell'
import { evaluationRun } from '../../../fixtures/evaluation-documents'
import { always, type JudgeHandler, says, startJudgeEndpoint } from '../../../fixtures/judge-endpoint'
import { problemOf } from '../../../fixtures/problems'
import { sampleLine } from '../../../fixtures/sample-run'

afterEach(() => vi.unstubAllEnvs())

const PATIENCE = { timeoutMs: 5_000, firstPauseMs: 5 }
const RUN = evaluationRun()
/** Different answers of post to the first prompt. */
const answers = (...texts: string[]): SampleLine[] => texts.map((each, index) => sampleLine('post', 0, index, each))

interface Changes {
  known?: JudgeVerdict[]
  signal?: AbortSignal
  apiKey?: string
  timeoutMs?: number
  kept?: JudgeVerdict[]
}

async function judged(
  settings: JudgeSettings,
  samples: readonly SampleLine[],
  changes: Changes = {}
): Promise<{ verdicts: JudgeVerdict[]; lastProgress: unknown }> {
  const { kept: verdicts = [] } = changes
  let lastProgress: unknown
  await askJudge(
    SCORING,
    {
      run: RUN,
      samples,
      storedVerdicts: changes.known ?? [],
      settings,
      apiKey: changes.apiKey ?? null,
      patience: { ...PATIENCE, timeoutMs: changes.timeoutMs ?? PATIENCE.timeoutMs }
    },
    {
      keep: async (verdict) => void verdicts.push(verdict),
      progress: (progress) => void (lastProgress = progress)
    },
    changes.signal ?? new AbortController().signal
  )
  return { verdicts, lastProgress }
}

describe('a mark', () => {
  it.each([
    ['1', 0],
    [' 10 \n', 1],
    ['7/10', 6 / 9],
    ['7.', 6 / 9],
    ['**7**', 6 / 9],
    ['[[7/10]]', 6 / 9],
    ['"7."', 6 / 9],
    ['<think>Is it 9? No.</think>\n4', 3 / 9]
  ])('%j is read', (reply, mark) => {
    expect(readScore(reply)).toBeCloseTo(mark, 12)
  })

  it.each(['0', '11', '7.5', '-3', 'seven', 'I give it a 7', '7 or 8', '', '<think>7'])('%j is none', (reply) => {
    expect(readScore(reply)).toBeNull()
  })
})

describe('judging', () => {
  it('sends rubric, prompt and answer to the chat endpoint, with the key', async () => {
    const { settings, requests } = await startJudgeEndpoint(always('7'))
    const samples = answers('The sea is loud.')
    const { verdicts, lastProgress } = await judged(settings, samples, { apiKey: 'sk-test' })
    expect(requests).toMatchObject([{ url: '/v1/chat/completions', key: 'Bearer sk-test' }])
    const body: unknown = JSON.parse(requests[0]?.body ?? '')
    expect(body).toMatchObject({
      model: 'judge-1',
      temperature: 0,
      messages: [{ role: 'system' }, { role: 'user' }]
    })
    for (const part of [rubricOf('creative', 'marks'), RUN.task.prompts[0]?.text, 'The sea is loud.']) {
      expect(requests[0]?.body).toContain(part)
    }
    expect(verdicts).toEqual([{ key: expect.stringMatching(/^[0-9a-f]{64}$/), mark: 6 / 9, baseUrl: settings.baseUrl }])
    expect(lastProgress).toEqual({ done: 1, total: 1, unreadable: 0 })
  })

  it('asks nothing twice: equal answers are one question, stored verdicts none', async () => {
    const { settings, requests } = await startJudgeEndpoint(always('3'))
    const samples = [...answers('A', 'B', 'A'), sampleLine('base', 0, 0, 'A')]
    const { verdicts } = await judged(settings, samples)
    expect(requests).toHaveLength(2)
    await judged(settings, samples, { known: verdicts })
    expect(requests).toHaveLength(2)
    // Another prompt, or another rubric, is another question.
    await judged(settings, [sampleLine('post', 1, 0, 'A')], { known: verdicts })
    await judged({ ...settings, rubric: 'Mark the spelling.' }, answers('A'), { known: verdicts })
    expect(requests).toHaveLength(4)
    const judgedRun = { ...RUN, judge: settings }
    expect(judgeScores(judgedRun, samples, verdicts)).toHaveLength(4)
    const otherJudge = { ...settings, model: 'judge-2' }
    expect(judgeScores({ ...judgedRun, judge: otherJudge }, samples, verdicts)).toEqual([])
    expect(judgeScores(RUN, samples, verdicts)).toEqual([])
  })

  it('asks another server that serves a model of the same name', async () => {
    const first = await startJudgeEndpoint(always('8'))
    const second = await startJudgeEndpoint(always('2'))
    const { verdicts } = await judged(first.settings, answers('A'))
    const { verdicts: more } = await judged(second.settings, answers('A'), { known: verdicts })
    expect(second.requests).toHaveLength(1)
    const marks = (settings: JudgeSettings, known: JudgeVerdict[]): number[] =>
      judgeScores({ ...RUN, judge: settings }, answers('A'), known).map(({ score }) => score)
    expect(marks(second.settings, verdicts)).toEqual([])
    expect(marks(second.settings, [...verdicts, ...more])).toEqual([1 / 9])
    // A slash at the end makes no other address.
    const sameAddress = { ...first.settings, baseUrl: `${first.settings.baseUrl}/` }
    expect(marks(sameAddress, [...verdicts, ...more])).toEqual([7 / 9])
  })

  it('marks as many answers of a cell as the settings say, always the same ones', async () => {
    const { settings, requests } = await startJudgeEndpoint(always('5'))
    const samples = answers(...Array.from({ length: 20 }, (_, i) => `Answer ${i}`))
    const { verdicts } = await judged({ ...settings, answersPerPrompt: 6 }, samples)
    await judged({ ...settings, answersPerPrompt: 6 }, samples.toReversed(), { known: verdicts })
    expect(requests).toHaveLength(6)
  })

  it('marks the ten answers that a classifier reads, so that utility has a value by default', () => {
    const samples = answers(...Array.from({ length: 20 }, (_, i) => `Answer ${i}`))
    const run = { ...RUN, classifier: { path: '/classifier', fingerprint: 'f' } }
    const settings = { ...DEFAULT_JUDGE, baseUrl: 'http://localhost:1/v1', model: 'm', rubric: 'Mark it.' }
    const marked = SCORING.questionsOf(run, samples, settings).flatMap((question) => question.answers)
    expect(marked.map(({ index }) => index)).toEqual([...Array(CLASSIFIED_ANSWERS).keys()])
  })

  it('keeps a reply that is no mark as none, and does not ask again', async () => {
    const { settings, requests } = await startJudgeEndpoint(always('A fine answer!'))
    const { verdicts, lastProgress } = await judged(settings, answers('A'))
    expect(verdicts).toMatchObject([{ mark: null, reply: 'A fine answer!' }])
    expect(lastProgress).toEqual({ done: 1, total: 1, unreadable: 1 })
    await judged(settings, answers('A'), { known: verdicts })
    expect(requests).toHaveLength(1)
    expect(judgeScores({ ...RUN, judge: settings }, answers('A'), verdicts)).toEqual([])
  })

  it.each([400, 413, 422])('keeps an answer that the endpoint refuses with %d as none, and goes on', async (status) => {
    const body = '{"error":{"code":"content_filter"}}'
    const { settings, requests } = await startJudgeEndpoint((_, response, asked) =>
      asked.includes('Vile') ? response.writeHead(status).end(body) : response.end(says('8'))
    )
    const samples = answers('Vile', 'A', 'B')
    const { verdicts, lastProgress } = await judged({ ...settings, concurrency: 1 }, samples)
    expect(verdicts).toMatchObject([{ mark: null, reply: `refused (${status}): ${body}` }, { mark: 7 / 9 }, {}])
    expect(lastProgress).toEqual({ done: 3, total: 3, unreadable: 1 })
    const asked = requests.length
    await judged(settings, samples, { known: verdicts })
    expect(requests).toHaveLength(asked)
  })

  it('keeps no more of an unreadable reply than its beginning', async () => {
    const { settings } = await startJudgeEndpoint(always(`${'x'.repeat(118)}😀 and so on`))
    const { verdicts } = await judged(settings, answers('A'))
    expect(verdicts[0]?.reply).toBe(`${'x'.repeat(118)}…`)
  })

  it('takes verdicts of another model than was named only when any will do, and keeps its name', async () => {
    const { settings } = await startJudgeEndpoint((_, response) => response.end(says('7', 'judge-2')))
    const problem = await problemOf(judged(settings, answers('A')))
    expect(problem).toMatchObject({
      code: 'mismatch',
      message: `The judge at ${settings.baseUrl} answered as "judge-2", not as "judge-1".`,
      hint: 'Name the model as the server does, or take answers of any model.'
    })
    const { verdicts } = await judged({ ...settings, anyModel: true }, answers('A'))
    expect(verdicts).toMatchObject([{ mark: 6 / 9, model: 'judge-2' }])
  })

  it('is no faster than the rate allows, nor wider than the concurrency', async () => {
    let underWay = 0
    let most = 0
    const { settings, requests } = await startJudgeEndpoint((_, response) => {
      most = Math.max(most, ++underWay)
      setTimeout(() => {
        underWay--
        response.end(says('5'))
      }, 120)
    })
    await judged({ ...settings, requestsPerMinute: 1_200, concurrency: 2 }, answers('A', 'B', 'C', 'D', 'E', 'F'))
    expect(most).toBe(2)
    const times = requests.map(({ atMs }) => atMs)
    // 1,200 a minute are 50 ms apart; timers and sockets are a few off.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(5 * 50 - 20)
  })

  it('asks again after 429 as long as the endpoint says, after 5xx and when no reply comes', async () => {
    let count = 0
    const { settings, requests } = await startJudgeEndpoint((_, response) => {
      count++
      if (count === 1) response.writeHead(429, { 'retry-after': '1' }).end('slow down')
      else if (count === 2) response.writeHead(503).end()
      else if (count > 3) response.end(says('9'))
    })
    const { verdicts } = await judged(settings, answers('A'), { timeoutMs: 200 })
    expect(verdicts).toMatchObject([{ mark: 8 / 9 }])
    const [first, second] = requests
    expect(requests).toHaveLength(4)
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(950)
  })

  it('gives up after six tries, and keeps the verdicts that came', async () => {
    const { settings, requests } = await startJudgeEndpoint((_, response, body) => {
      if (body.includes('Good')) response.end(says('8'))
      else response.writeHead(500).end('out of memory')
    })
    const kept: JudgeVerdict[] = []
    const problem = await problemOf(judged(settings, answers('Good', 'Bad'), { kept }))
    expect(problem.message).toMatch(
      /^The judge at http:.*\/v1\/chat\/completions answered 500: out of memory, 6 times in a row/
    )
    expect(kept).toHaveLength(1)
    expect(requests).toHaveLength(7)
  })

  it.each<[string, JudgeHandler, RegExp]>([
    [
      'an unknown model',
      (_, r) => r.writeHead(404).end('no model judge-1'),
      /refused the request \(404\): no model judge-1/
    ],
    [
      'a field that the model does not take',
      (_, r) => r.writeHead(400).end('no temperature'),
      /\(400\): no temperature/
    ],
    ['what is no chat endpoint', (_, r) => r.end('<html>Hello</html>'), /something else than a chat completion/]
  ])('stops at once at %s', async (_name, handler, message) => {
    const { settings, requests } = await startJudgeEndpoint(handler)
    const many = answers(...Array.from({ length: 30 }, (_, i) => `Answer ${i}`))
    expect((await problemOf(judged({ ...settings, concurrency: 1 }, many))).message).toMatch(message)
    expect(requests.length).toBeLessThanOrEqual(2)
  })

  it('is cancelled at once while a reply is awaited', async () => {
    const controller = new AbortController()
    const { settings, requests } = await startJudgeEndpoint(() => controller.abort())
    const problem = await problemOf(judged(settings, answers('A', 'B', 'C'), { signal: controller.signal }))
    expect(problem.code).toBe('cancelled')
    expect(requests.length).toBeLessThanOrEqual(3)
  })
})

describe('settings of a judge', () => {
  const BASE_URL = 'http://localhost:8080/v1'
  const SETTINGS: JudgeSettings = { ...DEFAULT_JUDGE, baseUrl: BASE_URL, model: 'm', rubric: 'Mark it.' }

  it('take their key from a variable whose name ends in API_KEY, or as typed', () => {
    vi.stubEnv('TEST_JUDGE_API_KEY', 'from the environment')
    const settings = { ...SETTINGS, keyVariable: 'TEST_JUDGE_API_KEY' }
    expect(judgeKey(settings, undefined)).toBe('from the environment')
    expect(judgeKey(settings, 'typed')).toBe('typed')
    expect(judgeKey(SETTINGS, undefined)).toBeNull()
    vi.stubEnv('TEST_JUDGE_API_KEY', '')
    expect(() => judgeKey(settings, undefined)).toThrow(/TEST_JUDGE_API_KEY.*is not set/)
    expect(JudgeSettings.safeParse({ ...SETTINGS, keyVariable: 'AWS_SECRET_ACCESS_KEY' }).success).toBe(false)
  })

  it('name no user and no other protocol', () => {
    const valid = (baseUrl: string): boolean => JudgeSettings.safeParse({ ...SETTINGS, baseUrl }).success
    expect(valid('https://example.org/v1')).toBe(true)
    expect(valid('https://ada:secret@example.org/v1')).toBe(false)
    expect(valid('file:///etc/passwd')).toBe(false)
  })

  it('say where the text goes', () => {
    const warning = (baseUrl: string): string => judgeWarning({ baseUrl, model: 'm', way: 'marks' })
    expect(warning('http://localhost:8080/v1')).toMatch(
      /leave this program.*localhost:8080 \(another program on this machine\)/
    )
    expect(warning('https://example.org/v1')).toMatch(/sent to example\.org \(another machine\)/)
    expect(warning('http://example.org/v1')).toMatch(/\(another machine, unencrypted\)/)
  })
})
