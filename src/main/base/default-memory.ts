import { totalmem } from 'node:os'

/** What an engine process may take unless the user says otherwise: half of this machine's memory. */
export function defaultMemoryBytes(): number {
  return Math.floor(totalmem() / 2)
}
