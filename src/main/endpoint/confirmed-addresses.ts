import { z } from 'zod'
import { contactText, type EndpointContact, whereEndpoint, withKey } from '../../contract/model/endpoint'
import { type Problem, WorkbenchError } from '../../contract/model/problem'
import { UserFile } from '../base/files/user-file'

/* The addresses that this user has confirmed, each with the variable of its key. Projects cannot confirm addresses. */

const MAX_ADDRESSES = 1_000
const StoredAddresses = z.strictObject({
  schemaVersion: z.literal(1),
  addresses: z.array(z.string()).max(MAX_ADDRESSES)
})
const list = new UserFile<z.infer<typeof StoredAddresses>>('confirmed-addresses', StoredAddresses, {
  schemaVersion: 1,
  addresses: []
})

/** Addresses that this process may contact: confirmed for this run, or read from the stored list. */
const confirmed = new Set<string>()

/** Error of work that would contact unconfirmed addresses. `problem.unconfirmed` lists them. */
class UnconfirmedAddress extends WorkbenchError {
  override readonly problem: Problem

  constructor(unconfirmed: EndpointContact[]) {
    const named = unconfirmed.map((contact) => `${whereEndpoint(contact)}${withKey(contact)}`)
    const options = unconfirmed.map((contact) => `--allow-address ${contactText(contact)}`)
    const message = `Nobody has confirmed on this machine that prompts may be sent to ${named.join(' and ')}.`
    super('bad-input', message)
    const hint = `Confirm it in the window, or by an option of the command line (${options.join(' ')}).`
    this.problem = { code: 'bad-input', message, hint, unconfirmed }
  }
}

/** @throws UnconfirmedAddress naming the addresses that the user has not confirmed with these keys */
export async function requireConfirmed(contacts: readonly EndpointContact[]): Promise<void> {
  const unconfirmed = await unconfirmedOf(contacts)
  if (unconfirmed.length > 0) throw new UnconfirmedAddress(unconfirmed)
}

/** Lists the addresses that the user has not confirmed with these keys, each once. */
export async function unconfirmedOf(contacts: readonly EndpointContact[]): Promise<EndpointContact[]> {
  const isMissing = (contact: EndpointContact): boolean => !confirmed.has(contactText(contact))
  if (!contacts.some(isMissing)) return []
  allowTextsForThisRun((await list.read()).addresses)
  const missing = contacts.filter(isMissing).map(({ baseUrl, keyVariable }) => ({ baseUrl, keyVariable }))
  return [...new Map(missing.map((contact) => [contactText(contact), contact])).values()]
}

/** Confirms addresses for this run of the program, as an option of the command line does. */
export function allowForThisRun(contacts: readonly EndpointContact[]): void {
  allowTextsForThisRun(contacts.map(contactText))
}

/** Confirms texts of `contactText`: `KEY@ADDRESS` or `ADDRESS`. The first also confirms the address without a key. */
function allowTextsForThisRun(texts: readonly string[]): void {
  for (const text of texts) confirmed.add(text).add(text.replace(/^[^/]*@/, ''))
}

/** Stores addresses as confirmed. If the list cannot be written, they are confirmed until the program ends. */
export async function confirmAddresses(contacts: readonly EndpointContact[]): Promise<void> {
  allowForThisRun(contacts)
  // An error is ignored: the user is asked again after the next start.
  await list
    .change(({ schemaVersion, addresses }) => {
      const texts = [...new Set([...addresses, ...contacts.map(contactText)])]
      return { schemaVersion, addresses: texts.slice(-MAX_ADDRESSES) }
    })
    .catch(() => undefined)
}
