import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'

/** Lines that stay unwrapped: rows of tables, indented lines, and lines with a command. */
const AS_IT_IS = / {2}|^ |: (?:slr|npx|python3?) /

/**
 * Wraps prose between words. Paths and commands stay whole, because each line of a command would run alone.
 *
 * @param width null for unlimited
 */
export function wrappedProse(text: string, width: number | null): string {
  if (width === null) return text
  return text
    .split('\n')
    .map((line) => (isWrapped(line, width) ? wrapAnsi(line, width) : line))
    .join('\n')
}

/** Wrapping composes characters, which would change file names. Such a line stays as it is. */
const isWrapped = (line: string, width: number): boolean =>
  stringWidth(line) > width && !AS_IT_IS.test(line) && line === line.normalize()
