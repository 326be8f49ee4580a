const MAX_NAMES = 8

/** Joins at most 8 names, and counts the remaining ones: `a, b and 3 more`. */
export function listNames(names: readonly string[]): string {
  const listed = names.slice(0, MAX_NAMES).join(', ')
  return names.length > MAX_NAMES ? `${listed} and ${names.length - MAX_NAMES} more` : listed
}
