/** Limits a page index to the existing pages. Pages count from 0. */
export const pageWithin = (wanted: number, total: number, pageSize: number): number =>
  Math.max(0, Math.min(wanted, Math.ceil(total / pageSize) - 1))
