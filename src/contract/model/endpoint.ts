import { z } from 'zod'

function namesUser(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { username, password } = new URL(url)
  return username !== '' || password !== ''
}

/** Address of a model behind OpenAI's interface, stored without the key itself. */
export const EndpointAddress = z.object({
  /** Address up to and including the version, such as http://localhost:8080/v1. */
  baseUrl: z
    .url({ protocol: /^https?$/, error: 'expected an address such as http://localhost:8080/v1' })
    .max(2_000)
    .refine((url) => !namesUser(url), 'names a user; a key is given apart from the address')
    .refine((url) => !/[?#\\]/.test(url), 'expected an address without "?", "#" and backslashes'),
  model: z.string().min(1).max(200),
  /** Environment variable with the key. Its name must end in API_KEY, so that no other secret can be sent. */
  keyVariable: z
    .string()
    .max(200)
    .regex(/^[A-Z][A-Z0-9_]*API_KEY$/, 'expected a name that ends in API_KEY, such as OPENAI_API_KEY')
    .optional()
})
export type EndpointAddress = z.infer<typeof EndpointAddress>

export const EndpointContact = EndpointAddress.pick({ baseUrl: true, keyVariable: true })
export type EndpointContact = z.infer<typeof EndpointContact>

/** Returns the text of a contact that a user confirms, such as `OPENAI_API_KEY@https://api.example.org`. */
export const contactText = ({ baseUrl, keyVariable }: EndpointContact): string =>
  `${keyVariable === undefined ? '' : `${keyVariable}@`}${new URL(baseUrl).origin}`

/** Parses a text that {@link contactText} wrote; null for any other. */
export function contactFromText(text: string): EndpointContact | null {
  const [, keyVariable, baseUrl] = /^(?:([A-Z0-9_]+)@)?(https?:\/\/.+)$/i.exec(text) ?? []
  return EndpointContact.safeParse({ baseUrl, keyVariable }).data ?? null
}

export const withKey = ({ keyVariable }: Pick<EndpointAddress, 'keyVariable'>): string =>
  keyVariable === undefined ? '' : ` with the key in ${keyVariable}`

const isLocal = ({ hostname }: URL): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)

/** Describes the destination of text sent to an endpoint, as in "api.example.org (another machine)". */
export function whereEndpoint({ baseUrl }: Pick<EndpointAddress, 'baseUrl'>): string {
  const url = new URL(baseUrl)
  const where = isLocal(url) ? 'another program on this machine' : 'another machine'
  const plain = url.protocol === 'http:' && !isLocal(url) ? ', unencrypted' : ''
  return `${url.host} (${where}${plain})`
}
