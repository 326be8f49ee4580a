/** Times are compared as times: offsets and fractions of a second may be written differently. */
export function newestFirst<Entry extends { createdAt: string; id: string }>(
  entries: readonly Entry[]
): Entry[] {
  return entries.toSorted(
    (a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.id < b.id ? -1 : 1)
  )
}
