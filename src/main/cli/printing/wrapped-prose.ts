import { stripVTControlCharacters } from 'node:util'

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
    .flatMap((line) => (shownLength(line) <= width || AS_IT_IS.test(line) ? [line] : broken(line, width)))
    .join('\n')
}

function broken(line: string, width: number): string[] {
  const lines: string[] = []
  let current = ''
  for (const word of line.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`
    if (current === '' || shownLength(longer) <= width) {
      current = longer
      continue
    }
    lines.push(current)
    current = word
  }
  return [...lines, current]
}

/** Without what sets colours and weights. */
const shownLength = (text: string): number => stripVTControlCharacters(text).length
