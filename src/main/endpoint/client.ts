import { setTimeout as sleep } from 'node:timers/promises'
import pRetry from 'p-retry'
import type { z } from 'zod'
import type { EndpointContact } from '../../contract/model/endpoint'
import { WorkbenchError } from '../../contract/model/problem'
import { parseIfJson } from '../base/files/bounded-json'
import { throwIfCancelled } from '../base/files/cancelling'
import { sendRequest } from './contact'
import { nobodyThere, reachProblem, reasonOf, saidOf } from './reachable'

/** How long things may take; tests have less patience. */
export interface EndpointPatience {
  /** For one reply: local models may think for long. Node's fetch waits no longer than five minutes for the first byte. */
  timeoutMs: number
  /** Before the first repetition; doubled for each after it. */
  firstPauseMs: number
}
const PATIENCE: EndpointPatience = { timeoutMs: 290_000, firstPauseMs: 1_000 }

const RETRIES = 5
const MOST_PAUSE_MS = 60_000
/** Large models come from slow disks. */
const MOST_LOADING_MS = 900_000
/** Servers send some values with each answer; asked for nothing more, they send no probabilities of tokens. */
const MAX_REPLY_VALUES = 100_000
/** Local servers take shorter keys that are words, such as EMPTY, which answers may have too. */
const LEAST_SECRET_CHARACTERS = 12
/** Of what an endpoint says, in messages. */
const QUOTED_CHARACTERS = 300

/** Who asks, for messages, and how. */
export interface EndpointUse {
  /** Such as "The judge". */
  who: string
  /** What is cancelled when the signal fires, such as "Judging". */
  work: string
  /** What a user does when it stays out of reach. */
  later: string
  /** null when the endpoint needs none */
  apiKey: string | null
  patience?: EndpointPatience | undefined
  /** Hears why a request is going to be asked again. */
  again?: ((why: string) => void) | undefined
  /** When each request, repetitions included, may go; at once when left out. */
  pace?: <Result>(request: () => Promise<Result>, signal: AbortSignal) => Promise<Result>
}

/** A request, and what its reply has to be. */
export interface EndpointQuestion<Reply> {
  /** Below the endpoint's address, such as `/chat/completions`. */
  path: string
  /** Left out: the path is read. */
  body?: unknown
  /** What the reply is called, such as "a chat completion". */
  name: string
  schema: z.ZodType<Reply>
  /** A longer reply is refused. */
  maxBytes: number
}

export interface EndpointReply<Reply> {
  reply: Reply
  /** The server program, as its reply names it. */
  server: string | null
}

/** The endpoint has refused a request: asking again changes nothing. */
export class EndpointRefusal extends WorkbenchError {
  constructor(
    readonly status: number,
    message: string,
    hint: string
  ) {
    super('bad-input', message, hint)
  }
}

/** A failure that may pass. */
class PassingFailure extends Error {
  constructor(
    message: string,
    /** What the endpoint asked for. */
    readonly pauseMs: number,
    readonly isLoading = false
  ) {
    super(message)
  }
}

/** An endpoint in the form of OpenAI, asked until it replies. */
export class EndpointClient {
  private readonly patience: EndpointPatience
  private hasReplied = false

  constructor(
    private readonly address: EndpointContact,
    private readonly use: EndpointUse
  ) {
    this.patience = use.patience ?? PATIENCE
  }

