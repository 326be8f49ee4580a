import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { WorkbenchError } from '../../contract/model/problem'
import { errorMessage } from '../base/files/bounded-file'
import { parseIfJson } from '../base/files/bounded-json'
import { SERVED_OWNER } from '../endpoint/server-program'
import { CONNECTION_TIMES, limitWaiting, listen, portOf } from '../base/http-connections'
import { addressOf, equalInConstantTime, namesLoopback } from '../base/http-requests'
import { RequestAnswer } from './answer-request'
import { ApiError, apiErrorOf } from './api-error'
import { ServerMetrics } from './metrics'
import { type ApiRequest, parseChat, parseCompletion } from './requests'
import type { ServedVariants } from './served-variants'

/** Largest body of a request. A prompt of 100,000 tokens has about half a megabyte. */
const MAX_BODY_BYTES = 8_000_000
/** Maximum number of JSON values in a body, nested ones included. */
const MAX_BODY_VALUES = 1_000_000

/** Maximum number of running and waiting answers. Further requests are refused, so that no request waits for long. */
const MAX_ANSWERS = 512

/** Milliseconds after which a connection is closed if the client reads nothing of the reply. */
const UNREAD_MS = 60_000

export interface ApiOptions {
  readonly models: ServedVariants
  readonly host: string
  readonly port: number
  /** Key that requests must bring. Null for none, which is safe on loopback only. */
  readonly key: string | null
  /** Origins of web pages that may send requests. */
  readonly origins: readonly string[]
  readonly maxAnswers?: number
  readonly unreadMs?: number
}

export interface ApiServer {
  readonly port: number
  /** Address that clients are given. */
  readonly url: string
  /** Number of tokens that all answers together have. */
  readonly generatedTokens: number
  close(): Promise<void>
}

