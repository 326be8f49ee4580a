/** The page to show of so many rows: the one that is wanted, or the last there is. Pages count from 0. */
export const pageWithin = (wanted: number, total: number, pageSize: number): number =>
  Math.max(0, Math.min(wanted, Math.ceil(total / pageSize) - 1))
