import type { EndpointContact } from '../../contract/model/endpoint'
import { WorkbenchError } from '../../contract/model/problem'
import { EndpointClient } from './client'
import { requireConfirmed } from './confirmed-addresses'
import { askServed } from './server-program'

/** Somebody waits to begin: a server that takes longer is asked for replies without it. */
const MOST_MS = 8_000

/**
 * The models that an endpoint lists. Nothing of a project is sent for that, only the key.
 *
 * @returns null where it lists none, or does not say in time
 * @throws WorkbenchError as `requireConfirmed`
 */
export async function listedModels(
  address: EndpointContact,
  apiKey: string | null,
  signal: AbortSignal | undefined,
  mostMs = MOST_MS
): Promise<string[] | null> {
  await requireConfirmed([address])
  const use = { who: 'The endpoint', work: 'Asking for models', later: 'Start it.', apiKey }
  const soon = AbortSignal.any([AbortSignal.timeout(mostMs), ...(signal === undefined ? [] : [signal])])
  try {
    return (await askServed(new EndpointClient(address, use), false, soon)).models
  } catch (error) {
    // Why it gives no reply is said when it is asked for one.
    if (error instanceof WorkbenchError) return null
    throw error
  }
}
