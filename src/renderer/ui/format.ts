// Adds moments in the user's calendar to the formats that the whole program shares.
export * from '../../contract/words/format'

/**
 * Formats a moment, given as ISO 8601, in the user's calendar and time zone. Seconds distinguish runs of the same
 * minute.
 */
export const formatMoment = (iso: string): string =>
  new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
