import { utcFormat } from 'd3-time-format'
import { unsupportedError } from '../../contract/model/problem'

/** Directives that d3-time-format formats as Python does in the C locale, for every day from 1998 to 2030. */
const DIRECTIVES = 'YymdejUWVGuwBbAaHIMSpf%'.split('')
const DIRECTIVE = /%[-_0]?(.?)/gsu

/**
 * Formats a date at midnight as Python's `strftime` does in the C locale.
 *
 * @param isoDate YYYY-MM-DD
 * @param what the template, for messages
 * @throws WorkbenchError `unsupported` naming another directive
 */
export function strftime(isoDate: string, format: string, what: string): string {
  for (const [directive, letter = ''] of format.matchAll(DIRECTIVE)) {
    if (DIRECTIVES.includes(letter)) continue
    throw unsupportedError(
      `${what} formats a date with ${JSON.stringify(directive)}, which is not supported.`,
      `Supported: ${DIRECTIVES.map((known) => `%${known}`).join(' ')}, each also with -, _ or 0 after the %.`
    )
  }
  return utcFormat(format)(new Date(`${isoDate}T00:00:00Z`))
}
