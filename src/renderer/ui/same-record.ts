/** Whether two records hold the same: files do not keep the order in which keys were set. */
export const sameRecord = (left: Record<string, unknown>, right: Record<string, unknown>): boolean =>
  JSON.stringify(sortedEntries(left)) === JSON.stringify(sortedEntries(right))

const sortedEntries = (record: Record<string, unknown>): unknown[] =>
  Object.entries(record)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => [
      key,
      typeof value === 'object' && value !== null ? sortedEntries({ ...value }) : value
    ])
