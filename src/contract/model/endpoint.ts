import { z } from 'zod'

function namesUser(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { username, password } = new URL(url)
  return username !== '' || password !== ''
}

/**
 * A model that is reached over the interface of OpenAI, which local servers offer too. Stored with what it answered, so the key
 * itself is no part of it.
 */
export const EndpointAddress = z.object({
  /** Up to and including the version, such as http://localhost:8080/v1. */
  baseUrl: z
    .url({ protocol: /^https?$/, error: 'expected an address such as http://localhost:8080/v1' })
    .max(2_000)
    .refine((url) => !namesUser(url), 'names a user; a key is given apart from the address')
    .refine((url) => !/[?#\\]/.test(url), 'expected an address without "?", "#" and backslashes'),
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

/** An address, and the variable whose key is sent there. */
export const EndpointContact = EndpointAddress.pick({ baseUrl: true, keyVariable: true })
export type EndpointContact = z.infer<typeof EndpointContact>

/** One string for what a user confirms: scheme, host and port, and the key; such as `OPENAI_API_KEY@https://api.example.org`. */
export const contactText = ({ baseUrl, keyVariable }: EndpointContact): string =>
  `${keyVariable === undefined ? '' : `${keyVariable}@`}${new URL(baseUrl).origin}`

/** Reads what {@link contactText} writes. @returns null when the text is none */
export function contactFromText(text: string): EndpointContact | null {
  const [, keyVariable, baseUrl] = /^(?:([A-Z0-9_]+)@)?(https?:\/\/.+)$/i.exec(text) ?? []
  return EndpointContact.safeParse({ baseUrl, keyVariable }).data ?? null
}

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
