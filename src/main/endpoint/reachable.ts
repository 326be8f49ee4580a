import type { EndpointContact } from '../../contract/model/endpoint'
import { WorkbenchError } from '../../contract/model/problem'
import { throwIfCancelled } from '../base/files/cancelling'
import { errorMessage } from '../base/files/bounded-file'
import { errorCode } from '../base/files/atomic-file'
import { tryConnection } from './contact'

/** Nobody listens there, or nobody knows where it is: unlike an address that is slow or cut off, waiting does not help. */
const NOBODY_THERE: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'cannot be reached: nothing takes connections there (ECONNREFUSED)'],
  ['ENOTFOUND', 'cannot be reached: no machine of that name is known (ENOTFOUND)'],
  ['EAI_AGAIN', 'cannot be reached: its name cannot be looked up (EAI_AGAIN)']
])

/** How long a connection may take; one that takes longer is left to the requests, which are repeated. */
const PATIENCE_MS = 5_000

/** Why there is nobody at an address, in words; null for any other failure. */
export const nobodyThere = (error: unknown): string | null => NOBODY_THERE.get(errorCode(error) ?? '') ?? null

/** What to tell of somebody at an address that cannot be asked. @param who such as "The judge" */
export const saidOf = (who: string, url: string, what: string): string => `${who} at ${url} ${what}.`

/** fetch says "fetch failed" and keeps the reason to itself. */
export const reasonOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? error.cause : error

/** What to tell of an address that could not be reached. */
export function reachProblem(error: unknown): string {
  const reason = reasonOf(error)
  const code = errorCode(reason)
  return (
    nobodyThere(reason) ?? `cannot be reached: ${errorMessage(reason)}${code === null ? '' : ` (${code})`}`
  )
}

/**
 * Asks before work begins whether anybody takes connections at an address. Nothing is sent.
 *
 * @param who such as "The judge"
 * @throws WorkbenchError `bad-input` when nobody does; `cancelled` when `signal` fires; as `tryConnection`
 */
export async function requireReachable(
  contact: EndpointContact,
  who: string,
  signal: AbortSignal
): Promise<void> {
  try {
    await tryConnection(contact, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]))
  } catch (error) {
    throwIfCancelled(signal, 'The work')
    if (error instanceof WorkbenchError) throw error
    const why = nobodyThere(error)
    if (why !== null)
      throw new WorkbenchError(
        'bad-input',
        saidOf(who, contact.baseUrl, why),
        'Start it, or check its address.'
      )
  }
}
