const LONGEST = 28

/** A name for where there is little room: a long one without its middle. */
export function shortName(name: string): string {
  if (name.length <= LONGEST) return name
  const side = LONGEST / 2 - 1
  return `${name.slice(0, side)}…${name.slice(-side)}`
}
