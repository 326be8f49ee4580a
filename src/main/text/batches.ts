/**
 * Items in batches of at most so many, whose sizes come to at most so much; an item that is larger is a batch by itself.
 */
export function inBatches<Item>(
  items: readonly Item[],
  most: { readonly items: number; readonly size: number },
  sizeOf: (item: Item) => number
): Item[][] {
  const batches: Item[][] = []
  let size = 0
  for (const item of items) {
    const open = batches.at(-1)
    size += sizeOf(item)
    if (open !== undefined && open.length < most.items && size <= most.size) open.push(item)
    else {
      batches.push([item])
      size = sizeOf(item)
    }
  }
  return batches
}
