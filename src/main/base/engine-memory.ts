import { totalmem } from 'node:os'

/** Returns the memory budget of an engine process where the user names none: half of this machine's memory. */
export function defaultMemoryBytes(): number {
  return Math.floor(totalmem() / 2)
}

/**
 * Memory of an engine process before it loads weights: Node, onnxruntime and the program, measured on Linux
 * x64 with one thread per core.
 */
export const PROCESS_BYTES = 150 * 2 ** 20
