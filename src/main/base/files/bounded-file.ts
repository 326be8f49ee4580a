import { WorkbenchError } from '../../../contract/model/problem'
import { refuseDeepJson } from './json-depth'
import { CUT_OFF, parseJsonBytes } from './json-pieces'
import { readRegularFile } from './regular-file'

/**
 * Reads a whole UTF-8 text file of at most `maxBytes`, so that a hostile or mistaken file cannot fill the memory.
 *
 * @throws WorkbenchError `not-found` when there is no such file; `bad-file` when it is not a file, too large or not UTF-8
 */
export async function readTextFile(file: string, maxBytes: number): Promise<string> {
  return decoded(await readBytes(file, maxBytes), file, 'Save it as UTF-8 text and try again.')
}

function decoded(bytes: Buffer, file: string, hint?: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new WorkbenchError('bad-file', `${file} is not UTF-8 text.`, hint)
  }
}

/** What is parsed at once; more goes piece by piece, so that others have their turn. */
const AT_ONCE_BYTES = 2 ** 18

/**
 * The value of a JSON file; its shape is the caller's to check.
 *
 * @throws WorkbenchError as {@link readTextFile}, and `bad-file` when the text is not JSON, nests too deep or holds too much
 */
export async function readJsonFile(file: string, maxBytes: number, signal?: AbortSignal): Promise<unknown> {
  const bytes = await readBytes(file, maxBytes)
  if (bytes.byteLength > AT_ONCE_BYTES) return parseJsonBytes(bytes, file, signal)
  const text = decoded(bytes, file)
  refuseDeepJson(text, file)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new WorkbenchError('bad-file', `${file} is not JSON: ${notJsonWords(text, error)}`)
  }
}

/** Why a text is not JSON, in words where the parser has none: it says of every end that it was not expected. */
export function notJsonWords(text: string, error: unknown): string {
  if (text.trim() === '') return 'it is empty'
  const message = errorMessage(error)
  const place = / at position (\d+)/.exec(message)?.[1]
  const isAtEnd = place === undefined || Number(place) >= text.length
  return isAtEnd && !/unexpected token/i.test(message) ? CUT_OFF : message
}

/**
 * Reads what the user named, and says of a file that cannot be read at all what it should have been.
 *
 * @param hint where the complaint says nothing of what to do
 */
export async function expecting<T>(hint: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.problem.hint !== undefined) throw error
    throw new WorkbenchError(error.problem.code, error.message, hint)
  }
}

/** The message of anything thrown; errors from another realm are not `instanceof Error` here. */
export function errorMessage(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return String(error)
}

/**
 * The bytes of a whole file of at most `maxBytes`.
 *
 * @throws WorkbenchError as {@link readTextFile}, whatever the bytes are
 */
export async function readBytes(file: string, maxBytes: number): Promise<Buffer> {
  try {
    return await readRegularFile(file, maxBytes)
  } catch (error) {
    if (error instanceof WorkbenchError) throw error
    const code = error instanceof Error && 'code' in error ? error.code : null
    const missing = code === 'ENOENT' || code === 'ENOTDIR'
    if (missing)
      throw new WorkbenchError(
        'not-found',
        file === '' ? 'A file is named by an empty text.' : `There is no file ${file}.`
      )
    if (code === 'EACCES' || code === 'EPERM')
      throw new WorkbenchError(
        'bad-file',
        `${file} cannot be read: its permissions do not allow it (${code}).`
      )
    throw new WorkbenchError('bad-file', `${file} cannot be read: ${errorMessage(error)}`)
  }
}
