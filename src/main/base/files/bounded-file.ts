import { WorkbenchError } from '../../../contract/model/problem'
import { refuseDeepJson } from './json-depth'
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
export async function readJsonFile(file: string, maxBytes: number): Promise<unknown> {
  const bytes = await readBytes(file, maxBytes)
  if (bytes.byteLength > AT_ONCE_BYTES) return parseJsonBytes(bytes, file)
  const text = decoded(bytes, file)
  refuseDeepJson(text, file)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new WorkbenchError('bad-file', `${file} is not JSON: ${errorMessage(error)}`)
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
    const missing =
      error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    if (missing) throw new WorkbenchError('not-found', `There is no file ${file}.`)
    throw new WorkbenchError('bad-file', `${file} cannot be read: ${errorMessage(error)}`)
  }
}
