import { setTimeout as sleep } from 'node:timers/promises'
import pRetry from 'p-retry'
import type { z } from 'zod'
import type { EndpointContact } from '../../contract/model/endpoint'
import { inputError, WorkbenchError } from '../../contract/model/problem'
import { parseIfJson } from '../base/files/bounded-json'
import { throwIfCancelled } from '../base/files/cancelling'
import { sendRequest } from './contact'
import { unreachableReason, reachProblem, reasonOf, endpointMessage } from './reachable'

/** How long a client waits for an endpoint. */
export interface EndpointPatience {
  /** Limit of one reply. Node's fetch waits at most five minutes for the first byte. */
  timeoutMs: number
  /** Pause before the first repetition, doubled for each further one. */
  firstPauseMs: number
}
const PATIENCE: EndpointPatience = { timeoutMs: 290_000, firstPauseMs: 1_000 }

const RETRIES = 5
const MAX_PAUSE_MS = 60_000
/** Longest wait for a model to load; large models may be on slow disks. */
const MAX_LOADING_MS = 900_000
/** Most JSON values in a reply. Servers send some per answer; token probabilities are not requested. */
const MAX_REPLY_VALUES = 100_000
/** Shortest key that is removed from texts, longer than words such as EMPTY. */
const MIN_SECRET_CHARACTERS = 12
/** Most characters of a reply that messages quote. */
const QUOTED_CHARACTERS = 300

/** The use of an endpoint: words for messages, the key, and the pace of requests. */
interface EndpointUse {
  /** Subject of messages, such as "The judge". */
  who: string
  /** Work that a cancellation stops, such as "Judging". */
  work: string
  /** Advice for a failure. */
  later: string
  apiKey: string | null
  patience?: EndpointPatience | undefined
  onRepeat?: ((why: string) => void) | undefined
  /** Schedules each request, including repetitions; sent at once if omitted. */
  pace?: <Result>(request: () => Promise<Result>, signal: AbortSignal) => Promise<Result>
}

/** One request, and the schema of its reply. */
interface EndpointQuestion<Reply> {
  /** Path below the endpoint's address, such as `/chat/completions`. */
  path: string
  /** Body of a POST request; a GET request if omitted. */
  body?: unknown
  /** Name of the expected reply in messages, such as "a list of models". */
  name: string
  schema: z.ZodType<Reply>
  maxBytes: number
}

interface EndpointReply<Reply> {
  reply: Reply
  /** Header `server` of the reply. */
  server: string | null
}

/** The endpoint has refused a request, so that repeating it is useless. */
export class EndpointRefusal extends WorkbenchError {
  constructor(
    readonly status: number,
    message: string,
    hint: string,
    /** The endpoint's words. */
    readonly text: string
  ) {
    super('bad-input', message, hint)
  }

  /** Reports whether the cause may be the body of this request: a field, its length, or a filter of contents. */
  get mayBeOfBody(): boolean {
    return [400, 413, 422].includes(this.status)
  }
}

/** Words that no filter of contents and no limit of length refuses. */
export const HARMLESS_WORDS = 'Name a colour.'

/** A failure that may be temporary, so that the request is repeated. */
class PassingFailure extends Error {
  constructor(
    message: string,
    /** Pause that the endpoint asked for, in milliseconds. */
    readonly pauseMs: number,
    readonly isLoading = false
  ) {
    super(message)
  }
}

/** Client of an OpenAI-compatible endpoint, which repeats failed requests. */
export class EndpointClient {
  private readonly patience: EndpointPatience
  private readonly apiKey: string | null
  private hasReplied = false

  constructor(
    private readonly address: EndpointContact,
    private readonly use: EndpointUse
  ) {
    this.patience = use.patience ?? PATIENCE
    // Headers are sent without outer white space, so a server repeats the key without it.
    this.apiKey = use.apiKey?.trim() ?? null
  }

