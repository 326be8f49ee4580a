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
