import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from './cancelling'

/** A request that waits this long is not noticed. */
const MOST_MS = 20

/**
 * For long work on the thread that answers requests: call it between small pieces, and await it. Now and then it lets
 * what has come in meanwhile go first.
 *
 * @param signal what may have come in; then it throws WorkbenchError `cancelled`
 */
export function breather(signal?: AbortSignal): () => Promise<void> {
  let sinceMs = performance.now()
  return async () => {
    if (performance.now() - sinceMs >= MOST_MS) {
      await setImmediate()
      sinceMs = performance.now()
    }
    throwIfCancelled(signal, 'The reading')
  }
}
