/**
 * Returns the columns of stdout: COLUMNS, also for pipes, or else the terminal's.
 *
 * @returns null for a pipe or a file, whose lines are unlimited
 */
export function shownWidth(
  stdout: { isTTY: boolean; columns: number } = process.stdout,
  environment = process.env
): number | null {
  const asked = Number(environment.COLUMNS)
  if (Number.isInteger(asked) && asked > 0) return asked
  return stdout.isTTY && stdout.columns > 0 ? stdout.columns : null
}

/** Returns the width for drawings. A pipe counts as a usual terminal. */
export const drawnWidth = (): number => shownWidth() ?? 80
