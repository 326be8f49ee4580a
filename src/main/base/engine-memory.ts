import { totalmem } from 'node:os'

/** Returns the engine's memory limit in bytes if the user set none: half of the machine's memory. */
export function defaultMemoryBytes(): number {
  return Math.floor(totalmem() / 2)
}

/**
 * Bytes of an engine process beside its weights and results. Before a sweep it has 107 MiB on Linux x64. With 150 MiB,
 * sweeps of small pairs exceeded their plan by up to 26 MB.
 */
export const PROCESS_BYTES = 175 * 2 ** 20
