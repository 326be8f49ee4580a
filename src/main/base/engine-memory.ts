import { totalmem } from 'node:os'

/** Returns the engine's memory limit in bytes if the user set none: half of the machine's memory. */
export function defaultMemoryBytes(): number {
  return Math.floor(totalmem() / 2)
}

/** Bytes of an engine process before it loads weights, measured on Linux x64 with one thread per core. */
export const PROCESS_BYTES = 175 * 2 ** 20
