import { connect, type Socket } from 'node:net'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { elementAt, mapGet } from '../../../src/contract/model/look-up'
import { rangeModel } from '../../../src/contract/model/model'
import type { ApiServer } from '../../../src/main/api/api-server'
import { pairPaths } from '../../../src/main/project/demo'
import { recentTextModel } from '../../../src/main/text/recent-text-models'
import { exitStatus, startCli, waitForOutput } from '../../fixtures/cli'
import { runHere } from '../../fixtures/command-line'
import { serveDemo } from '../../fixtures/served-models'
import { sharedEngine } from '../../fixtures/shared-engine'

const PROMPTS = ['a big box.', 'Pick a letter.', 'Say hello to Ann.']
/** Biases that rule out all special tokens, so that no answer ends early. */
const WITHOUT_END = Object.fromEntries(Array.from({ length: 8 }, (_, token) => [token, -100]))
const MODELS = ['base', 'base:few-shot', 'post', '5-11', 'mix:0.5']

const Sampled = z.object({
  answers: z.array(z.object({ variant: z.string(), prompt: z.number(), text: z.string() }))
})

/** Texts of `slr sample` by model and prompt. */
async function sampled(models: readonly string[], options: readonly string[]): Promise<Map<string, string[]>> {
  const prompts = PROMPTS.flatMap((prompt) => ['--prompt', prompt])
  const args = ['sample', '--blend-demo', ...models, ...prompts, '--max-tokens', '20', '--json', '--quiet', ...options]
  const { stdout, stderr, status } = await runHere(args)
  expect(status, stderr).toBe(0)
  const texts = new Map<string, string[]>()
  for (const { variant, prompt, text } of Sampled.parse(JSON.parse(stdout)).answers) {
    const key = `${variant}/${prompt}`
    texts.set(key, [...(texts.get(key) ?? []), text])
  }
  return texts
}

let demo: ApiServer
let client: OpenAI

beforeAll(async () => {
  demo = await serveDemo()
  client = new OpenAI({ baseURL: demo.url, apiKey: 'none', maxRetries: 0 })
})
afterAll(() => demo.close())

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {}
): Promise<Response> {
  return fetch(`${demo.url}${path}`, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', ...headers }
  })
}

/** Writes a request for completions as it goes over a connection. */
function rawRequest(fields: object): string {
  const body = JSON.stringify({ model: 'post', prompt: 'a', ...fields })
  const head = ['POST /v1/completions HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: application/json']
  return [...head, `Content-Length: ${body.length}`, '', body].join('\r\n')
}

/** Opens a connection that reads nothing. */
function connection(text: string, { port }: ApiServer = demo): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(text)
  return socket
}

const metricsText = async (): Promise<string> => (await fetch(demo.url.replace('/v1', '/metrics'))).text()

/** Waits until a number of answers run. */
const waitForAnswers = (count: number): Promise<void> =>
  vi.waitFor(async () => expect(Metric('slr_answers_in_progress', await metricsText())).toBe(count), 5_000)

const ErrorReply = z.object({ error: z.object({ message: z.string(), param: z.string().nullable() }) })
const Metric = (name: string, text: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])

