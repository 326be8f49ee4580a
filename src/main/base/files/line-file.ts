import { type FileHandle, open } from 'node:fs/promises'
import type { z } from 'zod'
import { describeIssue, WorkbenchError } from '../../../contract/model/problem'
import { errorMessage, readBytes } from './bounded-file'
import { breather } from './breather'
import { writeProblem } from './atomic-file'
import { hasPlainFile } from './plain-paths'
import { openRegularFile } from './regular-file'
import { refuseDeepJson } from './json-depth'

/** Some 250,000 answers of 100 tokens; more would strain the memory when read back. */
const MAX_LINES_BYTES = 256_000_000

/** An answer of 100,000 tokens has some 1 MB with them. */
const MAX_LINE_BYTES = 4_000_000

const NEWLINE = 0x0a

/** A file of JSON lines that only grows: what was written before a crash is kept. */
export interface LineFormat<T> {
  /** What a line is, for messages, such as "an answer". */
  name: string
  schema: z.ZodType<T>
}

/**
 * The lines of a file in the order they were written, and where each stands, for messages; none when there is no file. A last
 * line without its line break was cut off by a crash and counts as not written.
 *
 * @throws WorkbenchError `bad-file` naming the line that is wrong
 */
export async function readLines<T>(
  file: string,
  format: LineFormat<T>
): Promise<{ line: T; where: string }[]> {
  const bytes = await readComplete(file)
  const breathe = breather()
  const lines: { line: T; where: string }[] = []
  for (let [start, number] = [0, 1]; start < bytes.byteLength; number++) {
    await breathe()
    const end = bytes.indexOf(NEWLINE, start)
    const where = `${file}, line ${number}`
    if (end > start) lines.push({ line: parseLine(bytes.subarray(start, end), where, format), where })
    start = end + 1
  }
  return lines
}

/**
 * Adds lines to a file. They are with the system when this resolves, so a crash of the program keeps them; what an earlier
 * crash cut off is removed first.
 *
 * @throws WorkbenchError `read-only` when it cannot be written, `bad-input` when it has grown too large
 */
export async function appendLines(file: string, lines: readonly unknown[]): Promise<void> {
  await hasPlainFile(file)
  const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  try {
    const handle = await open(file, 'a+')
    try {
      const end = await cutTornLine(handle)
      if (end + bytes.byteLength > MAX_LINES_BYTES) {
        throw new WorkbenchError(
          'bad-input',
          `${file} would have more than ${MAX_LINES_BYTES} bytes; no more are kept.`,
          'Start another run for more answers.'
        )
      }
      await handle.appendFile(bytes)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw error instanceof WorkbenchError ? error : writeProblem(file, error)
  }
}

/** What was written before a crash may have cut off the end. */
async function readComplete(file: string): Promise<Buffer> {
  if (!(await hasPlainFile(file))) return Buffer.alloc(0)
  const bytes = await readBytes(file, MAX_LINES_BYTES)
  return bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1)
}

function parseLine<T>(bytes: Buffer, where: string, { name, schema }: LineFormat<T>): T {
  if (bytes.byteLength > MAX_LINE_BYTES)
    throw new WorkbenchError('bad-file', `${where} has more than ${MAX_LINE_BYTES} bytes.`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new WorkbenchError('bad-file', `${where} is not UTF-8 text.`)
  }
  refuseDeepJson(text, where)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new WorkbenchError('bad-file', `${where} is not JSON: ${errorMessage(error)}`)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new WorkbenchError('bad-file', `${where} is not ${name}: ${describeIssue(parsed.error)}`)
}

/** Removes what follows the last line break. @returns the size of what is left */
async function cutTornLine(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat()
  const chunk = Buffer.alloc(65_536)
  let end = size
  while (end > 0) {
    // Nearly always the last byte is a line break, and one byte tells.
    const length = end === size ? 1 : Math.min(end, chunk.byteLength)
    const { bytesRead } = await handle.read(chunk, 0, length, end - length)
    const last = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE)
    end = end - length + last + 1
    if (last !== -1) break
  }
  if (end < size) await handle.truncate(end)
  return end
}

/** How many lines a file has, without reading them. */
export async function countLines(file: string): Promise<number> {
  if (!(await hasPlainFile(file))) return 0
  let lines = 0
  const handle = await openRegularFile(file)
  for await (const chunk of handle.createReadStream()) {
    if (!Buffer.isBuffer(chunk)) continue
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines++
  }
  return lines
}