  /**
   * Sends one request. After temporary failures (429, 5xx, broken connection or JSON, timeout) it is repeated up to
   * five times. While the server loads its model, it is repeated up to a time limit. An address that was never reached
   * is not tried again.
   *
   * @throws EndpointRefusal with the endpoint's words
   */
  async ask<Reply>(question: EndpointQuestion<Reply>, signal: AbortSignal): Promise<EndpointReply<Reply>> {
    const pace: NonNullable<EndpointUse['pace']> = this.use.pace ?? ((request) => request())
    const url = this.urlOf(question.path)
    const startedMs = performance.now()
    const isWaiting = (error: unknown): boolean =>
      error instanceof PassingFailure && error.isLoading && performance.now() - startedMs < MAX_LOADING_MS
    try {
      return await pRetry(() => pace(() => this.attempt(url, question, signal), signal), {
        retries: RETRIES,
        minTimeout: this.patience.firstPauseMs,
        maxTimeout: MAX_PAUSE_MS,
        randomize: true,
        signal,
        shouldRetry: ({ error }) => error instanceof PassingFailure,
        shouldConsumeRetry: ({ error }) => !isWaiting(error),
        onFailedAttempt: async ({ error, retriesConsumed, retriesLeft }) => {
          if (!(error instanceof PassingFailure) || retriesLeft === 0) return
          const next = isWaiting(error)
            ? 'Waiting until it has.'
            : `Trying again (${retriesConsumed + 2} of ${RETRIES + 1}).`
          this.use.onRepeat?.(`${this.message(url, error.message)} ${next}`)
          if (error.pauseMs > 0) await sleep(error.pauseMs, undefined, { signal })
        }
      })
    } catch (error) {
      throwIfCancelled(signal, this.use.work)
      if (!(error instanceof PassingFailure)) throw error
      throw this.problem(url, `${error.message}, ${RETRIES + 1} times in a row`, this.use.later)
    }
  }

  private urlOf(path: string): string {
    return `${this.address.baseUrl.replace(/\/+$/, '')}${path}`
  }