describe('answers of the API', () => {
  it('are those of slr sample when many requests of several models run at once', async () => {
    const expected = await sampled(MODELS, ['--greedy', '--n', '1'])
    expect(expected.get('base:few-shot/0')?.[0]).toMatch(/^\S/)
    const jobs = MODELS.flatMap((model) => PROMPTS.map((content, prompt) => ({ model, content, prompt })))
    const answers = await Promise.all(
      jobs.map(({ model, content }) =>
        client.chat.completions.create({
          model,
          messages: [{ role: 'user', content }],
          temperature: 0,
          max_completion_tokens: 20
        })
      )
    )
    for (const [i, { model, prompt }] of jobs.entries()) {
      const [text] = mapGet(expected, `${model}/${prompt}`, 'answer')
      expect(answers[i]?.choices[0]?.message.content).toBe(text)
    }
  })

  it('draw as slr sample does with the same seed', async () => {
    const expected = await sampled(['5-11'], ['--temperature', '1', '--top-k', '0', '--seed', '7', '--n', '3'])
    const { choices, usage } = await client.chat.completions.create({
      ...{ model: '5-11', temperature: 1, seed: 7, n: 3, max_tokens: 20 },
      messages: [{ role: 'user', content: elementAt(PROMPTS, 0, 'prompt') }]
    })
    expect(choices.map(({ message }) => message.content)).toEqual(mapGet(expected, '5-11/0', 'answers'))
    expect(usage?.completion_tokens).toBeGreaterThan(3)
  })

  it('arrive in pieces that join to the whole answer, with the usage at the end', async () => {
    const request = {
      ...{
        model: 'base',
        prompt: 'The quick brown',
        temperature: 1,
        seed: 4,
        n: 2,
        max_tokens: 24,
        stop: ['e ']
      }
    }
    const whole = await client.completions.create(request)
    const stream = await client.completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true }
    })
    const texts = ['', '']
    const ends: unknown[] = []
    const usages: unknown[] = []
    for await (const chunk of stream) {
      for (const { index, text, finish_reason } of chunk.choices) {
        texts[index] += text
        if (finish_reason) ends[index] = finish_reason
      }
      usages.push(chunk.usage)
    }
    expect(texts).toEqual(whole.choices.map(({ text }) => text))
    expect(ends).toEqual(whole.choices.map(({ finish_reason }) => finish_reason))
    expect(usages.pop()).toEqual(whole.usage)
    expect(new Set(usages)).toEqual(new Set([null]))
  })

  it('are read by the program itself as by any client of such an API', async () => {
    const expected = await sampled(['post'], ['--greedy', '--n', '1'])
    const served = await sampled([`post=post@${demo.url}`], ['--greedy', '--n', '1'])
    expect(served).toEqual(expected)
  })

  it('begin with tokens of the exact distribution', async () => {
    const folders = pairPaths({ kind: 'demo', pair: 'blend' })
    const text = await recentTextModel(folders.post)
    const [tokens = []] = await text.encodeAll(['a big'], true)
    const { logits } = await sharedEngine
      .client()
      .probe({ ...folders, device: 'cpu', model: { kind: 'base' }, prompts: [tokens] })
    const weights = elementAt(logits, 0, 'prompt').map(Math.exp)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const texts = await text.decodeAll(weights.map((_, token) => [token]))
    const shares = new Map<string, number>()
    for (const [token, weight] of weights.entries()) {
      const word = elementAt(texts, token, 'token')
      shares.set(word, (shares.get(word) ?? 0) + weight / total)
    }
    const count = 1_000
    const seen = new Map<string, number>()
    for (let seed = 0; seed < count / 100; seed++) {
      const { choices } = await client.completions.create({
        ...{ model: 'base', prompt: 'a big', temperature: 1, max_tokens: 1, n: 100, seed }
      })
      for (const { text: word } of choices) seen.set(word, (seen.get(word) ?? 0) + 1)
    }
    const frequent = [...shares].filter(([, share]) => count * share >= 5)
    const otherShare = 1 - frequent.reduce((sum, [, share]) => sum + share, 0)
    const frequentWords = new Set(frequent.map(([word]) => word))
    const others = [...seen].reduce((sum, [word, n]) => sum + (frequentWords.has(word) ? 0 : n), 0)
    const cells = [
      ...frequent.map(([word, share]) => [seen.get(word) ?? 0, share] as const),
      [others, otherShare] as const
    ]
    const chiSquare = cells.reduce((sum, [n, share]) => sum + (n - count * share) ** 2 / (count * share), 0)
    const freedom = cells.length - 1
    expect(freedom).toBeGreaterThan(5)
    // Three standard deviations above the mean of the chi-square distribution.
    expect(chiSquare).toBeLessThan(freedom + 3 * Math.sqrt(2 * freedom))
  })

  it('end where their client leaves', async () => {
    const stop = new AbortController()
    const stream = await client.completions.create(
      { model: 'post', prompt: 'a', max_tokens: 480, temperature: 1, logit_bias: WITHOUT_END, stream: true },
      { signal: stop.signal }
    )
    for await (const chunk of stream) {
      void chunk
      stop.abort()
      break
    }
    await waitForAnswers(0)
  })

  it('end where the client of several requests on one connection leaves', async () => {
    const request = rawRequest({ max_tokens: 480, temperature: 1, logit_bias: WITHOUT_END, n: 16 })
    const socket = connection(request.repeat(3))
    await waitForAnswers(48)
    socket.destroy()
    await waitForAnswers(0)
  })
})

