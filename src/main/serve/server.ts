import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { RPCHandler } from '@orpc/server/ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'
import { WorkbenchError } from '../../contract/problem'
import { SerialQueue } from '../base/files/serial-queue'
import type { WorkbenchRouter } from '../workbench/router'
import { CONNECTION_TIMES, limitWaiting, MAX_WINDOWS } from './connections'
import { isSame, mintToken, newKey, OneTimeTokens, prove } from './one-time-token'
import { REFUSAL_HEADERS, type Refusal, refusalPage, STATUS_TEXT } from './refusal'
import { rendererFiles, SECURITY_HEADERS } from './renderer-files'
import { type ServerRecord, writeServerRecord } from './server-file'
import { Sessions, type StoredSession } from './sessions'

/**
 * The browser entry: the window's page and its line to main, for this machine only. Other users and web pages can reach
 * a loopback port too, so every request must name a loopback host (a page cannot rebind its own name to us), every
 * request but the first must come from a session, and the WebSocket must come from our own page.
 *
 * A session is what a one-time token is exchanged for: a cookie, and a path below which its page lies. The cookie is
 * bound to the path because browsers send cookies to all ports of a host, those of other users' servers included; these
 * do not know the path. The token is worth nothing once it stands in a browser's history.
 */

const HOST = '127.0.0.1'

/** Far above the largest prompt set; bounds what one message can make us hold. */
const MAX_MESSAGE_BYTES = 64 * 2 ** 20

/** Any port: an SSH tunnel may lead from another one. */
const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::(\d{1,5}))?$/i

/** A session's path and what is asked for below it. */
const SESSION_PATH = /^\/([\w-]{22})(\/.*)$/

/** Where a second start asks whether the first still runs. */
const RUNNING_PATH = '/running'
const RUNNING_NONCE = /^[\w-]{22}$/

/** What every message of the protocol has; the RPC handler checks the rest. */
const RpcMessage = z.looseObject({ i: z.string() })

export interface WorkbenchServer {
  /** With a token: the first browser that opens it can use the workbench. Another each time. */
  newUrl(): string
  port: number
  /** Fires when a browser has been let in. */
  entered: AbortSignal
  close(): Promise<void>
}

export interface ServerOptions {
  router: WorkbenchRouter
  /** 0 picks a free one. */
  port?: number
  /** Where it is remembered, if anywhere. */
  file?: string
  /** Sessions of earlier runs, which go on. */
  earlierSessions?: readonly StoredSession[]
}

/**
 * Starts serving on loopback.
 *
 * @throws WorkbenchError when the port cannot be had or the page has not been built
 */
