import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { RPCHandler } from '@orpc/server/ws'
import { WebSocketServer } from 'ws'
import type { WorkbenchRouter } from '../workbench/router'
import { type ConnectionTimes, limitWaiting, MAX_WINDOWS } from './connections'
import { guardedSocket } from './guarded-socket'
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
import { addressOf, isCrossSiteRequest, cookieOf, namesLoopback, sessionPath } from './requests'
import type { Sessions } from './sessions'

/** Limit of a message, far above the largest prompt set, which bounds the memory for one. */
const MAX_MESSAGE_BYTES = 24 * 2 ** 20

/**
 * Accepts the WebSockets of sessions on a server, and connects them to the router.
 *
 * @param only the folder to which calls are restricted; null for no restriction
 * @returns a function that closes all connections
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
      // Protocol violations and oversized messages close the socket. Without a listener they would end the
      // process.
      client.on('error', () => undefined)
      void rpc.upgrade(guardedSocket(client))
    })
  })
  return () => {
    for (const client of sockets.clients) client.terminate()
  }
}

function upgradeRefusal(request: IncomingMessage, sessions: Sessions, windowCount: number): Refusal | null {
  const { id, path } = sessionPath(addressOf(request))
  if (!namesLoopback(request)) return FOREIGN_HOST
  if (request.headers.origin !== `http://${request.headers.host}` || isCrossSiteRequest(request))
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
