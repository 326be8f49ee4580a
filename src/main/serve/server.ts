import { randomBytes } from 'node:crypto'
import { createServer, get, type IncomingMessage, type RequestOptions } from 'node:http'
import { text } from 'node:stream/consumers'
import { SerialQueue } from '../base/files/serial-queue'
import type { WorkbenchRouter } from '../workbench/router'
import { CONNECTION_TIMES, type ConnectionTimes, listen, portOf } from '../base/http-connections'
import { mintToken, newKey, OneTimeTokens, prove } from './one-time-token'
import { answerPages, RUNNING_PATH } from './pages'
import { rendererFiles } from './renderer-files'
import { equalInConstantTime, HOST } from '../base/http-requests'
import { type ServerRecord, writeServerRecord } from './server-file'
import { Sessions, type StoredSession } from './sessions'
import { acceptWindows } from './windows'

/*
 * Serves the window's page to this machine only. Every request must name a loopback host, against DNS rebinding. It
 * must also come from a session: a one-time token is exchanged for a cookie and a secret path. A cookie alone is not
 * enough, because browsers send it to servers of other users on other ports too.
 */

export interface WorkbenchServer {
  /** Creates an address that admits the first browser that opens it. */
  newUrl(): string
  port: number
  /** Fires when a browser has been admitted. */
  entered: AbortSignal
  close(): Promise<void>
}

export interface ServerOptions {
  router: WorkbenchRouter
  /** 0 or undefined for any free port. */
  port?: number
  /** The folder that the window may use; null for all folders. */
  only?: string | null
  /** File of the server's record; undefined for no record. */
  file?: string
  /** Sessions of earlier runs, which stay valid. */
  earlierSessions?: readonly StoredSession[]
  times?: ConnectionTimes
}

/** Starts serving on loopback. @throws WorkbenchError for a port in use, or a page that is not built */
export async function startServer(options: ServerOptions): Promise<WorkbenchServer> {
  const { router, port = 0, only = null, file, earlierSessions = [], times = CONNECTION_TIMES } = options
  const key = newKey()
  const sessions = new Sessions(earlierSessions)
  const saves = new SerialQueue()
  const entered = new AbortController()

  const save = async (): Promise<void> => {
    if (file === undefined) return
    await saves.run(() =>
      writeServerRecord(file, { version: 1, port: portOf(server), key, sessions: [...sessions.stored] })
    )
  }
  const onEntry = async (): Promise<void> => {
    await save()
    entered.abort()
  }
  const files = await rendererFiles()
  const server = createServer(times, answerPages({ key, tokens: new OneTimeTokens(key), sessions, files, onEntry }))
  const endWindows = acceptWindows(server, router, sessions, only, times)
  await listen(server, port, HOST)
  await save()
  return {
    newUrl: () => entryAddress(portOf(server), key),
    port: portOf(server),
    entered: entered.signal,
    async close() {
      endWindows()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    }
  }
}

/** Builds an address that admits one browser. @param key of the server at the port */
export function entryAddress(port: number, key: string): string {
  return `http://${HOST}:${port}/?token=${mintToken(key)}`
}

/** Time limit; the other process may be reading a large model. */
const ANSWER_LIMIT_MS = 3_000

/** Reports whether the server of a record still runs; another program may have its port by now. */
export async function isRunning(
  { port, key }: Pick<ServerRecord, 'port' | 'key'>,
  limitMs = ANSWER_LIMIT_MS
): Promise<boolean> {
  const nonce = randomBytes(16)
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), limitMs)
  try {
    const path = `${RUNNING_PATH}?nonce=${nonce.toString('base64url')}`
    const proof = await text(await sendGet({ host: HOST, port, path, signal: limit.signal, agent: false }))
    return equalInConstantTime(Buffer.from(proof, 'hex'), prove(key, 'running', nonce))
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}

/** Sends a GET request without `fetch`, which never ends in Node 20 if a connection is closed at once. */
function sendGet(request: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(request, resolve).once('error', reject))
}