export async function startServer(options: ServerOptions): Promise<WorkbenchServer> {
  const { router, port = 0, file, earlierSessions = [] } = options
  const key = newKey()
  const tokens = new OneTimeTokens(key)
  const sessions = new Sessions(earlierSessions)
  const files = await rendererFiles()
  const rpc = new RPCHandler(router)
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES })
  const saves = new SerialQueue()
  const entered = new AbortController()

  const server = createServer(CONNECTION_TIMES, (request, response) => {
    const address = addressOf(request)
    if (!namesLoopback(request)) return sendRefusal(response, FOREIGN_HOST)
    if (address?.pathname === RUNNING_PATH) return proveRunning(response, address, key)
    const token = address?.searchParams.get('token')
    if (typeof token === 'string') return void exchangeToken(request, response, token)
    const { id, path } = sessionPath(address)
    if (id === null) return sendRefusal(response, NO_SESSION)
    if (!sessions.accepts(id, cookieOf(request))) {
      // A browser keeps the cookie back when it comes from another site, the opener's file too; from here it tells.
      const elsewhere = request.headers['sec-fetch-site'] === 'cross-site' && path === '/'
      if (elsewhere && sessions.knows(id)) return sendComeAgain(response, id)
      return sendRefusal(response, NO_SESSION)
    }
    const found = files.get(path)
    if (found === undefined) return sendRefusal(response, NO_PAGE)
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendRefusal(response, ONLY_GET)
    readFile(found.file).then(
      (body) => response.writeHead(200, found.headers).end(request.method === 'HEAD' ? undefined : body),
      () => sendRefusal(response, { status: 404, message: 'The file is gone: the program was rebuilt.' })
    )
  })
  const leaveWaiting = limitWaiting(server)

  const save = async (): Promise<void> => {
    if (file === undefined) return
    await saves.run(() =>
      writeServerRecord(file, { version: 1, port: boundPort, key, sessions: [...sessions.stored] })
    )
  }

  /** Moves a browser from the token's address, which is shown and remembered, to its session's. */
  async function exchangeToken(
    request: IncomingMessage,
    response: ServerResponse,
    token: string
  ): Promise<void> {
    const looked = tokens.look(token)
    if (looked === 'too-many') return sendRefusal(response, TOO_MANY)
    if (looked === 'wrong') return sendRefusal(response, WRONG_TOKEN)
    if (looked.session !== null) return redirect(response, looked.session, {})
    if (request.method !== 'GET') return sendRefusal(response, ONLY_GET)
    const { id, secret } = sessions.open()
    tokens.spend(token, id)
    await save()
    entered.abort()
    const name = cookieName(request.headers.host ?? '')
    redirect(response, id, { 'Set-Cookie': `${name}=${secret}; HttpOnly; SameSite=Strict; Path=/${id}/` })
  }

  function upgradeRefusal(request: IncomingMessage): Refusal | null {
    const { id, path } = sessionPath(addressOf(request))
    if (!namesLoopback(request)) return FOREIGN_HOST
    if (request.headers.origin !== `http://${request.headers.host}`) return FOREIGN_PAGE
    if (id === null || !sessions.accepts(id, cookieOf(request))) return NO_SESSION
    if (path !== '/rpc') return NO_PAGE
    return sockets.clients.size < MAX_WINDOWS ? null : TOO_MANY_WINDOWS
  }

  server.on('upgrade', (request: IncomingMessage, socket: Socket, head) => {
    socket.on('error', () => socket.destroy())
    const refused = upgradeRefusal(request)
    if (refused !== null) return refuseUpgrade(socket, refused)
    leaveWaiting(socket)
    sockets.handleUpgrade(request, socket, head, (client) => {
      closeOnNonsense(client)
      void rpc.upgrade(client)
    })
  })

  const boundPort = await listen(server, port)
  await save()
  return {
    newUrl: () => entryAddress(boundPort, key),
    port: boundPort,
    entered: entered.signal,
    async close() {
      for (const client of sockets.clients) client.terminate()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    }
  }
}

/** Where a browser is let in, once. @param key of the server at the port */
export function entryAddress(port: number, key: string): string {
  return `http://${HOST}:${port}/?token=${mintToken(key)}`
}

/** Whether the server that wrote a record still runs; another program may have its port by now. */
export async function isRunning({ port, key }: Pick<ServerRecord, 'port' | 'key'>): Promise<boolean> {
  const nonce = randomBytes(16)
  try {
    const answer = await fetch(`http://${HOST}:${port}${RUNNING_PATH}?nonce=${nonce.toString('base64url')}`, {
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      redirect: 'error'
    })
    const proof = await answer.text()
    return isSame(Buffer.from(proof, 'hex'), prove(key, 'running', nonce))
  } catch {
    return false
  }
}

/** The other start may be reading a large model. */
const ANSWER_LIMIT_MS = 3_000