  private async attempt<Reply>(
    url: string,
    question: EndpointQuestion<Reply>,
    signal: AbortSignal
  ): Promise<EndpointReply<Reply>> {
    const { response, text } = await this.fetchText(url, question, signal)
    if (!response.ok) throw this.refusal(url, response, text)
    if (isStream(response)) {
      throw this.problem(
        url,
        'sends a stream, though it was asked for a whole reply',
        'Have the server keep to "stream": false.'
      )
    }
    // A reply that does not begin like JSON, such as an HTML page, is not parsed.
    const isJson = /^\s*[[{]/.test(text)
    const value = isJson ? parseIfJson(text, `The reply of ${url}`, { values: MAX_REPLY_VALUES }) : undefined
    if (value === undefined && hasJsonType(response)) {
      throw new PassingFailure(`sent text that is not JSON: ${quoted(text)}`, 0)
    }
    const reply = question.schema.safeParse(value)
    const server = response.headers.get('server')
    if (reply.success) return { reply: reply.data, server: server === null ? null : this.withoutKey(server) }
    throw this.problem(
      url,
      `sent something else than ${question.name}`,
      `Does the address end where ${question.path} begins? That of most servers ends with /v1.`
    )
  }

  private async fetchText(
    url: string,
    { body, maxBytes }: EndpointQuestion<unknown>,
    signal: AbortSignal
  ): Promise<{ response: Response; text: string }> {
    const { work, who } = this.use
    const limit = new RequestLimit(signal, this.patience.timeoutMs)
    try {
      const response = await sendRequest(this.address, url, { body, apiKey: this.apiKey, signal: limit.signal })
      this.hasReplied = true
      return { response, text: this.withoutKey(await boundedText(response, maxBytes, who)) }
    } catch (error) {
      throwIfCancelled(signal, work)
      if (error instanceof WorkbenchError) throw error
      if (isBarredPort(error)) {
        throw this.problem(
          url,
          'cannot be asked: its port is one of those that are kept for other protocols and never asked by HTTP',
          'Serve the model at another port, such as 8000.'
        )
      }
      const whyUnreachable = unreachableReason(reasonOf(error))
      if (whyUnreachable !== null && !this.hasReplied) throw this.problem(url, whyUnreachable, this.use.later)
      const reason = limit.isOver ? `did not reply within ${this.patience.timeoutMs / 1000} s` : reachProblem(error)
      throw new PassingFailure(reason, 0)
    } finally {
      limit.end()
    }
  }

  /** Removes the key from a text: a server may repeat it, and it must be neither shown nor stored. */
  private withoutKey(text: string): string {
    const { apiKey } = this
    if (apiKey === null || apiKey.length < MIN_SECRET_CHARACTERS) return text
    // As it is, as some servers write it in JSON, and as part of an address.
    const forms = [apiKey, apiKey.replaceAll('/', '\\/'), encodeURIComponent(apiKey)]
    return forms.reduce((cleared, form) => cleared.replaceAll(form, '…'), text)
  }

  /** Returns the error for a reply with a status of failure. */
  private refusal(url: string, response: Response, text: string): Error {
    const { status } = response
    const quotation = text.trim() === '' ? '' : `: ${quoted(text)}`
    // Words of llama.cpp, tools/server/server-http.cpp.
    if (status === 503 && /\bloading model\b/i.test(text)) {
      return new PassingFailure('is loading its model', this.patience.firstPauseMs, true)
    }
    if (status === 429 || status >= 500) {
      return new PassingFailure(`answered ${status}${quotation}`, pauseMs(response.headers.get('retry-after')))
    }
    const refusal = (what: string, hint: string): EndpointRefusal =>
      new EndpointRefusal(status, this.message(url, what), hint, text)
    if (status >= 300 && status < 400) {
      const location = quoted(this.withoutKey(response.headers.get('location') ?? 'another address'))
      const what = `redirects to ${location} (${status}), which is not followed`
      return refusal(what, 'Name the address that answers by itself.')
    }
    if (status === 401 || status === 403)
      return refusal(`refused the key (${status})${quotation}`, 'Give an API key that it knows.')
    return refusal(`refused the request (${status})${quotation}`, 'Check the address and the name of the model.')
  }

  private problem(url: string, what: string, hint: string): WorkbenchError {
    return inputError(this.message(url, what), hint)
  }

  private message(url: string, what: string): string {
    return endpointMessage(this.use.who, url, what)
  }
}

/** Ends one request at its time limit, or when all work is cancelled. */
class RequestLimit {
  isOver = false
  private readonly controller = new AbortController()
  private readonly timer: ReturnType<typeof setTimeout>

  constructor(
    private readonly all: AbortSignal,
    timeoutMs: number
  ) {
    this.timer = setTimeout(() => {
      this.isOver = true
      this.controller.abort()
    }, timeoutMs)
    if (all.aborted) this.stop()
    all.addEventListener('abort', this.stop)
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  end(): void {
    clearTimeout(this.timer)
    this.all.removeEventListener('abort', this.stop)
  }

  private readonly stop = (): void => this.controller.abort()
}

const quoted = (text: string): string => text.trim().slice(0, QUOTED_CHARACTERS)

const hasJsonType = (response: Response): boolean => /\bjson\b/i.test(response.headers.get('content-type') ?? '')

const isStream = (response: Response): boolean =>
  /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')

async function boundedText(response: Response, maxBytes: number, who: string): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let byteCount = 0
  for await (const chunk of response.body) {
    byteCount += chunk.byteLength
    if (byteCount > maxBytes) {
      throw inputError(
        `${who}'s reply has more than ${maxBytes} bytes, more than what was asked for can have.`,
        'Does the server keep to max_tokens?'
      )
    }
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Reads the header `retry-after`, which holds seconds or a date. @returns milliseconds; 0 for no pause */
function pauseMs(retryAfter: string | null): number {
  if (retryAfter === null) return 0
  const requestedMs = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now()
  return Number.isFinite(requestedMs) ? Math.min(MAX_PAUSE_MS, Math.max(0, requestedMs)) : 0
}

/** Reports whether the Fetch standard forbids the port, so that repeating is useless. */
const isBarredPort = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && error.cause.message === 'bad port'
