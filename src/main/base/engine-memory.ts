import { totalmem } from 'node:os'

/** Returns the memory budget of an engine process where the user names none: half of this machine's memory. */
export function defaultMemoryBytes(): number {
  return Math.floor(totalmem() / 2)
}

/** Of an engine process before it holds weights: Node, onnxruntime, this program and its small objects; measured on Linux x64 with one thread per core. */
export const PROCESS_BYTES = 150 * 2 ** 20
