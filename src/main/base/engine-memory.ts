import { totalmem } from 'node:os'

export function defaultMemoryBytes(): number {
  return Math.floor(totalmem() / 2)
}

/** Memory of an engine process before it loads weights, measured on Linux x64 with one thread per core. */
export const PROCESS_BYTES = 150 * 2 ** 20
