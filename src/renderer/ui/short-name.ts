const LONGEST = 28

/**
 * A name for where there is little room: a long one without what stands behind its last number, where that is enough, or else
 * without its middle. A number, such as a threshold, is often all that tells it from others.
 */
export function shortName(name: string, longest = LONGEST): string {
  if (name.length <= longest) return name
  const numbered = /^.*\d/s.exec(name)?.[0]
  if (numbered !== undefined && numbered.length < longest) return `${numbered}…`
  const side = longest / 2 - 1
  return `${name.slice(0, side)}…${name.slice(-side)}`
}