  /**
   * Asks for one reply. What may pass (429, 5xx, no connection, one that is cut, JSON that is none, no reply in time) is asked again up to
   * five times, after growing pauses or as long as the endpoint asks for; where nobody has been yet, once. A server that says that it is loading its model is asked until
   * it has, within bounds.
   *
   * @throws EndpointRefusal when the endpoint refuses, with its words; WorkbenchError `bad-input` when it stays out of reach or sends
   *   something else; `cancelled` when the signal fires
   */
  async ask<Reply>(question: EndpointQuestion<Reply>, signal: AbortSignal): Promise<EndpointReply<Reply>> {
    const { pace = (request) => request() } = this.use
    const url = this.urlOf(question.path)
    const startedMs = performance.now()
    const isWaiting = (error: unknown): boolean =>
      error instanceof PassingFailure && error.isLoading && performance.now() - startedMs < MOST_LOADING_MS
    try {
      return await pRetry(() => pace(() => this.attempt(url, question, signal), signal), {
        retries: RETRIES,
        minTimeout: this.patience.firstPauseMs,
        maxTimeout: MOST_PAUSE_MS,
        randomize: true,
        signal,
        shouldRetry: ({ error }) => error instanceof PassingFailure,
        shouldConsumeRetry: ({ error }) => !isWaiting(error),
        onFailedAttempt: async ({ error, retriesConsumed, retriesLeft }) => {
          if (!(error instanceof PassingFailure) || retriesLeft === 0) return
          const next = isWaiting(error)
            ? 'Waiting until it has.'
            : `Trying again (${retriesConsumed + 2} of ${RETRIES + 1}).`
          this.use.again?.(`${this.said(url, error.message)} ${next}`)
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
    const { response, text } = await this.fetched(url, question, signal)
    if (!response.ok) throw this.refusal(url, response, text)
    if (isStream(response)) {
      throw this.problem(
        url,
        'sends a stream, though it was asked for a whole reply',
        'Have the server keep to "stream": false.'
      )
    }
    // A page is no JSON, whatever brackets it has.
    const isJson = /^\s*[[{]/.test(text)
    const value = isJson ? parseIfJson(text, `The reply of ${url}`, { values: MAX_REPLY_VALUES }) : undefined
    if (value === undefined && isSaidToBeJson(response)) {
      throw new PassingFailure(`sent what is no JSON: ${quoted(text)}`, 0)
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

  private async fetched(
    url: string,
    { body, maxBytes }: EndpointQuestion<unknown>,
    signal: AbortSignal
  ): Promise<{ response: Response; text: string }> {
    const { apiKey, work, who } = this.use
    const limit = new RequestLimit(signal, this.patience.timeoutMs)
    try {
      const response = await sendRequest(this.address, url, { body, apiKey, signal: limit.signal })
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
      const nobody = nobodyThere(reasonOf(error))
      if (nobody !== null && !this.hasReplied) throw this.problem(url, nobody, this.use.later)
      const why = limit.isOver
        ? `did not reply within ${this.patience.timeoutMs / 1000} s`
        : reachProblem(error)
      throw new PassingFailure(why, 0)
    } finally {
      limit.end()
    }
  }

  /** A server may repeat the key that it was sent: it is neither shown nor stored. */
  private withoutKey(text: string): string {
    const { apiKey } = this.use
    return apiKey === null || apiKey.length < LEAST_SECRET_CHARACTERS ? text : text.replaceAll(apiKey, '…')
  }

  private refusal(url: string, response: Response, text: string): Error {
    const { status } = response
    const said = text.trim() === '' ? '' : `: ${quoted(text)}`
    // As llama.cpp says it, tools/server/server-http.cpp.
    if (status === 503 && /\bloading model\b/i.test(text)) {
      return new PassingFailure('is loading its model', this.patience.firstPauseMs, true)
    }
    if (status === 429 || status >= 500) {
      return new PassingFailure(`answered ${status}${said}`, pauseMs(response.headers.get('retry-after')))
    }
    const isElsewhere = status >= 300 && status < 400
    const [what, hint] = isElsewhere
      ? [
          `redirects to ${quoted(this.withoutKey(response.headers.get('location') ?? 'another address'))} (${status}), which is not followed`,
          'Name the address that answers by itself.'
        ]
      : status === 401 || status === 403
        ? [`refused the key (${status})${said}`, 'Give an API key that it knows.']
        : [`refused the request (${status})${said}`, 'Check the address and the name of the model.']
    return new EndpointRefusal(status, this.said(url, what), hint)
  }

  private problem(url: string, what: string, hint: string): WorkbenchError {
    return new WorkbenchError('bad-input', this.said(url, what), hint)
  }

  private said(url: string, what: string): string {
    return saidOf(this.use.who, url, what)
  }
}

/** Ends one request when its time is over, or when all are to end; once it is done nothing of it is left, whatever comes behind it. */
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

const isSaidToBeJson = (response: Response): boolean =>
  /\bjson\b/i.test(response.headers.get('content-type') ?? '')

const isStream = (response: Response): boolean =>
  /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')

/** An endpoint may send without end. */
async function boundedText(response: Response, maxBytes: number, who: string): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let byteCount = 0
  for await (const chunk of response.body) {
    byteCount += chunk.byteLength
    if (byteCount > maxBytes) {
      throw new WorkbenchError(
        'bad-input',
        `${who}'s reply has more than ${maxBytes} bytes, more than what was asked for can have.`,
        'Does the server keep to max_tokens?'
      )
    }
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Seconds or a date. */
function pauseMs(retryAfter: string | null): number {
  if (retryAfter === null) return 0
  const asked = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now()
  return Number.isFinite(asked) ? Math.min(MOST_PAUSE_MS, Math.max(0, asked)) : 0
}

/** The ports that the Fetch standard bars; asking again changes nothing. */
const isBarredPort = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && error.cause.message === 'bad port'
