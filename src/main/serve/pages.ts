import { readFile } from 'node:fs/promises'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { type OneTimeTokens, prove } from './one-time-token'
import {
  FOREIGN_HOST,
  FOREIGN_PAGE,
  NO_ADDRESS,
  NO_PAGE,
  NO_SESSION,
  ONLY_GET,
  REFUSAL_HEADERS,
  type Refusal,
  refusalPage,
  TOO_MANY,
  WRONG_TOKEN
} from './refusal'
import { type rendererFiles, SECURITY_HEADERS } from './renderer-files'
import { addressOf, asksFromElsewhere, cookieName, cookieOf, namesLoopback, sessionPath } from './requests'
import type { Sessions } from './sessions'

/** Where a second start asks whether the first still runs. */
export const RUNNING_PATH = '/running'
const RUNNING_NONCE = /^[\w-]{22}$/

export interface PageDoor {
  /** The server's key. */
  key: string
  tokens: OneTimeTokens
  sessions: Sessions
  files: Awaited<ReturnType<typeof rendererFiles>>
  /** Called when a token was exchanged for a session, before the browser is told of it. */
  onEntry: () => Promise<void>
}

/** Answers HTTP requests: the window's files to sessions, a session to a one-time token, a refusal to everything else. */
export function answerPages(door: PageDoor): RequestListener {
  return (request, response) => {
    const address = addressOf(request)
    if (!namesLoopback(request)) return sendRefusal(response, FOREIGN_HOST)
    if (address?.pathname === RUNNING_PATH) return proveRunning(response, address, door.key)
    const token = address?.searchParams.get('token')
    if (typeof token === 'string') return void exchangeToken(door, request, response, token)
    const { id, path } = sessionPath(address)
    if (id === null) return sendRefusal(response, NO_ADDRESS)
    if (!door.sessions.accepts(id, cookieOf(request))) {
      // A browser keeps the cookie back when it comes from another site, the opener's file too; from here it tells.
      const elsewhere = request.headers['sec-fetch-site'] === 'cross-site' && path === '/'
      if (elsewhere && door.sessions.knows(id)) return sendComeAgain(response, id)
      return sendRefusal(response, NO_SESSION)
    }
    if (asksFromElsewhere(request)) return sendRefusal(response, FOREIGN_PAGE)
    const found = door.files.get(path)
    if (found === undefined) return sendRefusal(response, NO_PAGE)
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendRefusal(response, ONLY_GET)
    readFile(found.file).then(
      (body) => response.writeHead(200, found.headers).end(request.method === 'HEAD' ? undefined : body),
      () => sendRefusal(response, { status: 404, message: 'The file is gone: the program was rebuilt.' })
    )
  }
}

/** Moves a browser from the token's address, which is shown and remembered, to its session's. */
async function exchangeToken(
  { tokens, sessions, onEntry }: PageDoor,
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
  await onEntry()
  const name = cookieName(request.headers.host ?? '')
  redirect(response, id, { 'Set-Cookie': `${name}=${secret}; HttpOnly; SameSite=Strict; Path=/${id}/` })
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
