/** How many names a message lists before it only counts. */
const MAX_NAMES = 8

/** Names in a message: the first few, and how many more there are. */
export function listNames(names: readonly string[]): string {
  const listed = names.slice(0, MAX_NAMES).join(', ')
  return names.length > MAX_NAMES ? `${listed} and ${names.length - MAX_NAMES} more` : listed
}
