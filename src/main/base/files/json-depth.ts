import { fileError, type WorkbenchError } from '../../../contract/model/problem'

/** Limit of nesting; documents, configs and headers nest less than ten levels deep. */
export const MAX_JSON_DEPTH = 100
const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, COLON, COMMA] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d, 0x3a, 0x2c
]

/**
 * Refuses text that nests too deep or has too many names or values, before `JSON.parse` spends memory and stack on it.
 * @param limits maximum numbers of members of objects (`names`), and of `values`; no limit by default
 */
export function refuseDeepJson(
  text: string,
  what: string,
  limits: { names?: number | undefined; values?: number | undefined }
): void {
  const refused = (why: string): WorkbenchError => fileError(`${what} ${why}.`)
  let depth = 0
  const { names: maxNames = Infinity, values: maxValues = Infinity } = limits
  let [names, values] = [0, 0]
  const countValue = (): void => {
    values += 1
    if (values > maxValues) throw refused(`has more than ${maxValues} values`)
  }
  for (let position = 0; position < text.length; position++) {
    switch (text.charCodeAt(position)) {
      case QUOTE:
        position = endOfText(text, position) - 1
        break
      case OPEN_LIST:
      case OPEN_OBJECT:
        depth += 1
        if (depth > MAX_JSON_DEPTH) throw refused(`nests more than ${MAX_JSON_DEPTH} deep`)
        countValue()
        break
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth -= 1
        break
      case COLON:
        names += 1
        if (names > maxNames) throw refused(`has more than ${maxNames} names`)
        break
      case COMMA:
        countValue()
    }
  }
}

/** Finds the position after the quote that closes the string at `start`, or the end of the text. */
function endOfText(text: string, start: number): number {
  for (let position = start + 1; ;) {
    const quote = text.indexOf('"', position)
    if (quote === -1) return text.length
    let escapes = quote
    while (escapes > position && text.charCodeAt(escapes - 1) === BACKSLASH) escapes--
    if ((quote - escapes) % 2 === 0) return quote + 1
    position = quote + 1
  }
}
