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
import { addressOf, isCrossSiteRequest, cookieName, cookieOf, namesLoopback, sessionPath } from '../base/http-requests'
import type { Sessions } from './sessions'

/** Address at which a second start checks that the first still runs. */
export const RUNNING_PATH = '/running'
const RUNNING_NONCE = /^[\w-]{22}$/

interface PageAccess {
  key: string
  tokens: OneTimeTokens
  sessions: Sessions
  files: Awaited<ReturnType<typeof rendererFiles>>
  /** Called when a token was exchanged for a session, before the browser is told. */
  onEntry: () => Promise<void>
}

/**
 * Creates the listener for HTTP requests. A request of a session gets files, a request with a one-time token gets a
 * session, and all other requests are refused.
 */
export function answerPages(access: PageAccess): RequestListener {
  return (request, response) => {
    const address = addressOf(request)
    if (!namesLoopback(request)) return sendRefusal(response, FOREIGN_HOST)
    if (address?.pathname === RUNNING_PATH) return proveRunning(response, address, access.key)
    const token = address?.searchParams.get('token')
    if (typeof token === 'string') return void exchangeToken(access, request, response, token)
    const { id, path } = sessionPath(address)
    if (id === null) return sendRefusal(response, NO_ADDRESS)
    if (!access.sessions.accepts(id, cookieOf(request))) {
      // A browser omits the cookie of a request that another page causes, such as the file that opens the
      // browser. It sends the cookie if a page of this site repeats the request.
      const isCrossSite = request.headers['sec-fetch-site'] === 'cross-site' && path === '/'
      if (isCrossSite && access.sessions.knows(id)) return sendReload(response, id)
      return sendRefusal(response, NO_SESSION)
    }
    if (isCrossSiteRequest(request)) return sendRefusal(response, FOREIGN_PAGE)
    const page = access.files.get(path)
    if (page === undefined) return sendRefusal(response, NO_PAGE)
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendRefusal(response, ONLY_GET)
    readFile(page.file).then(
      (body) => response.writeHead(200, page.headers).end(request.method === 'HEAD' ? undefined : body),
      () => sendRefusal(response, { status: 404, message: 'The file is gone: the program was rebuilt.' })
    )
  }
}

/** Opens a session for a token, and redirects the browser to it, because browsers show and remember addresses. */
async function exchangeToken(
  { tokens, sessions, onEntry }: PageAccess,
  request: IncomingMessage,
  response: ServerResponse,
  token: string
): Promise<void> {
  const checked = tokens.check(token)
  if (checked === 'too-many') return sendRefusal(response, TOO_MANY)
  if (checked === 'wrong') return sendRefusal(response, WRONG_TOKEN)
  if (checked.session !== null) return redirect(response, checked.session, {})
  if (request.method !== 'GET') return sendRefusal(response, ONLY_GET)
  const { id, secret } = sessions.open()
  tokens.use(token, id)
  await onEntry()
  const name = cookieName(request.headers.host ?? '')
  redirect(response, id, { 'Set-Cookie': `${name}=${secret}; HttpOnly; SameSite=Strict; Path=/${id}/` })
}

/** Answers a second start of the program, which checks that this server has the key. */
function proveRunning(response: ServerResponse, address: URL, key: string): void {
  const nonce = address.searchParams.get('nonce') ?? ''
  if (!RUNNING_NONCE.test(nonce)) return sendRefusal(response, NO_PAGE)
  const proof = prove(key, 'running', Buffer.from(nonce, 'base64url')).toString('hex')
  response.writeHead(200, { ...SECURITY_HEADERS, 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' })
  response.end(proof)
}

function redirect(response: ServerResponse, session: string, headers: Record<string, string>): void {
  const ownHeaders = { Location: `/${session}/`, 'Cache-Control': 'no-store' }
  response.writeHead(303, { ...SECURITY_HEADERS, ...ownHeaders, ...headers }).end()
}

/** Sends a page that requests the session's page again. */
function sendReload(response: ServerResponse, session: string): void {
  response.writeHead(200, REFUSAL_HEADERS)
  response.end(`<!doctype html><meta http-equiv="refresh" content="0; url=/${session}/"><title>SLR Workbench</title>`)
}

function sendRefusal(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, REFUSAL_HEADERS).end(refusalPage(refusal))
}
