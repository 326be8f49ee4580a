// What the window writes as the program does everywhere, and moments as its user reads them.
export * from '../../contract/words/format'

/** A moment in the user's own calendar and time zone, to the second, which tells runs of one minute apart; given as ISO 8601. */
export const formatMoment = (iso: string): string =>
  new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
