import type { Server, ServerOptions } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Every user of the machine can open connections here, and each takes a file descriptor of the program's, which saving and
 * sweeping need too. So connections that wait for anything are few, and not for long.
 */

/** A page asks for a handful of files at a time, over six connections in most browsers. */
const MAX_WAITING = 64
/** Of the windows that are open at a time: more than anyone looks at. */
export const MAX_WINDOWS = 32

/** How long connections are waited for, in ms. */
export const CONNECTION_TIMES = {
  /** For one that says nothing. */
  silent: 10_000,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000
} satisfies ServerOptions & { silent: number }
export type ConnectionTimes = typeof CONNECTION_TIMES

/**
 * Bounds the connections that are not windows' lines: in time, and in number by ending the oldest, so that nobody can
 * keep others out by holding many.
 *
 * @returns what to call with a connection that became a window's line
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
