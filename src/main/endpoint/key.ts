import type { EndpointAddress } from '../../contract/model/endpoint'
import { inputError } from '../../contract/model/problem'

/**
 * Reads the API key of an address from its environment variable; null if the address needs no key.
 *
 * @param whose owner of the key in the error, such as "the judge's"
 * @throws WorkbenchError `bad-input` if the variable is not set
 */
export function endpointKey({ keyVariable }: Pick<EndpointAddress, 'keyVariable'>, whose: string): string | null {
  if (keyVariable === undefined) return null
  const key = process.env[keyVariable]
  if (key !== undefined && key !== '') return key
  throw inputError(
    `The environment variable ${keyVariable}, which holds ${whose} API key, is not set.`,
    'Set it before the program starts, or leave it out for an endpoint without a key.'
  )
}