const FOREIGN_HOST = {
  status: 403,
  message: 'This server answers to 127.0.0.1 and localhost only.'
} satisfies Refusal
const FOREIGN_PAGE = {
  status: 403,
  message: "Only the workbench's own page may connect."
} satisfies Refusal
const NO_SESSION = { status: 401, message: 'This browser has not been let in.' } satisfies Refusal
const WRONG_TOKEN = {
  status: 401,
  message: 'This address is not one of the running workbench: it ended with the start that printed it.'
} satisfies Refusal
const TOO_MANY = {
  status: 429,
  message: 'Too many wrong addresses. Try again in a minute.'
} satisfies Refusal
const TOO_MANY_WINDOWS = {
  status: 503,
  message: `${MAX_WINDOWS} windows are open already.`
} satisfies Refusal
const NO_PAGE = { status: 404, message: 'There is no such page.' } satisfies Refusal
const ONLY_GET = { status: 405, message: 'Only GET is answered here.' } satisfies Refusal

/** What the request asks for; null when its target is no path, such as that of a proxy request. */
function addressOf(request: IncomingMessage): URL | null {
  const address = `http://${HOST}${request.url ?? ''}`
  return URL.canParse(address) ? new URL(address) : null
}

function namesLoopback(request: IncomingMessage): boolean {
  return LOOPBACK_HOST.test(request.headers.host ?? '')
}

function sessionPath(address: URL | null): { id: string | null; path: string } {
  const [, id = null, path = ''] = SESSION_PATH.exec(address?.pathname ?? '') ?? []
  return { id, path }
}

/** Cookies are shared by all ports of a host name, so two servers (or tunnels) need two names. */
function cookieName(host: string): string {
  return `slr-${LOOPBACK_HOST.exec(host)?.[1] ?? '80'}`
}

/** The session's secret as the browser tells it; empty when it tells none. */
function cookieOf(request: IncomingMessage): string {
  const name = `${cookieName(request.headers.host ?? '')}=`
  const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim())
  return cookies.find((cookie) => cookie.startsWith(name))?.slice(name.length) ?? ''
}

function proveRunning(response: ServerResponse, address: URL, key: string): void {
  const nonce = address.searchParams.get('nonce') ?? ''
  if (!RUNNING_NONCE.test(nonce)) return sendRefusal(response, NO_PAGE)
  const proof = prove(key, 'running', Buffer.from(nonce, 'base64url')).toString('hex')
  response.writeHead(200, { ...SECURITY_HEADERS, 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' })
  response.end(proof)
}

function redirect(response: ServerResponse, session: string, headers: Record<string, string>): void {
  const own = { Location: `/${session}/`, 'Cache-Control': 'no-store' }
  response.writeHead(303, { ...SECURITY_HEADERS, ...own, ...headers }).end()
}

/** Has the browser ask once more, now from a page of this site. */
function sendComeAgain(response: ServerResponse, session: string): void {
  response.writeHead(200, REFUSAL_HEADERS)
  response.end(
    `<!doctype html><meta http-equiv="refresh" content="0; url=/${session}/"><title>SLR Workbench</title>`
  )
}

function sendRefusal(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, REFUSAL_HEADERS).end(refusalPage(refusal))
}

function refuseUpgrade(socket: Duplex, { status, message }: Refusal): void {
  const head = `HTTP/1.1 ${status} ${STATUS_TEXT[status]}\r\nContent-Type: text/plain; charset=utf-8`
  socket.end(
    `${head}\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`
  )
}

/** A client that does not speak the protocol is cut off; the program goes on. */
function closeOnNonsense(client: WebSocket): void {
  // Protocol violations and oversized messages close the socket by themselves; unheard, they would end the process.
  client.on('error', () => undefined)
  client.on('message', (data, isBinary) => {
    if (isBinary || !isRpcMessage(data.toString())) client.close(1003, 'not a message of the workbench')
  })
}

function isRpcMessage(text: string): boolean {
  try {
    return RpcMessage.safeParse(JSON.parse(text)).success
  } catch {
    return false
  }
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE'
      const reason = inUse ? 'is in use by another program' : `cannot be used (${error.message})`
      reject(
        new WorkbenchError(
          'bad-input',
          `Port ${port} ${reason}.`,
          'Choose another port, or 0 for a free one.'
        )
      )
    })
    server.listen(port, HOST, resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}
