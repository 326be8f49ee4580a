/**
 * Splits typed text into the folder to list and the start of a name inside it. `/models/ll` lists `/models/` for names
 * that start with `ll`. Null when no folder is named yet.
 */
export function splitTypedPath(typed: string): { folder: string; prefix: string } | null {
  const cut = Math.max(typed.lastIndexOf('/'), typed.lastIndexOf('\\'))
  return cut < 0 ? null : { folder: typed.slice(0, cut + 1), prefix: typed.slice(cut + 1) }
}

/** Returns the entries whose names start with the prefix, ignoring case. */
export const completions = <Entry extends { name: string }>(entries: readonly Entry[], prefix: string): Entry[] =>
  entries.filter((entry) => entry.name.toLowerCase().startsWith(prefix.toLowerCase()))
