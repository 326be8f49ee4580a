import type { Server, ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import { inputError } from '../../contract/model/problem'

/** Limits of connections, which every user of the machine can open. Each takes a file descriptor. */

/** Most connections that wait. A page requests a few files at a time. */
const MAX_WAITING = 64
/** Most windows that are open at a time. */
export const MAX_WINDOWS = 32

export const CONNECTION_TIMES = {
  silent: 10_000,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000
} satisfies ServerOptions & { silent: number }
export type ConnectionTimes = typeof CONNECTION_TIMES

/** Limits the number and the time of idle connections, except of windows. If there are too many, closes the oldest. */
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

/** @throws WorkbenchError for a port that is in use */
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
