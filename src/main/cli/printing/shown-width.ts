/**
 * How many columns a reader of stdout has: what COLUMNS says, also of a pipe, or else the terminal's.
 *
 * @returns null for a pipe or a file, which holds lines of any length
 */
export function shownWidth(
  stdout: { isTTY: boolean; columns: number } = process.stdout,
  environment = process.env
): number | null {
  const asked = Number(environment.COLUMNS)
  if (Number.isInteger(asked) && asked > 0) return asked
  return stdout.isTTY && stdout.columns > 0 ? stdout.columns : null
}

/** For what is drawn to a width: a pipe is taken to be as wide as a terminal usually is. */
export const drawnWidth = (): number => shownWidth() ?? 80
