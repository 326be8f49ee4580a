import { fileError, notFoundError, WorkbenchError } from '../../../contract/model/problem'
import { parseJson } from './bounded-json'
import { parseJsonBytes } from './json-pieces'
import { readRegularFile } from './regular-file'

/** Reads a UTF-8 text file of at most `maxBytes`. @throws WorkbenchError `not-found`, `bad-file` */
export async function readTextFile(file: string, maxBytes: number): Promise<string> {
  return decodeText(await readBytes(file, maxBytes), file, 'Save it as UTF-8 text and try again.')
}

function decodeText(bytes: Buffer, file: string, hint?: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw fileError(`${file} is not UTF-8 text.`, hint)
  }
}

/* Reads files of limited size, and describes errors of reading. */

/** Largest text that is parsed at once; a larger one is parsed in pieces, so that other requests go first. */
const MAX_UNDIVIDED_BYTES = 2 ** 18

/** Reads a JSON file. @throws WorkbenchError `not-found`; `bad-file` for no JSON, or too much or deep content */
export async function readJsonFile(file: string, maxBytes: number, signal?: AbortSignal): Promise<unknown> {
  return parseJsonFile(await readBytes(file, maxBytes), file, signal)
}

/** Parses the bytes of a JSON file. @throws WorkbenchError `bad-file` as {@link readJsonFile} */
export async function parseJsonFile(bytes: Buffer, file: string, signal?: AbortSignal): Promise<unknown> {
  if (bytes.byteLength > MAX_UNDIVIDED_BYTES) return parseJsonBytes(bytes, file, signal)
  return parseJson(decodeText(bytes, file), file)
}

/** Runs `read`. An error without a hint of what to do gets this hint. */
export async function withHint<T>(hint: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.problem.hint !== undefined) throw error
    throw new WorkbenchError(error.problem.code, error.message, hint)
  }
}

/** Gives the message of any thrown value; errors from another realm are not `instanceof Error` here. */
export function errorMessage(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return String(error)
}

/** Reads the bytes of a file of at most `maxBytes`. @throws WorkbenchError as {@link readTextFile} */
export async function readBytes(file: string, maxBytes: number): Promise<Buffer> {
  try {
    return await readRegularFile(file, maxBytes)
  } catch (error) {
    throw readProblem(file, error)
  }
}

export function readProblem(file: string, error: unknown): WorkbenchError {
  if (error instanceof WorkbenchError) return error
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const message = file === '' ? 'A file is named by an empty text.' : `There is no file ${file}.`
    return notFoundError(message)
  }
  return fileError(`${file} cannot be read: ${systemWords(error)}.`)
}

/** Returns the system's message without its call and path, because the path may be that of a temporary file. */
export const systemWords = (error: unknown): string =>
  errorMessage(error)
    .replace(/^ENAMETOOLONG: .*/s, 'its path is longer than the system allows')
    .replace(/, \w+( '.*)?$/s, '')
