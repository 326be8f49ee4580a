import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'

/** Rows of tables, which are fitted already, what is indented, such as a file or a command, and a command behind a word. */
const AS_IT_IS = / {2}|^ |: (?:slr|npx|python3?) /

/**
 * Text whose prose is broken between words for a reader who has `width`. No word is broken, since a path has to stay one, and no
 * command, since each of its lines would be run alone.
 *
 * @param width null for lines of any length
 */
export function wrappedProse(text: string, width: number | null): string {
  if (width === null) return text
  return text
    .split('\n')
    .map((line) => (isWrapped(line, width) ? wrapAnsi(line, width) : line))
    .join('\n')
}

/** Wrapping composes characters, and the name of a file with composed characters is another name: such a line stays as it is. */
const isWrapped = (line: string, width: number): boolean =>
  stringWidth(line) > width && !AS_IT_IS.test(line) && line === line.normalize()
