import { WorkbenchError } from '../../../contract/model/problem'

/** Documents, configs and headers nest less than ten deep. */
const MAX_DEPTH = 100
const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, COLON, COMMA] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d, 0x3a, 0x2c
]

/**
 * Refuses JSON that nests too deep, or has too many names, before it is parsed: `JSON.parse` takes some 50 bytes of memory for
 * each bracket of a file that is nothing else, and whatever walks the value then overflows its stack.
 *
 * @param what the file, and the part of it, for messages
 * @param most of members of objects, and of commas, which stand between all values
 * @throws WorkbenchError `bad-file`
 */
export function refuseDeepJson(
  text: string,
  what: string,
  most: { names?: number; commas?: number } = {}
): void {
  let depth = 0
  const { names: mostNames = Infinity, commas: mostCommas = Infinity } = most
  let [names, commas] = [0, 0]
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === BACKSLASH) at += 1
      else if (code === QUOTE) inString = false
    } else if (code === QUOTE) {
      inString = true
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      depth += 1
      if (depth > MAX_DEPTH)
        throw new WorkbenchError('bad-file', `${what} nests more than ${MAX_DEPTH} deep.`)
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      depth -= 1
    } else if (code === COLON) {
      names += 1
      if (names > mostNames) throw new WorkbenchError('bad-file', `${what} has more than ${mostNames} names.`)
    } else if (code === COMMA) {
      commas += 1
      if (commas > mostCommas)
        throw new WorkbenchError('bad-file', `${what} has more than ${mostCommas} values.`)
    }
  }
}
