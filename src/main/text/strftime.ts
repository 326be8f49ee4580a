const MONTHS = 'January February March April May June July August September October November December'.split(
  ' '
)
const WEEKDAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const DAY_MS = 86_400_000

const pad = (value: number, width = 2): string => String(value).padStart(width, '0')

/** The directives of Python's strftime that chat templates use; the time of day of a fixed date is midnight. */
const DIRECTIVES: Record<string, (date: Date) => string> = {
  Y: (date) => pad(date.getUTCFullYear(), 4),
  y: (date) => pad(date.getUTCFullYear() % 100),
  m: (date) => pad(date.getUTCMonth() + 1),
  d: (date) => pad(date.getUTCDate()),
  e: (date) => String(date.getUTCDate()).padStart(2, ' '),
  j: (date) =>
    pad(
      (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - yearStart(date)) / DAY_MS + 1,
      3
    ),
  B: (date) => MONTHS[date.getUTCMonth()] ?? '',
  b: (date) => (MONTHS[date.getUTCMonth()] ?? '').slice(0, 3),
  A: (date) => WEEKDAYS[date.getUTCDay()] ?? '',
  a: (date) => (WEEKDAYS[date.getUTCDay()] ?? '').slice(0, 3),
  H: () => '00',
  I: () => '12',
  M: () => '00',
  S: () => '00',
  p: () => 'AM',
  '%': () => '%'
}

function yearStart(date: Date): number {
  return Date.UTC(date.getUTCFullYear(), 0, 1)
}

/**
 * Formats a date as Python's `strftime` does in the C locale, whatever the locale and time zone of this machine.
 *
 * @param isoDate YYYY-MM-DD
 * @param format Python's format; `%-d` drops the padding; an unknown directive stays as it is
 */
export function strftime(isoDate: string, format: string): string {
  const date = new Date(`${isoDate}T00:00:00Z`)
  return format.replace(/%(-?)([A-Za-z%])/g, (directive: string, dash: string, letter: string) => {
    const text = Object.hasOwn(DIRECTIVES, letter) ? DIRECTIVES[letter]?.(date) : undefined
    if (text === undefined) return directive
    return dash === '-' ? text.replace(/^[0 ]+(?=.)/, '') : text
  })
}
