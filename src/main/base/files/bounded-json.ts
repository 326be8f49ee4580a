import { type ProblemCode, WorkbenchError } from '../../../contract/model/problem'
import { refuseDeepJson } from './json-depth'
import { CUT_OFF } from './json-pieces'

/*
 * The one way to parse JSON that is in memory: size, depth and numbers of values are looked at first. ESLint refuses `JSON.parse`
 * anywhere else in main.
 */

/** No message and no file that is parsed at once has more. */
const MAX_CHARACTERS = 64_000_000

/** What JSON may hold at most, and how it is refused. */
export interface JsonBounds {
  /** Members of objects. */
  names?: number | undefined
  /** Values behind the first of a list or an object. */
  values?: number | undefined
  characters?: number
  /** Code of the problem for a text that is not JSON. */
  notJson?: ProblemCode
}

/**
 * Parses JSON after a look at what it would take. The shape of the value is the caller's to check.
 *
 * @param what the file, and the part of it, for messages
 * @throws WorkbenchError `bad-file` when it is too large; `notJson` when it is not JSON
 */
export function parseJson(
  text: string,
  what: string,
  { names, values, characters = MAX_CHARACTERS, notJson = 'bad-file' }: JsonBounds = {}
): unknown {
  if (text.length > characters)
    throw new WorkbenchError('bad-file', `${what} has more than ${characters} characters.`)
  refuseDeepJson(text, what, { names, values })
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new WorkbenchError(notJson, `${what} is not JSON: ${notJsonWords(text, error)}`)
  }
}

/** As {@link parseJson}. @returns undefined when it is not JSON @throws WorkbenchError `bad-file` when it is too large */
export function parseIfJson(text: string, what: string, bounds: JsonBounds = {}): unknown {
  try {
    return parseJson(text, what, { ...bounds, notJson: 'bad-input' })
  } catch (error) {
    if (error instanceof WorkbenchError && error.problem.code === 'bad-input') return undefined
    throw error
  }
}

/** Why a text is not JSON, in words where the parser has none: it says of every end that it was not expected. */
function notJsonWords(text: string, error: unknown): string {
  if (text.trim() === '') return 'it is empty'
  const message = error instanceof Error ? error.message : String(error)
  const place = / at position (\d+)/.exec(message)?.[1]
  const isAtEnd = place === undefined || Number(place) >= text.length
  return isAtEnd && !/unexpected token/i.test(message) ? CUT_OFF : message
}
