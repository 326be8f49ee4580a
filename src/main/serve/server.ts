import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { RPCHandler } from '@orpc/server/ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'
import { WorkbenchError } from '../../contract/problem'
import { rendererFiles, SECURITY_HEADERS } from './renderer-files'
import type { WorkbenchRouter } from '../workbench/router'

/**
 * The browser entry: the window's page and its line to main, for this machine only. Other users and web pages can reach
 * a loopback port too, so every request must name a loopback host (a page cannot rebind its own name to us), every
 * request but the first must carry the cookie that the printed address is exchanged for, and the WebSocket must come
 * from our own page.
 */

const HOST = '127.0.0.1'
const RPC_PATH = '/rpc'

/** Far above the largest prompt set; bounds what one message can make us hold. */
const MAX_MESSAGE_BYTES = 64 * 2 ** 20

const TOKEN_BYTES = 32

/** Any port: an SSH tunnel may lead from another one. */
const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::(\d{1,5}))?$/i

/** What every message of the protocol has; the RPC handler checks the rest. */
const RpcMessage = z.looseObject({ i: z.string() })

export interface WorkbenchServer {
  /** With the token: whoever has it can use the workbench. */
  url: string
  close(): Promise<void>
}

export interface ServerOptions {
  router: WorkbenchRouter
  /** 0 picks a free one. */
  port?: number
}

/**
 * Starts serving on loopback.
 *
 * @throws WorkbenchError when the port cannot be had or the page has not been built
 */
export async function startServer({ router, port = 0 }: ServerOptions): Promise<WorkbenchServer> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const files = await rendererFiles()
  const rpc = new RPCHandler(router)
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES })

  const server = createServer((request, response) => {
    const refused = refusal(request, token)
    if (refused !== null) return sendRefusal(response, refused)
    const address = addressOf(request)
    if (address?.searchParams.has('token')) return exchangeToken(request, response, token)
    const found = files.get(address?.pathname ?? '')
    if (found === undefined) return sendRefusal(response, { status: 404, message: 'There is no such page.' })
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return sendRefusal(response, { status: 405, message: 'Only GET is answered here.' })
    }
    readFile(found.file).then(
      (body) => response.writeHead(200, found.headers).end(request.method === 'HEAD' ? undefined : body),
      () => sendRefusal(response, { status: 404, message: 'The file is gone: the program was rebuilt.' })
    )
  })

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const refused = upgradeRefusal(request, token)
    if (refused !== null) return refuseUpgrade(socket, refused)
    sockets.handleUpgrade(request, socket, head, (client) => {
      closeOnNonsense(client)
      void rpc.upgrade(client)
    })
  })

  const boundPort = await listen(server, port)
  return {
    url: `http://${HOST}:${boundPort}/?token=${token}`,
    async close() {
      for (const client of sockets.clients) client.terminate()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    }
  }
}

interface Refusal {
  status: 401 | 403 | 404 | 405
  message: string
}

const STATUS_TEXT = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed' }
const OPEN_PRINTED_ADDRESS = 'Open the address that SLR Workbench printed in the terminal.'

/** What the request asks for; null when its target is no path, such as that of a proxy request. */
function addressOf(request: IncomingMessage): URL | null {
  const address = `http://${HOST}${request.url ?? ''}`
  return URL.canParse(address) ? new URL(address) : null
}

/** Why a request is not answered: a foreign host name, or neither the cookie nor the token. Null when it is. */
function refusal(request: IncomingMessage, token: string): Refusal | null {
  const host = request.headers.host ?? ''
  if (!LOOPBACK_HOST.test(host)) {
    return {
      status: 403,
      message: `This server answers to 127.0.0.1 and localhost only. ${OPEN_PRINTED_ADDRESS}`
    }
  }
  if (isToken(cookies(request).get(cookieName(host)), token)) return null
  if (isToken(addressOf(request)?.searchParams.get('token'), token)) return null
  return { status: 401, message: OPEN_PRINTED_ADDRESS }
}

function upgradeRefusal(request: IncomingMessage, token: string): Refusal | null {
  if (addressOf(request)?.pathname !== RPC_PATH) return { status: 404, message: 'There is no such page.' }
  if (request.headers.origin !== `http://${request.headers.host}`) {
    return { status: 403, message: `Only the workbench's own page may connect. ${OPEN_PRINTED_ADDRESS}` }
  }
  return refusal(request, token)
}

/** Moves the token from the address, which is shown and remembered, into a cookie that scripts cannot read. */
function exchangeToken(request: IncomingMessage, response: ServerResponse, token: string): void {
  const cookie = `${cookieName(request.headers.host ?? '')}=${token}; HttpOnly; SameSite=Strict; Path=/`
  response.writeHead(303, {
    ...SECURITY_HEADERS,
    Location: '/',
    'Set-Cookie': cookie,
    'Cache-Control': 'no-store'
  })
  response.end()
}

/** Cookies are shared by all ports of a host name, so two servers (or tunnels) need two names. */
function cookieName(host: string): string {
  return `slr-${LOOPBACK_HOST.exec(host)?.[1] ?? '80'}`
}

function cookies(request: IncomingMessage): Map<string, string> {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('=', 2))
  return new Map(pairs.map(([name = '', value = '']) => [name, value]))
}

/** Compares without telling by its duration how much was right. */
function isToken(given: string | null | undefined, token: string): boolean {
  const a = Buffer.from(given ?? '')
  const b = Buffer.from(token)
  return a.length === b.length && timingSafeEqual(a, b)
}

function sendRefusal(response: ServerResponse, { status, message }: Refusal): void {
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store'
  })
  response.end(`${message}\n`)
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
