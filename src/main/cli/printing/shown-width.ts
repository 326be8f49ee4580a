/**
 * Returns the width of stdout in columns: the environment variable COLUMNS, else the width of the terminal.
 *
 * @returns null if lines may have any length, as in a pipe without COLUMNS
 */
export function shownWidth(
  stdout: { isTTY: boolean; columns: number } = process.stdout,
  environment = process.env
): number | null {
  const columns = Number(environment.COLUMNS)
  if (Number.isInteger(columns) && columns > 0) return columns
  return stdout.isTTY && stdout.columns > 0 ? stdout.columns : null
}

/** Returns the width for drawings in columns, 80 if lines may have any length. */
export const drawnWidth = (): number => shownWidth() ?? 80
