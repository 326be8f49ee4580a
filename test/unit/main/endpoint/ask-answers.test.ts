import { describe, expect, it } from 'vitest'
import { PAPER_SAMPLING } from '../../../../src/contract/documents/samples'
import type { Endpoint } from '../../../../src/contract/model/external-model'
import { OPEN_SAMPLING } from '../../../../src/contract/model/sampling'
import { allowForThisRun } from '../../../../src/main/endpoint/confirmed-addresses'
import { askAnswers, type EndpointAnswer } from '../../../../src/main/endpoint/ask-answers'
import type { RequestSettings } from '../../../../src/main/endpoint/request-body'
import { type Fault, startAnswerEndpoint } from '../../../fixtures/answer-endpoint'
import { closedAddress } from '../../../fixtures/closed-address'
import { startJudgeEndpoint } from '../../../fixtures/judge-endpoint'
import { problemOf } from '../../../fixtures/problems'

const PATIENCE = { timeoutMs: 5_000, firstPauseMs: 1 }

const settings = (changes: Partial<RequestSettings> = {}): RequestSettings => ({
  ...{
    sampling: OPEN_SAMPLING,
    maxTokens: 32,
    stopTexts: [],
    seed: 1,
    sampleCount: 8,
    templateArguments: {}
  },
  ...changes
})

interface Asked {
  answers: EndpointAnswer[]
  learned: unknown[]
  tokens: number
  /** Why requests were asked again. */
  again: string[]
  /** Prompts that were refused, and why. */
  refusals: [number, string][]
}

/** Asks for answers to some prompts, `count` of each, but for those that are there. */
async function ask(
  endpoint: Endpoint,
  prompts: readonly string[],
  changes: Partial<RequestSettings> & {
    count?: number
    there?: readonly EndpointAnswer[]
    into?: EndpointAnswer[]
    signal?: AbortSignal
    apiKey?: string
    timeoutMs?: number
    firstPauseMs?: number
    kept?: () => unknown
  } = {}
): Promise<Asked> {
  const { count = 8, there = [], into = [], signal = new AbortController().signal } = changes
  const { apiKey = null, kept, ...rest } = changes
  const { timeoutMs = PATIENCE.timeoutMs, firstPauseMs = PATIENCE.firstPauseMs, ...others } = rest
  const known = new Set(there.map(({ prompt, index }) => `${prompt}/${index}`))
  const learned: unknown[] = []
  const again: string[] = []
  const refusals: [number, string][] = []
  let tokens = 0
  await askAnswers(
    {
      endpoint,
      apiKey,
      patience: { timeoutMs, firstPauseMs },
      prompts: prompts.map((text) => ({ turns: [{ role: 'user', content: text }], rendered: text })),
      settings: settings(others),
      missing: prompts.map((_, prompt) =>
        Array.from({ length: count }, (__, index) => index).filter((index) => !known.has(`${prompt}/${index}`))
      )
    },
    {
      keep: async (answers, counted) => {
        tokens += counted ?? 0
        into.push(...answers)
        kept?.()
      },
      onRecord: async (record) => void learned.push(record),
      onRefusal: async (...refusal) => void refusals.push(refusal),
      onRepeat: (why) => again.push(why)
    },
    signal
  )
  return { answers: into, learned, tokens, again, refusals }
}

/** Every answer there is to be, each once. */
function expectAll(answers: readonly EndpointAnswer[], prompts: number, count: number): void {
  const keys = new Set(answers.map(({ prompt, index }) => `${prompt}/${index}`))
  const total = prompts * count
  expect({ answers: answers.length, different: keys.size }).toEqual({ answers: total, different: total })
}

