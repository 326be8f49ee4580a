import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/* Checks of requests to the loopback servers: whether this machine's own page sent them, and in which session. */

export const HOST = '127.0.0.1'

/** Matches the Host header of this machine with any port, because an SSH tunnel may use another one. */
const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::(\d{1,5}))?$/i

/** Matches /ID/PATH: the secret id of a browser's session, and the path of a file in it. */
const SESSION_PATH = /^\/([\w-]{22})(\/.*)$/

/** Parses the address of a request; null if its target is no path, as in a proxy request. */
export function addressOf(request: IncomingMessage): URL | null {
  const address = `http://${HOST}${request.url ?? ''}`
  return URL.canParse(address) ? new URL(address) : null
}

/** Reports whether the Host header names this machine. A page of another site sends that site's name. */
export function namesLoopback(request: IncomingMessage): boolean {
  return LOOPBACK_HOST.test(request.headers.host ?? '')
}

/** Reports whether another page or port requests a part of this page. */
export function isCrossSiteRequest({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && headers['sec-fetch-mode'] !== 'navigate'
}

/** Splits an address into the id of its session and the path in it; a null id and no path if it has no session. */
export function sessionPath(address: URL | null): { id: string | null; path: string } {
  const [, id = null, path = ''] = SESSION_PATH.exec(address?.pathname ?? '') ?? []
  return { id, path }
}

/** Names the cookie by port, because all ports of a host name share cookies. */
export function cookieName(host: string): string {
  return `slr-${LOOPBACK_HOST.exec(host)?.[1] ?? '80'}`
}

/** Reads the session's secret from the cookie; empty without one. */
export function cookieOf(request: IncomingMessage): string {
  const name = `${cookieName(request.headers.host ?? '')}=`
  const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim())
  return cookies.find((cookie) => cookie.startsWith(name))?.slice(name.length) ?? ''
}

/** Compares in constant time, which does not reveal how much is correct. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
