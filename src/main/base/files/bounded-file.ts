import { WorkbenchError } from '../../../contract/model/problem'
import { parseJson } from './bounded-json'
import { parseJsonBytes } from './json-pieces'
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
  return parseJson(decoded(bytes, file), file)
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
    throw readProblem(file, error)
  }
}

/** What to tell of a file that could not be read. */
export function readProblem(file: string, error: unknown): WorkbenchError {
  if (error instanceof WorkbenchError) return error
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const message = file === '' ? 'A file is named by an empty text.' : `There is no file ${file}.`
    return new WorkbenchError('not-found', message)
  }
  const why =
    code === 'EACCES' || code === 'EPERM' ? `its permissions do not allow it (${code}).` : errorMessage(error)
  return new WorkbenchError('bad-file', `${file} cannot be read: ${why}`)
}
