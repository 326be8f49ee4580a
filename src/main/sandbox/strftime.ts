import { utcFormat } from 'd3-time-format'
import { WorkbenchError } from '../../contract/model/problem'

/** Directives that the library formats as Python does in the C locale, on every day from 1998 to 2030. */
const DIRECTIVES = 'YymdejUWVGuwBbAaHIMSpf%'.split('')
const DIRECTIVE = /%[-_0]?(.?)/gsu

/**
 * Formats midnight of a date as Python's `strftime` does in the C locale, independent of this machine's
 * locale and time zone.
 *
 * @param isoDate YYYY-MM-DD.
 * @param format Python's format; `%-d` drops the padding, `%_d` pads with spaces.
 * @param what owner of the format, for messages.
 * @throws WorkbenchError `unsupported` naming an unknown directive
 */
export function strftime(isoDate: string, format: string, what: string): string {
  for (const [written, letter = ''] of format.matchAll(DIRECTIVE)) {
    if (DIRECTIVES.includes(letter)) continue
    throw new WorkbenchError(
      'unsupported',
      `${what} formats a date with ${JSON.stringify(written)}, which is not known here.`,
      `Known: ${DIRECTIVES.map((directive) => `%${directive}`).join(' ')}, each also with -, _ or 0 after the %.`
    )
  }
  return utcFormat(format)(new Date(`${isoDate}T00:00:00Z`))
}
