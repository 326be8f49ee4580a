import { once } from 'node:events'
import { connect } from 'node:net'
import type { EndpointContact } from '../../contract/model/endpoint'
import { inputError } from '../../contract/model/problem'
import { requireConfirmed } from './confirmed-addresses'

/* The only functions of main that contact other programs. ESLint forbids `fetch` in other files. */

interface SentRequest {
  body?: unknown
  apiKey: string | null
  signal: AbortSignal
}

/** Sends a request to a confirmed address, by POST if it has a body. Redirects are not followed. */
export async function sendRequest(
  contact: EndpointContact,
  url: string,
  { body, apiKey, signal }: SentRequest
): Promise<Response> {
  if (new URL(url).origin !== new URL(contact.baseUrl).origin) throw new RangeError(`${url} is of another server`)
  await requireConfirmed([contact])
  // The error of fetch names no key, and the request would be repeated.
  if (apiKey !== null && /[^ -~]/.test(apiKey))
    throw inputError(`The API key for ${contact.baseUrl} has characters that no key has.`, 'Copy the key again.')
  return fetch(url, {
    ...(body === undefined ? { method: 'GET' } : { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      'content-type': 'application/json',
      ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` })
    },
    redirect: 'manual',
    signal
  })
}

/** Opens and closes a connection to a confirmed address, without a request. @throws the error of the socket */
export async function tryConnection(contact: EndpointContact, signal: AbortSignal): Promise<void> {
  await requireConfirmed([contact])
  const { hostname, port, protocol } = new URL(contact.baseUrl)
  const defaultPort = protocol === 'https:' ? 443 : 80
  const socket = connect({
    // A URL has IPv6 addresses in brackets.
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? defaultPort : Number(port)
  })
  try {
    await once(socket, 'connect', { signal })
  } finally {
    socket.destroy()
  }
}
