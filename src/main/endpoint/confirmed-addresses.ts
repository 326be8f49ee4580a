import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { contactText, type EndpointContact, whereEndpoint, withKey } from '../../contract/model/endpoint'
import { type Problem, WorkbenchError } from '../../contract/model/problem'
import { writeFileAtomic } from '../base/files/atomic-file'
import { readJsonFile } from '../base/files/bounded-file'
import { formatJson } from '../base/files/json-format'
import { configFolder } from '../base/files/paths'
import { SerialQueue } from '../base/files/serial-queue'

/* The addresses that this user has confirmed, each with the variable of its key. No project confirms one. */

const MAX_ADDRESSES = 1_000
const MAX_FILE_BYTES = 4_000_000
const StoredAddresses = z.strictObject({
  schemaVersion: z.literal(1),
  addresses: z.array(z.string()).max(MAX_ADDRESSES)
})

/** Addresses that this process may contact: confirmed for this run, or read from the stored list. */
const confirmed = new Set<string>()

/** A change reads the list and writes it back; two at a time would lose one. */
const changes = new SerialQueue()

/** The work would contact addresses that the user has not confirmed, which its problem names. */
export class UnconfirmedAddress extends WorkbenchError {
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

export async function unconfirmedOf(contacts: readonly EndpointContact[]): Promise<EndpointContact[]> {
  const isMissing = (contact: EndpointContact): boolean => !confirmed.has(contactText(contact))
  if (!contacts.some(isMissing)) return []
  allowTextsForThisRun(await storedAddresses())
  const missing = contacts.filter(isMissing).map(({ baseUrl, keyVariable }) => ({ baseUrl, keyVariable }))
  return [...new Map(missing.map((contact) => [contactText(contact), contact])).values()]
}

/** Confirms addresses for this run of the program, as an option of the command line does. */
export function allowForThisRun(contacts: readonly EndpointContact[]): void {
  allowTextsForThisRun(contacts.map(contactText))
}

/** Takes texts as `contactText` writes them. An address that is confirmed with a key is also confirmed without one. */
function allowTextsForThisRun(texts: readonly string[]): void {
  for (const text of texts) confirmed.add(text).add(text.replace(/^[^/]*@/, ''))
}

/** Confirms addresses for good. Where the list cannot be written, they are confirmed until the program ends. */
export async function confirmAddresses(contacts: readonly EndpointContact[]): Promise<void> {
  allowForThisRun(contacts)
  await changes.run(async () => {
    try {
      const texts = [...new Set([...(await storedAddresses()), ...contacts.map(contactText)])]
      await mkdir(dirname(listFile()), { recursive: true, mode: 0o700 })
      const stored = { schemaVersion: 1, addresses: texts.slice(-MAX_ADDRESSES) }
      await writeFileAtomic(listFile(), formatJson(stored), 0o600)
    } catch {
      // The user is asked again after the next start.
    }
  })
}

/** A list that cannot be read counts as empty: the user is asked again. */
async function storedAddresses(): Promise<string[]> {
  const stored = await readJsonFile(listFile(), MAX_FILE_BYTES).catch(() => null)
  const parsed = StoredAddresses.safeParse(stored)
  return parsed.success ? parsed.data.addresses : []
}

const listFile = (): string => join(configFolder(), 'confirmed-addresses.json')