describe('log-probabilities of the API', () => {
  it('of an echoed prompt are those of slr sample --next', async () => {
    const prompt = [28, 257, 105, 7, 9, 300]
    const { choices } = await client.completions.create({
      ...{ model: '5-11', prompt, max_tokens: 1, echo: true, logprobs: 1, temperature: 0 }
    })
    const lists = choices[0]?.logprobs
    const folders = pairPaths({ kind: 'demo', pair: 'blend' })
    const prompts = prompt.map((_, i) => prompt.slice(0, i + 1))
    const model = { kind: 'recipe' as const, recipe: { name: '5-11', ranges: [[5, 11] as [number, number]] } }
    const { logits } = await sharedEngine.client().probe({ ...folders, device: 'cpu', model, prompts })
    const expected = logits.map((ofPrompt, i) => {
      const logSum = Math.log(ofPrompt.reduce((sum, logit) => sum + Math.exp(logit), 0))
      const best = Math.max(...ofPrompt)
      return (ofPrompt[prompt[i + 1] ?? -1] ?? best) - logSum
    })
    expect(lists?.token_logprobs?.[0]).toBeNull()
    const received = lists?.token_logprobs?.slice(1) ?? []
    expect(received).toHaveLength(expected.length)
    for (const [i, value] of expected.entries()) expect(Math.abs(Number(received[i]) - value)).toBeLessThan(1e-4)
  })

  it('have offsets in the text, also of a character that is split over several tokens', async () => {
    const prompt = 'a🙂b'
    const { choices } = await client.completions.create({
      ...{ model: 'post', prompt, max_tokens: 1, echo: true, logprobs: 1, temperature: 0 }
    })
    const { tokens = [], text_offset: offsets = [] } = choices[0]?.logprobs ?? {}
    expect(offsets[tokens.indexOf('b')]).toBe(prompt.indexOf('b'))
    expect(tokens.indexOf('b')).toBeGreaterThan(2)
  })

  it('of several prompts have one more entry than each prompt, also where the answer ends at once', async () => {
    // The request and the sums of log-likelihood tasks in lm-evaluation-harness, lm_eval/models/openai_completions.py.
    const prompts = [
      [28, 257, 105, 7],
      [28, 257, 9]
    ]
    const text = await recentTextModel(pairPaths({ kind: 'demo', pair: 'blend' }).post)
    const [[end] = []] = await text.encodeAll([mapGet(text.specialTokens, 'eos_token', 'token')])
    const { choices } = await client.completions.create({
      ...{
        model: 'post',
        prompt: prompts,
        temperature: 0,
        max_tokens: 1,
        logprobs: 1,
        seed: 1234,
        echo: true
      },
      logit_bias: { [String(end)]: 100 }
    })
    const contextLength = 2
    for (const [i, prompt] of prompts.entries()) {
      const { token_logprobs = [], top_logprobs = [], tokens } = choices[i]?.logprobs ?? {}
      expect([tokens?.length, token_logprobs?.length]).toEqual([prompt.length + 1, prompt.length + 1])
      const continuation = token_logprobs?.slice(contextLength, -1) ?? []
      expect(continuation).toHaveLength(prompt.length - contextLength)
      for (const [place, logprob] of continuation.entries())
        expect(Object.values(top_logprobs?.[contextLength + place] ?? {})).toContain(logprob)
    }
  })

  it('name the likeliest tokens, and a bias changes draws but not them', async () => {
    const request = {
      ...{ model: 'post', temperature: 0, max_tokens: 1, logprobs: true, top_logprobs: 3 },
      messages: [{ role: 'user' as const, content: 'Say hello.' }]
    }
    const plain = await client.chat.completions.create(request)
    const first = plain.choices[0]?.logprobs?.content?.[0]
    const values = (first?.top_logprobs ?? []).map(({ logprob }) => logprob)
    expect(values).toEqual(values.toSorted((a, b) => b - a))
    expect(first?.top_logprobs[0]?.token).toBe(first?.token)
    const [second] = await (
      await recentTextModel(pairPaths({ kind: 'demo', pair: 'blend' }).post)
    ).encodeAll([first?.top_logprobs[1]?.token ?? ''])
    const biased = await client.chat.completions.create({
      ...request,
      logit_bias: { [String(second?.[0])]: 100 }
    })
    const chosen = biased.choices[0]?.logprobs?.content?.[0]
    expect(chosen?.token).toBe(first?.top_logprobs[1]?.token)
    expect(chosen?.logprob).toBeCloseTo(values[1] ?? 0, 4)
  })

  it('have no bytes for a token with a part of a character, because its text lacks them', async () => {
    const firstByteOfAccents = 201
    const { choices } = await client.chat.completions.create({
      ...{ model: 'post', temperature: 0, max_tokens: 1, logprobs: true },
      messages: [{ role: 'user', content: 'Say hello.' }],
      logit_bias: { [firstByteOfAccents]: 100 }
    })
    expect(choices[0]?.logprobs?.content).toMatchObject([{ token: '\uFFFD', bytes: null }])
  })
})

