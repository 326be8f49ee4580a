/** Compares two records, ignoring the order of their keys. Files do not keep that order. */
export const sameRecord = (left: Record<string, unknown>, right: Record<string, unknown>): boolean =>
  JSON.stringify(sortedEntries(left)) === JSON.stringify(sortedEntries(right))

const sortedEntries = (record: Record<string, unknown>): unknown[] =>
  Object.entries(record)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => [key, typeof value === 'object' && value !== null ? sortedEntries({ ...value }) : value])
