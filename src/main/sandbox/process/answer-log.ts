import { createHash } from 'node:crypto'
import { fileError } from '../../../contract/model/problem'
import { logLines } from '../../answers/file-formats'
import { readBytes } from '../../base/files/bounded-file'
import { parseJsonBytes } from '../../base/files/json-pieces'

const MAX_LOG_BYTES = 256_000_000
/** Limit of all lines that are sent to main. Main keeps the answers of a run in memory. */
const MAX_LINES_BYTES = 100_000_000

/**
 * Reads the samples of a log of Inspect.
 *
 * @returns a line of JSON for each sample, and the SHA-256 of the file
 * @throws WorkbenchError `bad-file`; `bad-input` naming sample and field
 */
export async function readAnswerLog(file: string): Promise<{ lines: Uint8Array<ArrayBuffer>; fingerprint: string }> {
  const bytes = await readBytes(file, MAX_LOG_BYTES)
  const lines = logLines(await parseJsonBytes(bytes, file), file).map((line) => Buffer.from(`${line}\n`))
  if (lines.reduce((sum, line) => sum + line.byteLength, 0) > MAX_LINES_BYTES) {
    throw fileError(
      `${file} holds prompts and answers of more than ${MAX_LINES_BYTES} bytes.`,
      'Split the log, and add each part as a variant.'
    )
  }
  return { lines: Buffer.concat(lines), fingerprint: createHash('sha256').update(bytes).digest('hex') }
}
