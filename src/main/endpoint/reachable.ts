import type { EndpointContact } from '../../contract/model/endpoint'
import { inputError, WorkbenchError } from '../../contract/model/problem'
import { throwIfCancelled } from '../base/files/cancelling'
import { errorMessage } from '../base/files/bounded-file'
import { errorCode } from '../base/files/atomic-file'
import { tryConnection } from './contact'

/** Errors that are not retried: no server listens at the address, or the address is unknown. */
const UNREACHABLE: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'cannot be reached: nothing takes connections there (ECONNREFUSED)'],
  ['ENOTFOUND', 'cannot be reached: no machine of that name is known (ENOTFOUND)'],
  ['EAI_AGAIN', 'cannot be reached: its name cannot be looked up (EAI_AGAIN)']
])

/** Time limit of the check. A slower server is no error here, because later requests are retried. */
const PATIENCE_MS = 5_000

/** Describes an error after which repeating is useless; null for other errors. */
export const unreachableReason = (error: unknown): string | null => UNREACHABLE.get(errorCode(error) ?? '') ?? null

/** Composes a message about an address. @param who subject, such as "The judge" */
export const endpointMessage = (who: string, url: string, what: string): string => `${who} at ${url} ${what}.`

/** Returns the cause of a fetch error, whose own message is only "fetch failed". */
export const reasonOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? error.cause : error

/** Describes why a request did not reach its address. */
export function reachProblem(error: unknown): string {
  const reason = reasonOf(error)
  const code = errorCode(reason)
  return unreachableReason(reason) ?? `cannot be reached: ${errorMessage(reason)}${code === null ? '' : ` (${code})`}`
}

/** Checks before work begins that an address accepts connections. @throws WorkbenchError `bad-input` */
export async function requireReachable(contact: EndpointContact, who: string, signal: AbortSignal): Promise<void> {
  try {
    await tryConnection(contact, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]))
  } catch (error) {
    throwIfCancelled(signal, 'The work')
    if (error instanceof WorkbenchError) throw error
    const reason = unreachableReason(error)
    if (reason !== null)
      throw inputError(endpointMessage(who, contact.baseUrl, reason), 'Start it, or check its address.')
  }
}
