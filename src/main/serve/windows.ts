import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { RPCHandler } from '@orpc/server/ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'
import type { WorkbenchRouter } from '../workbench/router'
import { type ConnectionTimes, limitWaiting, MAX_WINDOWS } from './connections'
import { onlyWithin } from './only-folder'
import {
  FOREIGN_HOST,
  FOREIGN_PAGE,
  NO_PAGE,
  NO_SESSION,
  type Refusal,
  STATUS_TEXT,
  TOO_MANY_WINDOWS
} from './refusal'
import { addressOf, asksFromElsewhere, cookieOf, namesLoopback, sessionPath } from './requests'
import type { Sessions } from './sessions'
import { parseJson } from '../base/files/bounded-json'

/** Far above the largest prompt set; bounds what one message can make us hold. */
const MAX_MESSAGE_BYTES = 24 * 2 ** 20
/** The same in values: 100,000 prompts have a million. */
const MAX_MESSAGE_VALUES = 2_000_000

/** Answers that a slow line has yet to carry; the largest has some 50 MB. */
const MAX_UNREAD_BYTES = 64 * 2 ** 20

/** What every message of the protocol has; the RPC handler checks the rest. */
const RpcMessage = z.looseObject({ i: z.string() })

/**
 * Accepts the WebSockets of sessions on a server, and answers them by the router.
 *
 * @param only the folder that calls may name places in; null for any
 * @returns ends all that are open
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
  const leaveWaiting = limitWaiting(server, times)
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head) => {
    socket.on('error', () => socket.destroy())
    const refused = upgradeRefusal(request, sessions, sockets.clients.size)
    if (refused !== null) return refuseUpgrade(socket, refused)
    leaveWaiting(socket)
    sockets.handleUpgrade(request, socket, head, (client) => {
      closeOnNonsense(client)
      void rpc.upgrade(endedWhenUnread(client))
    })
  })
  return () => {
    for (const client of sockets.clients) client.terminate()
  }
}

function upgradeRefusal(request: IncomingMessage, sessions: Sessions, windowCount: number): Refusal | null {
  const { id, path } = sessionPath(addressOf(request))
  if (!namesLoopback(request)) return FOREIGN_HOST
  if (request.headers.origin !== `http://${request.headers.host}` || asksFromElsewhere(request))
    return FOREIGN_PAGE
  if (id === null || !sessions.accepts(id, cookieOf(request))) return NO_SESSION
  if (path !== '/rpc') return NO_PAGE
  return windowCount < MAX_WINDOWS ? null : TOO_MANY_WINDOWS
}

function refuseUpgrade(socket: Duplex, { status, message }: Refusal): void {
  const head = `HTTP/1.1 ${status} ${STATUS_TEXT[status]}\r\nContent-Type: text/plain; charset=utf-8`
  socket.end(
    `${head}\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`
  )
}

/** The part of a WebSocket that answers use. */
type AnsweredSocket = Pick<WebSocket, 'addEventListener' | 'send'>

/**
 * Ends a client that takes no answers while it asks for more: they would wait in memory. One answer may be of any size.
 *
 * @param maxUnreadBytes of answers that wait when another one is sent
 */
export function endedWhenUnread(
  client: AnsweredSocket & Pick<WebSocket, 'bufferedAmount' | 'terminate'>,
  maxUnreadBytes = MAX_UNREAD_BYTES
): AnsweredSocket {
  return {
    addEventListener: client.addEventListener.bind(client),
    send(data: Parameters<WebSocket['send']>[0]) {
      if (client.bufferedAmount > maxUnreadBytes) client.terminate()
      else client.send(data)
    }
  }
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
    return RpcMessage.safeParse(parseJson(text, 'the message', { values: MAX_MESSAGE_VALUES })).success
  } catch {
    return false
  }
}
