import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { RPCHandler } from '@orpc/server/ws'
import type WebSocket from 'ws'
import { WebSocketServer } from 'ws'
import { ORPCError } from '@orpc/client'
import { z } from 'zod'
import { WorkbenchError } from '../../contract/model/problem'
import type { WorkbenchRouter } from '../workbench/router'
import { requireWithin } from '../base/files/only-folder'
import { parseJson } from '../base/files/bounded-json'
import { type ConnectionTimes, limitWaiting, MAX_WINDOWS } from '../base/http-connections'
import { FOREIGN_HOST, FOREIGN_PAGE, NO_PAGE, NO_SESSION, type Refusal, STATUS_TEXT, TOO_MANY_WINDOWS } from './refusal'
import { addressOf, cookieOf, isCrossSiteRequest, namesLoopback, sessionPath } from '../base/http-requests'
import type { Sessions } from './sessions'

/** Limit of a message, and so of the memory for it. The largest prompt set is far smaller. */
const MAX_MESSAGE_BYTES = 24 * 2 ** 20

/**
 * Accepts WebSockets of admitted browsers on a server, and connects them to the router.
 *
 * @param only the folder that the window may use; null for all folders
 * @returns a function that ends all connections
 */
export function acceptWindows(
  server: Server,
  router: WorkbenchRouter,
  sessions: Sessions,
  only: string | null,
  times: ConnectionTimes
): () => void {
  const rpc = new RPCHandler(router, { clientInterceptors: only === null ? [] : [onlyWithin(only)] })
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES })
  const stopWaiting = limitWaiting(server, times)
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head) => {
    socket.on('error', () => socket.destroy())
    const refused = upgradeRefusal(request, sessions, sockets.clients.size)
    if (refused !== null) return refuseUpgrade(socket, refused)
    stopWaiting(socket)
    sockets.handleUpgrade(request, socket, head, (client) => {
      // Protocol violations and oversized messages close the socket. Without a listener, the process would end.
      client.on('error', () => undefined)
      void rpc.upgrade(guardedSocket(client))
    })
  })
  return () => {
    for (const client of sockets.clients) client.terminate()
  }
}

/** Returns the reason for refusing a WebSocket; null to accept it. */
function upgradeRefusal(request: IncomingMessage, sessions: Sessions, windowCount: number): Refusal | null {
  const { id, path } = sessionPath(addressOf(request))
  if (!namesLoopback(request)) return FOREIGN_HOST
  if (request.headers.origin !== `http://${request.headers.host}` || isCrossSiteRequest(request)) return FOREIGN_PAGE
  if (id === null || !sessions.accepts(id, cookieOf(request))) return NO_SESSION
  if (path !== '/rpc') return NO_PAGE
  return windowCount < MAX_WINDOWS ? null : TOO_MANY_WINDOWS
}

function refuseUpgrade(socket: Duplex, { status, message }: Refusal): void {
  const head = `HTTP/1.1 ${status} ${STATUS_TEXT[status]}\r\nContent-Type: text/plain; charset=utf-8`
  socket.end(`${head}\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`)
}

/** Names of fields, at any depth of procedure inputs, that contain folders and files of this machine. */
export const PATH_FIELDS: readonly string[] = [
  'path',
  'folder',
  'base',
  'post',
  'target',
  'start',
  'embeddingModel',
  'classifier'
]

/** Creates an interceptor that refuses calls with a path outside a folder before anything is done. */
export function onlyWithin(folder: string) {
  return async <Result>({ input, next }: { input: unknown; next: () => Promise<Result> }): Promise<Result> => {
    try {
      for (const path of pathsIn(input)) await requireWithin(folder, path)
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      throw new ORPCError('WORKBENCH', { message: error.message, data: error.problem })
    }
    return next()
  }
}

function pathsIn(input: unknown): string[] {
  const paths: string[] = []
  const pending: unknown[] = [input]
  while (pending.length > 0) {
    const value = pending.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === 'string' && member !== '' && PATH_FIELDS.includes(name)) paths.push(member)
      else pending.push(member)
    }
  }
  return paths
}

type HandledSocket = Pick<WebSocket, 'addEventListener' | 'send'>

type Listener<Event> = ((event: Event) => void) | { handleEvent(event: Event): void }

export interface WindowBounds {
  /** Most pending calls, including watched jobs; a window has several dozen. */
  calls: number
  /** Most calls that start in a turn of the event loop, because each may keep it for milliseconds. */
  callsPerTurn: number
  /** Most values in a message; 10,000 prompts with 40 answers each have about 450,000. */
  values: number
  /** Most bytes of unsent replies on a slow connection. The largest reply has about 50 MB. */
  unreadBytes: number
}
const BOUNDS: WindowBounds = { calls: 500, callsPerTurn: 16, values: 500_000, unreadBytes: 64 * 2 ** 20 }

/** Schema of the one field that all messages of the protocol have. The RPC handler checks the other fields. */
const RpcMessage = z.looseObject({ i: z.string() })

/**
 * Wraps a socket and passes on only messages within limits. A client is disconnected if it violates the protocol, has
 * too many pending calls, or does not read its replies.
 */
export function guardedSocket(
  client: HandledSocket & Pick<WebSocket, 'bufferedAmount' | 'terminate' | 'close'>,
  { calls: maxCalls, callsPerTurn, values, unreadBytes }: WindowBounds = BOUNDS
): HandledSocket {
  const startInTurn = turnQueue(callsPerTurn)
  let calls = 0
  let isOver = false
  const end = (how: () => void): void => {
    isOver = true
    how()
  }
  return {
    addEventListener<Type extends keyof WebSocket.WebSocketEventMap>(
      type: Type,
      listener: Listener<WebSocket.WebSocketEventMap[Type]>,
      options?: WebSocket.EventListenerOptions
    ) {
      const notifyListener = (event: WebSocket.WebSocketEventMap[Type]): unknown =>
        typeof listener === 'function' ? listener(event) : listener.handleEvent(event)
      client.addEventListener(
        type,
        (event: WebSocket.WebSocketEventMap[Type]) => {
          if (!('data' in event)) return startInTurn(() => void notifyListener(event))
          if (isOver) return
          if (calls >= maxCalls) return end(() => client.terminate())
          calls += 1
          startInTurn(() => {
            if (isOver) return
            if (!isRpcMessage(event.data, values))
              return end(() => client.close(1003, 'not a message of the workbench'))
            // The handler's promise settles at the end of the call or stream.
            void Promise.resolve(notifyListener(event)).finally(() => (calls -= 1))
          })
        },
        options
      )
    },
    send(data: Parameters<WebSocket['send']>[0]) {
      if (isOver || client.bufferedAmount > unreadBytes) end(() => client.terminate())
      else client.send(data)
    }
  }
}

/** Starts tasks in the order of their calls, at most `perTurn` in each turn of the event loop. */
function turnQueue(perTurn: number): (task: () => void) => void {
  const waiting: (() => void)[] = []
  let startedInTurn = 0
  const start = (task: () => void): void => {
    if (startedInTurn === 0) setImmediate(startTurn)
    startedInTurn += 1
    task()
  }
  const startTurn = (): void => {
    startedInTurn = 0
    for (const task of waiting.splice(0, perTurn)) start(task)
  }
  return (task) => {
    if (startedInTurn < perTurn) start(task)
    else waiting.push(task)
  }
}

function isRpcMessage(data: unknown, values: number): boolean {
  if (typeof data !== 'string') return false
  try {
    return RpcMessage.safeParse(parseJson(data, 'the message', { values })).success
  } catch {
    return false
  }
}
