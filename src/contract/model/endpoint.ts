import { z } from 'zod'

/**
 * A model that is reached over the interface of OpenAI, which local servers offer too. Stored with what it answered, so the key
 * itself is no part of it.
 */
export const EndpointAddress = z.object({
  /** Up to and including the version, such as http://localhost:8080/v1. */
  baseUrl: z
    .url({ protocol: /^https?$/, error: 'expected an address such as http://localhost:8080/v1' })
    .max(2_000)
    .refine((url) => !/^https?:\/\/[^/]*@/i.test(url), 'names a user; a key is given apart from the address'),
  model: z.string().min(1).max(200),
  /**
   * Environment variable of this program that holds the key. Its name says that it is one, so that no project can have
   * another secret sent away.
   */
  keyVariable: z
    .string()
    .max(200)
    .regex(/^[A-Z][A-Z0-9_]*API_KEY$/, 'expected a name that ends in API_KEY, such as OPENAI_API_KEY')
    .optional()
})
export type EndpointAddress = z.infer<typeof EndpointAddress>

/** Names the key that is sent along, for the end of a clause. */
export const withKey = ({ keyVariable }: Pick<EndpointAddress, 'keyVariable'>): string =>
  keyVariable === undefined ? '' : ` with the key in ${keyVariable}`

/** Whether an address is of this machine. */
const isLocal = ({ hostname }: URL): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)

/** Where text goes that is sent to an endpoint, such as "api.example.org (another machine)". */
export function whereEndpoint({ baseUrl }: Pick<EndpointAddress, 'baseUrl'>): string {
  const url = new URL(baseUrl)
  const where = isLocal(url) ? 'another program on this machine' : 'another machine'
  const plain = url.protocol === 'http:' && !isLocal(url) ? ', unencrypted' : ''
  return `${url.host} (${where}${plain})`
}