describe('a request of the API', () => {
  it.each([
    [{ tools: [{}] }, 'tools'],
    [{ response_format: { type: 'json_object' } }, 'response_format'],
    [{ frequency_penalty: 0.5 }, 'frequency_penalty'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 'messages.0.content.0.type'],
    [{ temperature: -1 }, 'temperature'],
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ constructor: 1 }, 'constructor']
  ])('is refused by the name of its field: %j', async (fields, param) => {
    const body = { model: 'post', messages: [{ role: 'user', content: 'Hi' }], ...fields }
    const response = await post('/chat/completions', JSON.stringify(body))
    expect(response.status).toBe(400)
    expect(ErrorReply.parse(await response.json()).error.param).toBe(param)
  })

  it.each([
    [{ prompt: [999_999] }, 'prompt: token 999999 is outside the vocabulary of 2,048 tokens.'],
    [{ prompt: [-1] }, 'prompt: token -1 is outside the vocabulary of 2,048 tokens.'],
    [{ prompt: [1, 2.5] }, 'prompt.1: expected a whole number, found 2.5'],
    [{ prompt: { text: 'a' } }, 'prompt: expected a text, a list of texts, token ids, or lists of token ids'],
    [{ prompt: 'x'.repeat(8_193) }, "prompt: 8,193 characters do not fit into post's context of 512 tokens."],
    [{ stop: Array.from({ length: 17 }, () => 'x') }, 'stop: expected at most 16 entries, found a list'],
    [{ logit_bias: { a: 1 } }, 'logit_bias.a: expected token ids as names']
  ])('is refused with the values that its field may have: %j', async (fields, message) => {
    const response = await post('/completions', JSON.stringify({ model: 'post', prompt: 'a', ...fields }))
    expect(response.status).toBe(400)
    expect(ErrorReply.parse(await response.json()).error.message).toBe(message)
  })

  it('is refused with the code that clients know if it is longer than the context', async () => {
    const messages = [{ role: 'user' as const, content: 'box '.repeat(600) }]
    const error: unknown = await client.chat.completions
      .create({ model: 'post', messages })
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ status: 400, code: 'context_length_exceeded', param: 'messages' })
  })

  it('is refused if its model, host, origin, type or JSON is wrong', async () => {
    const body = JSON.stringify({ model: 'post', prompt: 'a' })
    const statuses = [
      await post('/completions', JSON.stringify({ model: 'x', prompt: 'a' })),
      await post('/completions', body, { Origin: 'https://other.example' }),
      await post('/completions', body, { 'Content-Type': 'text/plain' }),
      await post('/completions', '{'),
      await post('/completions', Buffer.from(body.replace('"a"', '"\xff"'), 'latin1')),
      await post('/completions', `"${'x'.repeat(8_000_001)}"`)
    ].map(({ status }) => status)
    expect(statuses).toEqual([404, 403, 415, 400, 400, 413])
  })

  it('is dropped without a word of failure if its client leaves before the end of the body', async () => {
    const failures = vi.spyOn(console, 'error')
    const left = /^slr_requests_total\{path="\/v1\/completions",status="left"\} (\d+)$/m
    const countLeft = async (): Promise<number> => Number(left.exec(await metricsText())?.[1] ?? 0)
    const before = await countLeft()
    const socket = connection(rawRequest({}).slice(0, -1))
    socket.end()
    await vi.waitFor(async () => expect(await countLeft()).toBe(before + 1))
    expect(await metricsText()).toMatch(/path="\/metrics",status="200"/)
    expect(await metricsText()).not.toMatch(/path="\/metrics",status="left"/)
    expect(failures).not.toHaveBeenCalled()
    failures.mockRestore()
  })

  it('loses its connection if its client takes nothing of the reply', async () => {
    const impatient = await serveDemo({ unreadMs: 100 })
    const prompt = Array.from({ length: 500 }, (_, i) => i + 100)
    const socket = connection(rawRequest({ prompt, n: 16, echo: true, logprobs: 20, max_tokens: 0 }), impatient)
    let hasFailed = false
    socket.once('error', () => (hasFailed = true))
    await vi.waitFor(
      () => {
        socket.write('\r\n')
        expect(hasFailed).toBe(true)
      },
      { timeout: 10_000, interval: 500 }
    )
    await impatient.close()
  })

  it('needs the key, and more answers than the queue takes are refused with 429', async () => {
    const guarded = await serveDemo({ key: 'a-secret-key', maxAnswers: 2 })
    const withKey = new OpenAI({ baseURL: guarded.url, apiKey: 'a-secret-key', maxRetries: 0 })
    const withoutKey = new OpenAI({ baseURL: guarded.url, apiKey: 'a-secret-kex', maxRetries: 0 })
    await expect(withoutKey.models.list()).rejects.toMatchObject({ status: 401 })
    expect((await withKey.models.list()).data.map(({ id }) => id)).toEqual(MODELS)
    const request = { model: 'post', prompt: 'a', max_tokens: 8, n: 2 }
    const results = await Promise.allSettled([withKey.completions.create(request), withKey.completions.create(request)])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const [refused] = results.filter((result) => result.status === 'rejected')
    expect(refused?.reason).toMatchObject({ status: 429, code: 'queue_full' })
    await guarded.close()
  })
})

