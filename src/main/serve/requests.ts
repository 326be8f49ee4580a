import type { IncomingMessage } from 'node:http'

/** What a request to the loopback server says of itself. */

export const HOST = '127.0.0.1'

/** Any port: an SSH tunnel may lead from another one. */
const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::(\d{1,5}))?$/i

/** A session's path and what is asked for below it. */
const SESSION_PATH = /^\/([\w-]{22})(\/.*)$/

/** What the request asks for; null when its target is no path, such as that of a proxy request. */
export function addressOf(request: IncomingMessage): URL | null {
  const address = `http://${HOST}${request.url ?? ''}`
  return URL.canParse(address) ? new URL(address) : null
}

export function namesLoopback(request: IncomingMessage): boolean {
  return LOOPBACK_HOST.test(request.headers.host ?? '')
}

/** Whether another page asks, also one of another port: for a part of a page, not to show this one. Browsers say so. */
export function asksFromElsewhere({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && headers['sec-fetch-mode'] !== 'navigate'
}

export function sessionPath(address: URL | null): { id: string | null; path: string } {
  const [, id = null, path = ''] = SESSION_PATH.exec(address?.pathname ?? '') ?? []
  return { id, path }
}

/** Cookies are shared by all ports of a host name, so two servers (or tunnels) need two names. */
export function cookieName(host: string): string {
  return `slr-${LOOPBACK_HOST.exec(host)?.[1] ?? '80'}`
}

/** The session's secret as the browser tells it; empty when it tells none. */
export function cookieOf(request: IncomingMessage): string {
  const name = `${cookieName(request.headers.host ?? '')}=`
  const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim())
  return cookies.find((cookie) => cookie.startsWith(name))?.slice(name.length) ?? ''
}