describe('answers of an endpoint', () => {
  it('come several by one request where it gives several, each once', async () => {
    const { endpoint, requests, counts } = await startAnswerEndpoint()
    const { answers, learned, tokens } = await ask(endpoint, ['A', 'B'], { count: 20 })
    expectAll(answers, 2, 20)
    expect(requests.map(({ body }) => body.n).sort()).toEqual([16, 16, 4, 4])
    expect(counts.sent).toBe(40)
    expect(tokens).toBe(120)
    expect(learned).toEqual([{ models: ['served'], fingerprints: ['fp-1'], server: 'vLLM' }])
    expect(answers.every(({ text, prompt }) => text.startsWith(['A', 'B'][prompt] ?? '?'))).toBe(true)
  })

  it.each(['ignored', 'refused'] as const)('come one by one where n is %s, and none is asked for twice', async (n) => {
    const { endpoint, requests, counts } = await startAnswerEndpoint({ n })
    const { answers } = await ask({ ...endpoint, concurrency: 1 }, ['A', 'B'], { count: 6 })
    expectAll(answers, 2, 6)
    expect(counts.sent).toBe(12)
    expect(requests.slice(1).every(({ body }) => body.n === 1)).toBe(true)
    expect(requests).toHaveLength(n === 'refused' ? 13 : 12)
  })

  it('end before the first stop text, also where the server passes over it', async () => {
    const { endpoint } = await startAnswerEndpoint({ answer: () => 'One. Two\nThree' })
    const { answers } = await ask(endpoint, ['A'], { count: 1, stopTexts: ['\n', '. '] })
    expect(answers).toMatchObject([{ text: 'One', finish: 'stop' }])
  })

  it('are no more at once than the limit', async () => {
    const { endpoint, counts } = await startAnswerEndpoint({ n: 'ignored', delayMs: 20, together: 3 })
    await ask({ ...endpoint, concurrency: 3 }, ['A', 'B', 'C', 'D', 'E', 'F'], { count: 2 })
    expect(counts.mostUnderWay).toBe(3)
  })

  it('are sampled with the settings, and the server is sent the ones that are off', async () => {
    const { endpoint, requests } = await startAnswerEndpoint()
    await ask(endpoint, ['A'], { count: 2, stopTexts: ['\n'] })
    await ask({ ...endpoint, through: 'chat' }, ['A'], {
      count: 2,
      sampling: { ...PAPER_SAMPLING, topK: 5, topP: 0.9 },
      templateArguments: { enable_thinking: false }
    })
    await ask(endpoint, ['A'], { count: 2, sampling: { ...OPEN_SAMPLING, temperature: 0, topP: 0.5 } })
    const [open, paper, ...greedy] = requests
    expect(open).toMatchObject({ path: '/v1/completions' })
    // vLLM takes what is left out from the model's generation_config.json: of many a model top-k 20 and a
    // penalty of 1.05.
    expect(open?.body).toEqual({
      ...{ model: 'served', prompt: 'A', max_tokens: 32, stop: ['\n'], n: 2, stream: false },
      ...{ temperature: 1, top_p: 1, min_p: 0, top_k: -1, repetition_penalty: 1, seed: expect.any(Number) }
    })
    expect(paper).toMatchObject({
      path: '/v1/chat/completions',
      body: {
        messages: [{ role: 'user', content: 'A' }],
        min_p: 0.1,
        top_k: 5,
        top_p: 0.9,
        chat_template_kwargs: { enable_thinking: false }
      }
    })
    // vLLM refuses several answers where nothing is drawn.
    const drawn = greedy.map(({ body }) => [body.n, body.temperature, body['top_p'], body['repetition_penalty']])
    expect(drawn).toEqual(Array(2).fill([1, 0, undefined, 1]))
    expect(new Set(greedy.map(({ body }) => body.seed)).size).toBe(2)
  })

  it('are drawn by llama.cpp in the order of the engine, with the penalty as it calls it', async () => {
    const { endpoint, requests } = await startAnswerEndpoint({ program: 'llama.cpp', n: 'refused' })
    await ask({ ...endpoint, concurrency: 1 }, ['A'], { count: 2 })
    const sampling = { ...PAPER_SAMPLING, temperature: 1.5, repetitionPenalty: 1.2 }
    const { learned } = await ask(endpoint, ['A'], { count: 1, sampling })
    const samplers = ['penalties', 'temperature', 'top_k', 'top_p', 'min_p']
    const [several, open, , penalised] = requests.map(({ body }) => body)
    expect([several?.n, open?.n]).toEqual([2, 1])
    expect(open).toMatchObject({ top_p: 1, min_p: 0, top_k: -1, repeat_penalty: 1, samplers })
    expect(open).not.toHaveProperty('repetition_penalty')
    expect(open).not.toHaveProperty('repeat_last_n')
    expect(penalised).toMatchObject({ min_p: 0.1, repeat_penalty: 1.2, repeat_last_n: 131_072, samplers })
    expect(learned).toMatchObject([{ server: 'llama.cpp' }])
  })

  it.each([
    { n: 'given', ways: ['2 true', '1 true', '2 false'] },
    { n: 'refused', ways: ['2 true', '1 true', '2 false', '1 false', '1 false'] }
  ] as const)(
    'come from a server that knows OpenAI and nothing else, n $n, once it is not told what is off',
    async ({ n, ways }) => {
      const { endpoint, requests, counts } = await startAnswerEndpoint({ program: 'unknown', n })
      const { answers, learned } = await ask(endpoint, ['A'], { count: 2 })
      expectAll(answers, 1, 2)
      expect(requests.map(({ body }) => `${body.n} ${'top_k' in body}`)).toEqual(ways)
      expect(counts.sent).toBe(2)
      expect(learned).toMatchObject([{ server: 'nginx' }])
    }
  )

  it('are empty for a prompt that a filter of contents refuses, and the other prompts are answered', async () => {
    const { endpoint, requests } = await startAnswerEndpoint({ refuses: (prompt) => prompt === 'A' })
    const { answers, refusals } = await ask({ ...endpoint, concurrency: 1 }, ['A', 'B', 'C'], { count: 20 })
    expectAll(answers, 3, 20)
    expect(answers.filter(({ text }) => text === '').map(({ prompt }) => prompt)).toEqual(Array(20).fill(0))
    expect(refusals).toEqual([[0, 'HTTP 400: {"error": {"code": "content_filter"}}']])
    // The other prompts are still asked for several answers at once.
    expect(requests.map(({ body }) => [body.prompt, body.n])).toEqual([
      ...[
        ['A', 16],
        ['A', 1],
        ['Name a colour.', 1]
      ],
      ...[
        ['B', 16],
        ['B', 4],
        ['C', 16],
        ['C', 4]
      ]
    ])
  })

  it('are refused where a filter of contents refuses the prompt, and failed where the server refuses it otherwise', async () => {
    const { endpoint } = await startAnswerEndpoint({
      refuses: (prompt) => prompt === 'A',
      tooLong: (prompt) => prompt === 'B'
    })
    const { answers } = await ask({ ...endpoint, concurrency: 1 }, ['A', 'B', 'C'], { count: 1 })
    expect(answers.map(({ text, finish }) => [text, finish])).toEqual([
      ['', 'refused'],
      ['', 'failed'],
      ['C 0', 'stop']
    ])
  })

  it('are empty and refused where a filter of contents has cut them, and the others of the prompt are kept', async () => {
    const answer = (_: string, place: number): string => (place === 1 ? 'FILTERED half' : `answer ${place}`)
    const { endpoint } = await startAnswerEndpoint({ answer })
    const { answers, refusals } = await ask(endpoint, ['A'], { count: 3 })
    expect(answers.map(({ text, finish }) => [text, finish])).toEqual([
      ['answer 0', 'stop'],
      ['', 'refused'],
      ['answer 2', 'stop']
    ])
    expect(refusals).toEqual([[0, 'finish_reason content_filter']])
  })

  it('fail where the only prompt is refused, or any prompt', async () => {
    const { endpoint } = await startAnswerEndpoint({ refuses: () => true })
    for (const prompts of [['A'], ['A', 'B']]) {
      const { message } = await problemOf(ask(endpoint, prompts))
      expect(message).toContain('refused the request (400): {"error": {"code": "content_filter"}}')
    }
  })

  it('wait for a model that the server is loading, for longer than for a failure', async () => {
    const { endpoint, requests } = await startAnswerEndpoint({ program: 'llama.cpp', loading: 12 })
    const { answers, again } = await ask(endpoint, ['A'])
    expectAll(answers, 1, 8)
    expect(requests).toHaveLength(1)
    expect(again).toHaveLength(12)
    expect(again[11]).toMatch(/\/models is loading its model\. Waiting until it has\.$/)
  })

  it('come after failures that pass: 429, 500, a cut connection, no JSON, no reply', async () => {
    const faults: Fault[] = ['busy', 'failed', 'cut', 'no JSON', 'silent']
    const { endpoint, requests, counts } = await startAnswerEndpoint({
      fault: (request) => faults[request - 1] ?? null
    })
    const { answers, again } = await ask(endpoint, ['A'], { timeoutMs: 200 })
    expectAll(answers, 1, 8)
    expect(requests).toHaveLength(6)
    // Each time it is said why, and which try comes next.
    expect(again.map((why) => /Trying again \((\d) of 6\)\.$/.exec(why)?.[1]).join('')).toBe('23456')
    expect(again[0]).toMatch(/^The endpoint at http:.* answered 429.*\. Trying again/)
    expect(counts.sent).toBe(8)
  })

  it.each<[Fault, RegExp]>([
    ['failed', /^The endpoint at http:.*\/v1\/completions answered 500: .*out of memory.*6 times in a row/],
    ['no JSON', /sent text that is not JSON: \{"choices": \[\{"text": "half, 6 times/],
    ['stream', /sends a stream, though it was asked for a whole reply\.$/],
    ['another model', /answered as "another", not as "served"/],
    ['five megabytes', /reply has more than \d+ bytes, more than what was asked for/]
  ])('are given up in words when it stays at: %s', async (fault, message) => {
    const { endpoint } = await startAnswerEndpoint({ fault: () => fault })
    const kept: EndpointAnswer[] = []
    const problem = await problemOf(ask({ ...endpoint, concurrency: 1 }, ['A', 'B'], { into: kept }))
    expect(problem.message).toMatch(message)
    expect(kept).toEqual([])
  })

  it('are refused at once, and asked for nowhere else, where the endpoint redirects', async () => {
    const { endpoint, requests } = await startAnswerEndpoint({ fault: () => 'elsewhere' })
    const { message } = await problemOf(ask({ ...endpoint, concurrency: 1 }, ['A']))
    expect(message).toMatch(/redirects to http:\/\/127\.0\.0\.1:9\/v1 \(302\), which is not followed/)
    expect(requests).toHaveLength(1)
  })

  it('fail at once where no connection was ever accepted', async () => {
    const { endpoint } = await startAnswerEndpoint({})
    const baseUrl = await closedAddress()
    const problem = await problemOf(ask({ ...endpoint, baseUrl }, ['A'], { firstPauseMs: 60_000 }))
    expect(problem.message).toBe(
      `The endpoint at ${baseUrl}/models cannot be reached: nothing takes connections there (ECONNREFUSED).`
    )
  })

  it('are refused at once where the port is one that HTTP never asks', async () => {
    const { endpoint } = await startAnswerEndpoint({})
    const baseUrl = 'http://127.0.0.1:6000/v1'
    allowForThisRun([{ baseUrl }])
    const problem = await problemOf(ask({ ...endpoint, baseUrl }, ['A']))
    expect(problem.message).toMatch(/127\.0\.0\.1:6000.* cannot be asked: its port is one of those that are kept/)
  })

  it('are not asked for where the model is another, or the key is refused', async () => {
    const other = await startAnswerEndpoint({ lists: ['llama', 'qwen'] })
    expect((await problemOf(ask(other.endpoint, ['A']))).message).toMatch(
      /serves no model "served": it lists llama, qwen/
    )
    const locked = await startAnswerEndpoint({ key: 'sk-1' })
    expect((await problemOf(ask(locked.endpoint, ['A'], { apiKey: 'sk-2' }))).message).toMatch(
      /\/models refused the key \(401\): .*no such key/
    )
    expect([...other.requests, ...locked.requests]).toEqual([])
    const { answers } = await ask(locked.endpoint, ['A'], { apiKey: 'sk-1' })
    expectAll(answers, 1, 8)
  })

  it('hold no key that the server repeats, nor does a refusal', async () => {
    const sent = 'sk-secret/of/the/user'
    // Copied keys often come with white space, which is not sent.
    const apiKey = ` ${sent} `
    const { endpoint } = await startAnswerEndpoint({
      answer: () => `Your key is ${sent}, in addresses ${encodeURIComponent(sent)}.`
    })
    const { answers } = await ask(endpoint, ['A'], { apiKey, count: 1 })
    expect(answers).toMatchObject([{ text: 'Your key is …, in addresses ….' }])
    const { settings, host } = await startJudgeEndpoint((_, response) =>
      response.writeHead(401).end(JSON.stringify({ error: `no such key: ${sent}` }).replaceAll('/', '\\/'))
    )
    const refused = await problemOf(ask({ ...endpoint, baseUrl: settings.baseUrl }, ['A'], { apiKey }))
    expect(refused.message).toContain('no such key: …')
    expect(refused.message).toContain(host)
  })

  it('are not asked for again where a reply holds too much', async () => {
    let asked = 0
    const { settings } = await startJudgeEndpoint((_, response) => {
      asked += 1
      response.writeHead(200, { 'content-type': 'application/json' }).end('['.repeat(1_000_000))
    })
    const { endpoint } = await startAnswerEndpoint({})
    const problem = await problemOf(ask({ ...endpoint, baseUrl: settings.baseUrl }, ['A']))
    expect(problem.message).toMatch(/\/models nests more than 100 deep/)
    expect(asked).toBe(1)
  })

  it('are of any model where any will do, and of a server that lists none', async () => {
    const { endpoint } = await startAnswerEndpoint({ lists: [], fault: () => 'another model' })
    const { learned } = await ask({ ...endpoint, anyModel: true }, ['A'], { count: 1 })
    expect(learned).toMatchObject([{ models: ['another'] }])
    const unlisted = await startAnswerEndpoint({ lists: null })
    expectAll((await ask(unlisted.endpoint, ['A'])).answers, 1, 8)
  })

  it('stop at once on cancel, and continue from stored answers', async () => {
    const { endpoint, counts } = await startAnswerEndpoint({ n: 'ignored' })
    const controller = new AbortController()
    const into: EndpointAnswer[] = []
    const prompts = Array.from({ length: 20 }, (_, prompt) => `Prompt ${prompt}`)
    const kept = () => into.length >= 50 && controller.abort()
    const problem = await problemOf(ask(endpoint, prompts, { into, signal: controller.signal, kept }))
    expect(problem).toMatchObject({ code: 'cancelled', message: 'Sampling was cancelled.' })
    const before = into.length
    expect(before).toBeLessThan(50 + endpoint.concurrency)
    await ask(endpoint, prompts, { there: [...into], into })
    expectAll(into, 20, 8)
    // No more is lost than was under way.
    expect(counts.sent - into.length).toBeLessThanOrEqual(endpoint.concurrency)
  })

  it('are all there after 1,000 at 32 at once with 2 % failures and a stop in the middle, each once', async () => {
    const most = Number(process.env['SLR_ENDPOINT_ANSWERS'] ?? 1_000)
    const faults: Fault[] = ['busy', 'failed', 'cut', 'no JSON']
    const fault = (request: number): Fault | null => (request % 50 === 7 ? (faults[(request / 50) & 3] ?? null) : null)
    const { endpoint, counts } = await startAnswerEndpoint({ n: 'ignored', fault, delayMs: 5, together: 32 })
    const prompts = Array.from({ length: most / 100 }, (_, prompt) => `Prompt ${prompt}`)
    const controller = new AbortController()
    const into: EndpointAnswer[] = []
    const wide = { ...endpoint, concurrency: 32 }
    const kept = () => into.length >= most / 2 && controller.abort()
    // A busy machine may take a while: what is not waited for is sent, and asked for again.
    const patient = { count: 100, into, timeoutMs: 60_000 }
    await problemOf(ask(wide, prompts, { ...patient, signal: controller.signal, kept }))
    await ask(wide, prompts, { ...patient, there: [...into] })
    expectAll(into, prompts.length, 100)
    expect(counts.mostUnderWay).toBe(32)
    expect(counts.sent - into.length).toBeLessThanOrEqual(32)
  })
})
