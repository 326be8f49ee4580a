const LONGEST = 28

/**
 * Shortens a name. The end after its last number is dropped first, then the middle. A number, such as a threshold, is
 * often the only difference between two names.
 */
export function shortName(name: string, longest = LONGEST): string {
  if (name.length <= longest) return name
  const numbered = /^.*\d/s.exec(name)?.[0]
  if (numbered !== undefined && numbered.length < longest) return `${numbered}…`
  const side = longest / 2 - 1
  return `${name.slice(0, side)}…${name.slice(-side)}`
}
