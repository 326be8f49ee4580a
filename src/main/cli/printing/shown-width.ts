/** Returns the columns of stdout: COLUMNS, also for pipes, or else the terminal's; null for unlimited lines. */
export function shownWidth(
  stdout: { isTTY: boolean; columns: number } = process.stdout,
  environment = process.env
): number | null {
  const columns = Number(environment.COLUMNS)
  if (Number.isInteger(columns) && columns > 0) return columns
  return stdout.isTTY && stdout.columns > 0 ? stdout.columns : null
}

/** Returns the width for drawings. A pipe counts as a usual terminal. */
export const drawnWidth = (): number => shownWidth() ?? 80
