import type { Server, ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import { inputError } from '../../contract/model/problem'

/* Limits of connections to a loopback server. Every user of the machine can open some, and each takes a descriptor. */

/** Most connections that are not of a window. A page requests a few files at a time. */
const MAX_WAITING = 64
/** Most windows that are open at a time. Each keeps a WebSocket connection. */
export const MAX_WINDOWS = 32

/** Time limits in milliseconds. `silent` closes a connection without data; Node documents the other options. */
export const CONNECTION_TIMES = {
  silent: 10_000,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000
} satisfies ServerOptions & { silent: number }
export type ConnectionTimes = typeof CONNECTION_TIMES

/**
 * Limits the number and idle time of connections. A new one above the limit closes the oldest.
 * @returns a function that excepts the connection of a window or an answer in progress from the number
 */
export function limitWaiting(server: Server, { silent }: ConnectionTimes): (socket: Socket) => void {
  const waiting = new Set<Socket>()
  server.setTimeout(silent)
  server.on('connection', (socket) => {
    waiting.add(socket)
    socket.once('close', () => waiting.delete(socket))
    const [oldest] = waiting
    if (waiting.size > MAX_WAITING) oldest?.destroy()
  })
  return (socket) => void waiting.delete(socket)
}

/** Starts listening; port 0 selects a free port. @throws WorkbenchError for a port that is in use */
export async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE'
      const reason = inUse ? 'is in use by another program' : `cannot be used (${error.message})`
      reject(inputError(`Port ${port} ${reason}.`, 'Choose another port, or 0 for a free one.'))
    })
    server.listen(port, host, resolve)
  })
}

export function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}
