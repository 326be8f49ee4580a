import { setMaxListeners } from 'node:events'
import PQueue from 'p-queue'

/** Does work for several items at a time. The first failure stops all work, and is thrown when all work has ended. */
export async function inParallel<Item>(
  items: Iterable<Item>,
  concurrency: number,
  signal: AbortSignal,
  work: (item: Item, stop: AbortSignal) => Promise<void>
): Promise<void> {
  const failed = new AbortController()
  const stop = AbortSignal.any([signal, failed.signal])
  // All requests listen to this signal. Without a limit, Node does not warn about a leak.
  setMaxListeners(0, stop)
  const queue = new PQueue({ concurrency })
  let failure: unknown
  const attempt = async (item: Item): Promise<void> => {
    if (failed.signal.aborted) return
    try {
      await work(item, stop)
    } catch (error) {
      if (!failed.signal.aborted) failure = error
      failed.abort()
    }
  }
  for (const item of items) {
    if (failed.signal.aborted) break
    void queue.add(() => attempt(item))
    await queue.onSizeLessThan(1)
  }
  await queue.onIdle()
  if (failed.signal.aborted) throw failure
}
