import type { EndpointContact } from '../../contract/model/endpoint'
import { WorkbenchError } from '../../contract/model/problem'
import { EndpointClient } from './client'
import { requireConfirmed } from './confirmed-addresses'
import { askServed } from './server-program'

/** Short limit, because a user waits; a slower server is used without its list. */
const MAX_MS = 8_000

/** Lists the models of an endpoint; null without a list, and without a reply in time. It receives only the key. */
export async function listedModels(
  address: EndpointContact,
  apiKey: string | null,
  signal: AbortSignal | undefined,
  maxMs = MAX_MS
): Promise<string[] | null> {
  await requireConfirmed([address])
  const use = { who: 'The endpoint', work: 'Asking for models', later: 'Start it.', apiKey }
  const soon = AbortSignal.any([AbortSignal.timeout(maxMs), ...(signal === undefined ? [] : [signal])])
  try {
    return (await askServed(new EndpointClient(address, use), false, soon)).models
  } catch (error) {
    // The first real request reports the reason.
    if (error instanceof WorkbenchError) return null
    throw error
  }
}