describe('a model that only a request names', () => {
  it('is loaded beside the others, which answer as before', async () => {
    const growing = await serveDemo({
      findVariant: async (name) => (name === '3-4' ? { ...rangeModel({ start: 3, end: 4 }), name } : null)
    })
    const growingClient = new OpenAI({ baseURL: growing.url, apiKey: 'none', maxRetries: 0 })
    const ask = async (model: string): Promise<string | undefined> => {
      const request = { model, prompt: 'The quick brown', temperature: 0, max_tokens: 12 }
      return (await growingClient.completions.create(request)).choices[0]?.text
    }
    const before = await ask('post')
    const [during, added] = await Promise.all([ask('post'), ask('3-4')])
    expect([during, await ask('post')]).toEqual([before, before])
    expect(added).toBeTypeOf('string')
    expect((await growingClient.models.list()).data.map(({ id }) => id)).toEqual([...MODELS, '3-4'])
    await expect(ask('9-99')).rejects.toMatchObject({ status: 404 })
    await growing.close()
  })

  it('interrupts no answer if an equal model is served under another name', async () => {
    const renamed = await serveDemo({
      findVariant: async (name) => ({
        ...rangeModel(name === '3-4' ? { start: 3, end: 4 } : { start: 5, end: 11 }),
        name
      })
    })
    const renamedClient = new OpenAI({ baseURL: renamed.url, apiKey: 'none', maxRetries: 0 })
    const request = { prompt: 'The quick brown', temperature: 0, max_tokens: 12 }
    const long = { ...request, model: 'post', max_tokens: 450, logit_bias: WITHOUT_END }
    const answer = await renamedClient.completions.create({ ...long, stream: true })
    let isOver = false
    const reading = (async () => {
      for await (const piece of answer) isOver = piece.choices[0]?.finish_reason !== null
    })()
    const texts: (string | undefined)[] = []
    for (const model of ['05-11', '5-11'])
      texts.push((await renamedClient.completions.create({ ...request, model })).choices[0]?.text)
    expect(isOver).toBe(false)
    expect(texts[0]).toBe(texts[1])
    await reading
    // The models are loaded again with one more, so that both names must differ.
    expect((await renamedClient.completions.create({ ...request, model: '3-4' })).choices).toHaveLength(1)
    await renamed.close()
  })

  it('is refused beside 64 others', async () => {
    const variants = Array.from({ length: 64 }, (_, i) => {
      const name = `mix:${i / 100}`
      return { name, variant: { kind: 'baseline', name, baseline: { kind: 'mix', share: i / 100 } } } as const
    })
    const full = await serveDemo({
      variants,
      findVariant: async (name) => ({ ...rangeModel({ start: 3, end: 4 }), name })
    })
    const fullClient = new OpenAI({ baseURL: full.url, apiKey: 'none', maxRetries: 0 })
    await expect(fullClient.completions.create({ model: '3-4', prompt: 'a' })).rejects.toMatchObject({
      status: 503,
      code: 'too_many_models'
    })
    await full.close()
  })

  it('takes its place in the queue while its model is loaded', async () => {
    let find = (): void => undefined
    const finding = new Promise<void>((resolve) => (find = resolve))
    const slow = await serveDemo({ maxAnswers: 1, findVariant: () => finding.then(() => null) })
    const slowClient = new OpenAI({ baseURL: slow.url, apiKey: 'none', maxRetries: 0 })
    const ask = (): Promise<unknown> => slowClient.completions.create({ model: 'x', prompt: 'a' })
    const results = Promise.allSettled([ask().finally(find), ask().finally(find)])
    const statuses = (await results).map((result) => result.status === 'rejected' && result.reason.status)
    expect(statuses.toSorted()).toEqual([404, 429])
    await slow.close()
  })
})

describe('slr serve', () => {
  it('prints its address and its models, and ends on Ctrl-C', async () => {
    const child = startCli(['serve', '--blend-demo', '5-11', 'blend:0.5', '--port', '0', '--json'])
    const ended = exitStatus(child)
    const printed = z
      .object({ kind: z.literal('api-address'), url: z.url(), models: z.array(z.string()) })
      .parse(JSON.parse(await waitForOutput(child.stdout, /\}\n/)))
    expect(printed.models).toEqual(['5-11', 'blend:0.5'])
    const health = await fetch(printed.url.replace('/v1', '/health'))
    expect(await health.json()).toEqual({ status: 'ok' })
    child.kill('SIGINT')
    expect(await ended).toBe(130)
  })
})
