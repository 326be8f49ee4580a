import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from './cancelling'

/** A request may wait this long unnoticed. */
const MAX_MS = 20

/** Creates a function to await between small pieces of long work. After 20 ms it lets waiting requests go first. */
export function yieldEvery20ms(signal?: AbortSignal): () => Promise<void> {
  let sinceMs = performance.now()
  return async () => {
    if (performance.now() - sinceMs >= MAX_MS) {
      await setImmediate()
      sinceMs = performance.now()
    }
    throwIfCancelled(signal, 'The reading')
  }
}
