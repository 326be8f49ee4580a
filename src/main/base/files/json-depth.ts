import { WorkbenchError } from '../../../contract/model/problem'

/** Documents, configs and headers nest less than ten deep. */
export const MAX_JSON_DEPTH = 100
const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, COLON, COMMA] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d, 0x3a, 0x2c
]

/**
 * Refuses JSON that nests too deep, or has too many names, before it is parsed: `JSON.parse` takes some 50 bytes of memory for
 * each bracket of a file that is nothing else, and whatever walks the value then overflows its stack.
 *
 * @param what the file, and the part of it, for messages
 * @param most of members of objects, and of values, told by the commas between them
 * @throws WorkbenchError `bad-file`
 */
export function refuseDeepJson(
  text: string,
  what: string,
  most: { names?: number | undefined; values?: number | undefined } = {}
): void {
  const refused = (why: string): WorkbenchError => new WorkbenchError('bad-file', `${what} ${why}.`)
  let depth = 0
  const { names: mostNames = Infinity, values: mostValues = Infinity } = most
  let [names, commas] = [0, 0]
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfText(text, at) - 1
        break
      case OPEN_LIST:
      case OPEN_OBJECT:
        depth += 1
        if (depth > MAX_JSON_DEPTH) throw refused(`nests more than ${MAX_JSON_DEPTH} deep`)
        break
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth -= 1
        break
      case COLON:
        names += 1
        if (names > mostNames) throw refused(`has more than ${mostNames} names`)
        break
      case COMMA:
        commas += 1
        if (commas > mostValues) throw refused(`has more than ${mostValues} values`)
    }
  }
}

/** One past the quote that closes the text which opens at `start`, or the end of all. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at)
    if (quote === -1) return text.length
    let escapes = quote
    while (escapes > at && text.charCodeAt(escapes - 1) === BACKSLASH) escapes--
    if ((quote - escapes) % 2 === 0) return quote + 1
    at = quote + 1
  }
}
