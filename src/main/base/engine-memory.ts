import { totalmem } from 'node:os'
import { nodeProgram } from './node-program'

/** Of the 16 GiB that a process of Chromium's can have; the rest is for what is not planned, and for holes between arrays. */
const WITHIN_ELECTRON_BYTES = 12 * 2 ** 30

/** The most that an engine process can take where it runs; null where only the machine limits it. */
export function engineLimitBytes(): number | null {
  return nodeProgram() === null ? WITHIN_ELECTRON_BYTES : null
}

/** What an engine process may take unless the user says otherwise: half of this machine's memory, and no more than it can. */
export function defaultMemoryBytes(): number {
  return withinEngine(Math.floor(totalmem() / 2))
}

/** Of a budget, what an engine process can take. */
export function withinEngine(memoryBytes: number): number {
  return Math.min(memoryBytes, engineLimitBytes() ?? Infinity)
}

/** Of an engine process before it holds weights: Node, onnxruntime, this program and its small objects; measured on Linux x64 with one thread per core. */
export const PROCESS_BYTES = 150 * 2 ** 20
