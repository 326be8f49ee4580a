/** Sorts by time, the newest first. Times may be written with different offsets and precision. */
export function newestFirst<Entry extends { createdAt: string; id: string }>(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.id < b.id ? -1 : 1))
}
