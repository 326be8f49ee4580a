import { fileError, type ProblemCode, WorkbenchError } from '../../../contract/model/problem'
import { refuseDeepJson } from './json-depth'
import { CUT_OFF } from './json-pieces'

/* Parses JSON in memory after checks of size, depth and number of values. No other file calls JSON.parse on a text. */

/** Limit of JSON that is parsed at once; messages and files are smaller. */
const MAX_CHARACTERS = 64_000_000

interface JsonBounds {
  /** Most members of objects. */
  names?: number | undefined
  /** Most values, counted by the commas and opening brackets of lists and objects. */
  values?: number | undefined
  characters?: number
  /** Code of the error for a text that is not JSON. */
  notJson?: ProblemCode
}

/** Says what a clone without Git LFS holds in place of a large file. */
export const LFS_POINTER = 'it is a Git LFS pointer. Fetch the file with "git lfs pull".'

/** Parses JSON after checking its size. @param what begins the message of an error @throws WorkbenchError `bad-file` */
export function parseJson(
  text: string,
  what: string,
  { names, values, characters = MAX_CHARACTERS, notJson = 'bad-file' }: JsonBounds = {}
): unknown {
  if (text.length > characters) throw fileError(`${what} has more than ${characters} characters.`)
  refuseDeepJson(text, what, { names, values })
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new WorkbenchError(notJson, `${what} is not JSON: ${notJsonWords(text, error)}`)
  }
}

/**
 * Parses like {@link parseJson}; undefined for a text that is not JSON.
 *
 * @throws WorkbenchError `bad-file` if too large
 */
export function parseIfJson(text: string, what: string, bounds: JsonBounds = {}): unknown {
  try {
    return parseJson(text, what, { ...bounds, notJson: 'bad-input' })
  } catch (error) {
    if (error instanceof WorkbenchError && error.problem.code === 'bad-input') return undefined
    throw error
  }
}

function notJsonWords(text: string, error: unknown): string {
  if (text.trim() === '') return 'it is empty'
  if (text.startsWith('version https://git-lfs')) return LFS_POINTER
  const message = error instanceof Error ? error.message : String(error)
  const isConstant = /^Unexpected token '[NI]'|^No number after minus sign/.test(message)
  const constant = isConstant ? /[[,:]\s*(NaN|-?Infinity)\b/.exec(text)?.[1] : undefined
  if (constant !== undefined) return `JSON has no ${constant}. Replace it by null or a number.`
  const position = / at position (\d+)/.exec(message)?.[1]
  const isAtEnd = position === undefined || Number(position) >= text.length
  return isAtEnd && !/unexpected token/i.test(message) ? CUT_OFF : message
}
