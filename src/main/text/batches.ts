/**
 * Divides a list into batches of limited length and size.
 *
 * @param sizeOf size of an item. An item above the limit is a batch of its own.
 */
export function inBatches<Item>(
  items: readonly Item[],
  limits: { readonly items: number; readonly size: number },
  sizeOf: (item: Item) => number
): Item[][] {
  const batches: Item[][] = []
  let size = 0
  for (const item of items) {
    const batch = batches.at(-1)
    size += sizeOf(item)
    if (batch !== undefined && batch.length < limits.items && size <= limits.size) batch.push(item)
    else {
      batches.push([item])
      size = sizeOf(item)
    }
  }
  return batches
}

/**
 * Returns a function like `run` that runs one call at a time. The items of all calls that wait meanwhile are joined
 * into one call. If the joined call fails, each call runs separately.
 */
export function joinCalls<Item, Result>(
  run: (items: readonly Item[]) => Promise<Result[]>
): (items: readonly Item[]) => Promise<Result[]> {
  let waiting: Item[] = []
  let next: Promise<Result[]> | null = null
  let last: Promise<unknown> = Promise.resolve()
  const runWaiting = (): Promise<Result[]> => {
    const running = run(waiting)
    waiting = []
    next = null
    last = running.catch(() => undefined)
    return running
  }
  return async (items) => {
    const first = waiting.length
    waiting = waiting.concat(items)
    next ??= last.then(runWaiting)
    const joined = await next.catch(() => null)
    return joined === null ? run(items) : joined.slice(first, first + items.length)
  }
}
