import { createHash } from 'node:crypto'
import { Markup, markup } from '../base/markup'
import { MAX_WINDOWS } from '../base/http-connections'
import { SECURITY_HEADERS } from './renderer-files'

/** A refused HTTP request: its status, and the headline of the page that is shown. */
export interface Refusal {
  status: 401 | 403 | 404 | 405 | 429 | 503
  message: string
}

const refusal = (status: Refusal['status'], message: string): Refusal => ({ status, message })

export const FOREIGN_HOST = refusal(403, 'This server answers to 127.0.0.1 and localhost only.')
export const FOREIGN_PAGE = refusal(403, "Only the workbench's own page may connect.")
export const NO_ADDRESS = refusal(
  401,
  'This address is incomplete. Open the printed address, or the tab that is already open.'
)
export const NO_SESSION = refusal(401, 'This browser has not been let in.')
export const WRONG_TOKEN = refusal(401, 'This address belongs to an earlier start of the workbench.')
export const TOO_MANY = refusal(429, 'Too many wrong addresses. Try again in a minute.')
export const TOO_MANY_WINDOWS = refusal(503, `${MAX_WINDOWS} windows are open already.`)
export const NO_PAGE = refusal(404, 'There is no such page.')
export const ONLY_GET = refusal(405, 'Only GET is answered here.')

export const STATUS_TEXT = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  429: 'Too Many Requests',
  503: 'Service Unavailable'
} satisfies Record<Refusal['status'], string>

const HOW_TO_GET_IN = {
  printed: 'Open the address that SLR Workbench printed in the terminal.',
  again: 'An address works in one browser. For another browser, run the command again in another terminal.'
}

/** Style of the refusal's page, which may be the first thing that a user sees of the program. */
const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  main { max-width: 34rem; margin: 18vh auto; padding: 0 1.5rem }
  h1 { font-size: 1.25rem }
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

export const REFUSAL_HEADERS = {
  ...SECURITY_HEADERS,
  'Content-Security-Policy':
    `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; ` +
    "frame-ancestors 'none'",
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store'
}

export function refusalPage({ status, message }: Refusal): string {
  const ways = status === 401 ? Object.values(HOW_TO_GET_IN) : []
  return markup`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>SLR Workbench</title>
<style>${new Markup(STYLE)}</style>
<main>
<h1>${message}</h1>
${ways.map((way) => markup`<p>${way}</p>\n`)}</main>
</html>
`.source
}