/** Starts an OpenAI-compatible server. @throws WorkbenchError when the port is not available */
export async function startApi(options: ApiOptions): Promise<ApiServer> {
  const api = new Api(options)
  const server: Server = createServer(CONNECTION_TIMES, (request, response) => {
    void api.respond(request, response, () => {
      liftLimit(request.socket)
      request.socket.setTimeout(0)
    })
  })
  const liftLimit = limitWaiting(server, CONNECTION_TIMES)
  await listen(server, options.port, options.host)
  const port = portOf(server)
  return {
    port,
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}/v1`,
    get generatedTokens() {
      return api.metrics.generatedTokens.total
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    }
  }
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1'])

export const isLoopback = (host: string): boolean => LOOPBACK.has(host)

/** Checks requests, and routes them by path. */
class Api {
  readonly metrics = new ServerMetrics()
  /** Start of the server in seconds since 1970, which the list of models reports for each model. */
  private readonly created = Math.floor(Date.now() / 1000)
  private readonly keyHash: Buffer | null

  constructor(private readonly options: ApiOptions) {
    this.keyHash = options.key === null ? null : hashOf(options.key)
  }

  /** Answers a request. @param admit lifts the time limits of the connection, once the request has passed the checks */
  async respond(request: IncomingMessage, response: ServerResponse, admit: () => void): Promise<void> {
    const { socket } = request
    const { unreadMs = UNREAD_MS } = this.options
    const address = addressOf(request)
    const path = address === null ? 'none' : address.pathname
    const clientLeft = new AbortController()
    const leave = (): void => clientLeft.abort()
    // Node would warn of many listeners: each prompt of a request adds one, and so does each request of a connection.
    setMaxListeners(0, clientLeft.signal, socket)
    response.once('close', leave)
    // If the connection closes, replies that wait for earlier replies of the connection must be ended here.
    socket.once('close', leave)
    // Both events mean that the client has read the reply so far, which ends the time limit for unread replies.
    for (const event of ['drain', 'finish']) response.prependListener(event, () => socket.setTimeout(0))
    try {
      this.refuseForeign(request, response)
      if (request.method === 'OPTIONS') return void response.writeHead(204).end()
      if (path !== '/health') this.requireKey(request)
      admit()
      await this.route(path, request, response, clientLeft.signal)
    } catch (error) {
      if (!clientLeft.signal.aborted) sendError(response, error)
    } finally {
      socket.off('close', leave)
      if (!response.writableFinished) socket.setTimeout(unreadMs)
      this.metrics.requests.add({
        path: PATHS.has(path) ? path : 'other',
        status: clientLeft.signal.aborted && !response.writableFinished ? 'left' : String(response.statusCode)
      })
    }
  }

  private async route(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal
  ): Promise<void> {
    const expected = PATHS.get(path) ?? (path.startsWith(MODEL_PATH) ? 'GET' : undefined)
    if (expected === undefined)
      throw new ApiError(404, `This path is not served. Expected one of ${[...PATHS.keys()].join(', ')}.`)
    if (request.method !== expected) throw new ApiError(405, `${path} is requested with ${expected}.`)
    if (path === '/health') return sendJson(response, { status: 'ok' })
    if (path === '/metrics') {
      return void response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end(this.metrics.text)
    }
    if (path === '/v1/models') {
      return sendJson(response, {
        object: 'list',
        data: this.options.models.names.map((name) => this.describeModel(name))
      })
    }
    if (path.startsWith(MODEL_PATH)) {
      const name = decodeName(path.slice(MODEL_PATH.length))
      this.options.models.requireServed(name)
      return sendJson(response, this.describeModel(name))
    }
    const parse = path === '/v1/completions' ? parseCompletion : parseChat
    await this.answer(parse(await readBody(request), this.options.models.defaults), response, signal)
  }

  private describeModel(id: string): object {
    const { maximumLength } = this.options.models.plan
    return { id, object: 'model', created: this.created, owned_by: SERVED_OWNER, max_model_len: maximumLength }
  }

  /** Generates the answers to a request, unless too many answers run or wait already. */
  private async answer(request: ApiRequest, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { models, maxAnswers = MAX_ANSWERS, unreadMs = UNREAD_MS } = this.options
    const count = request.answerCount * (request.content.kind === 'completion' ? request.content.prompts.length : 1)
    if (count > maxAnswers)
      throw new ApiError(
        400,
        `The request asks for ${count} answers. At most ${maxAnswers} are computed at a time.`,
        null,
        'n'
      )
    if (this.metrics.answers + count > maxAnswers) {
      response.setHeader('Retry-After', '1')
      throw new ApiError(429, `${this.metrics.answers} answers run or wait. Try again later.`, 'queue_full')
    }
    this.metrics.answers += count
    try {
      await models.serve(request.model)
      const prompts = await models.promptsOf(request)
      const answer = new RequestAnswer(models, request, prompts, this.metrics, signal)
      if (!request.stream) return sendJson(response, await answer.whole())
      const send = (text: string): void => {
        if (!response.headersSent) response.writeHead(200, STREAM_HEADERS)
        if (!response.write(`data: ${text}\n\n`)) response.socket?.setTimeout(unreadMs)
      }
      await answer.stream((event) => send(JSON.stringify(event)))
      send('[DONE]')
      response.end()
    } finally {
      this.metrics.answers -= count
    }
  }

  /** Refuses web pages of origins that were not allowed, and pages whose host name was pointed at this machine. */
  private refuseForeign(request: IncomingMessage, response: ServerResponse): void {
    const { host, origins } = this.options
    if (isLoopback(host) && !namesLoopback(request))
      throw new ApiError(403, 'This server answers to 127.0.0.1 and localhost only.')
    const { origin } = request.headers
    if (origin === undefined) return
    if (!origins.includes(origin))
      throw new ApiError(403, 'Web pages of this origin may not send requests. Name it with --allow-origin.')
    response.setHeader('Access-Control-Allow-Origin', origin)
    response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type')
    response.setHeader('Vary', 'Origin')
  }

  private requireKey(request: IncomingMessage): void {
    if (this.keyHash === null) return
    const [, key] = /^Bearer (.*)$/i.exec(String(request.headers.authorization)) ?? [null, '']
    if (key !== undefined && equalInConstantTime(hashOf(key), this.keyHash)) return
    throw new ApiError(
      401,
      'The API key is missing or wrong. Send it as "Authorization: Bearer KEY".',
      'invalid_api_key'
    )
  }
}

const MODEL_PATH = '/v1/models/'

/** Paths with the HTTP method that each expects. */
const PATHS: ReadonlyMap<string, 'GET' | 'POST'> = new Map([
  ['/health', 'GET'],
  ['/metrics', 'GET'],
  ['/v1/models', 'GET'],
  ['/v1/completions', 'POST'],
  ['/v1/chat/completions', 'POST']
])

const STREAM_HEADERS = { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache' }

const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest()

/** Decodes a model name from an address. A name that is not valid percent-encoding stays as it is. */
function decodeName(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\s*(?:;|$)/i.test(String(request.headers['content-type'])))
    throw new ApiError(415, 'The Content-Type is not application/json.')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new ApiError(413, `The body has more than ${MAX_BODY_BYTES} bytes.`)
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  if (!isUtf8(bytes)) throw new ApiError(400, 'The body is not UTF-8.')
  const value = parseIfJson(bytes.toString(), 'The body', { values: MAX_BODY_VALUES })
  if (value === undefined) throw new ApiError(400, 'The body is not JSON.')
  return value
}

function sendJson(response: ServerResponse, value: object, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
}

/** Sends an error as the reply, or as the last event of a stream. */
function sendError(response: ServerResponse, error: unknown): void {
  const { status, body } = toApiError(error)
  if (!response.headersSent) sendJson(response, body, status)
  else response.end(`data: ${JSON.stringify(body)}\n\n`)
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof WorkbenchError) {
    // The only file here is the body. If the body is too large or too deep, the client made the mistake.
    return error.problem.code === 'bad-file' ? new ApiError(400, error.message) : apiErrorOf(error)
  }
  console.error(error)
  return new ApiError(500, `The server failed: ${errorMessage(error)}`)
}
