import { once } from 'node:events'
import { connect } from 'node:net'
import type { EndpointContact } from '../../contract/model/endpoint'
import { requireConfirmed } from './confirmed-addresses'

/* The only functions of main that contact other programs. ESLint refuses others. */

/** Parts of a request. */
interface SentRequest {
  /** Body of a POST request; a GET request if omitted. */
  body?: unknown
  /** Null if the endpoint needs no key. */
  apiKey: string | null
  signal: AbortSignal
}

/**
 * Sends one request to a confirmed address. Redirects are not followed, because the user has not agreed to
 * send text to their targets.
 *
 * @param url below the address
 * @throws WorkbenchError as `requireConfirmed`; as `fetch`
 */
export async function sendRequest(
  contact: EndpointContact,
  url: string,
  { body, apiKey, signal }: SentRequest
): Promise<Response> {
  if (new URL(url).origin !== new URL(contact.baseUrl).origin)
    throw new RangeError(`${url} is of another server`)
  await requireConfirmed([contact])
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

/**
 * Opens a connection to a confirmed address and closes it. Nothing is sent.
 *
 * @throws WorkbenchError as `requireConfirmed`; as the socket; AbortError when `signal` fires
 */
export async function tryConnection(contact: EndpointContact, signal: AbortSignal): Promise<void> {
  await requireConfirmed([contact])
  const { hostname, port, protocol } = new URL(contact.baseUrl)
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
  })
  try {
    await once(socket, 'connect', { signal })
  } finally {
    socket.destroy()
  }
}
