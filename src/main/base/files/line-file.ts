import { type FileHandle, open } from 'node:fs/promises'
import type { z } from 'zod'
import { fileError, inputError, requireValid, WorkbenchError } from '../../../contract/model/problem'
import { parseJson } from './bounded-json'
import { readBytes, readProblem } from './bounded-file'
import { yieldEvery20ms } from './yield-every-20ms'
import { writeProblem } from './atomic-file'
import { hasPlainFile } from './plain-paths'
import { openRegularFile, regularFilePieces } from './regular-file'

/* Files of JSON with one value on each line, to which answers are appended one by one. */

/** Limit of a file, about 250,000 answers of 100 tokens; more would need too much memory when read. */
const MAX_LINES_BYTES = 256_000_000

/** Limit of a line; an answer of 100,000 tokens takes about 1 MB. */
export const MAX_LINE_BYTES = 4_000_000

const NEWLINE = 0x0a

interface LineFormat<T> {
  /** Name of a line for messages, such as "an answer". */
  name: string
  schema: z.ZodType<T>
}

/**
 * Reads the lines of a file; none if the file is missing. A last line without a line break was cut off and is ignored.
 * @returns each line with its file and number for messages
 */
export async function readLines<T>(file: string, format: LineFormat<T>): Promise<{ line: T; where: string }[]> {
  const bytes = await readComplete(file)
  const yieldIfDue = yieldEvery20ms()
  const lines: { line: T; where: string }[] = []
  for (let [start, number] = [0, 1]; start < bytes.byteLength; number++) {
    await yieldIfDue()
    const end = bytes.indexOf(NEWLINE, start)
    const where = `${file}, line ${number}`
    if (end > start) lines.push({ line: parseLine(bytes.subarray(start, end), where, format), where })
    start = end + 1
  }
  return lines
}

/** Appends lines to a file, which survive a crash at once and a power failure after a second. */
export async function appendLines(file: string, lines: readonly unknown[]): Promise<void> {
  await hasPlainFile(file)
  const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  try {
    const handle = await open(file, 'a+')
    try {
      const end = await cutTornLine(handle)
      if (end + bytes.byteLength > MAX_LINES_BYTES) {
        throw inputError(
          `${file} would have more than ${MAX_LINES_BYTES} bytes; no more are kept.`,
          'Start another run for more answers.'
        )
      }
      try {
        await handle.appendFile(bytes)
      } catch (error) {
        // Lines that a full disk still took count as unwritten, so the file must not keep them.
        await handle.truncate(end).catch(() => undefined)
        throw error
      }
      flushSoon(file)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw error instanceof WorkbenchError ? error : writeProblem(file, error)
  }
}

/** Longest time during which a power failure may lose lines. */
export const FLUSH_MS = 1_000
/** Timers of files with lines that are not on the disk yet. */
const unflushed = new Map<string, NodeJS.Timeout>()

function flushSoon(file: string): void {
  if (unflushed.has(file)) return
  unflushed.set(file, setTimeout(() => void flushFile(file), FLUSH_MS).unref())
}

async function flushFile(file: string): Promise<void> {
  clearTimeout(unflushed.get(file))
  unflushed.delete(file)
  try {
    const handle = await open(file, 'r+')
    await handle.sync().finally(() => handle.close())
  } catch {
    // The file was removed, or its drive cannot flush.
  }
}

/** Flushes all appended lines to the disk. */
export async function flushLines(): Promise<void> {
  await Promise.all([...unflushed.keys()].map(flushFile))
}

/**
 * Reads the lines of another program's file, one at a time.
 * @param maxBytes limit of the file @param onPiece receives all bytes in order, for example to hash them
 */
export async function* linesOfFile(
  file: string,
  maxBytes: number,
  onPiece: (piece: Buffer) => void
): AsyncGenerator<{ text: string; where: string }> {
  const yieldIfDue = yieldEvery20ms()
  let partialLine: Buffer = Buffer.alloc(0)
  let number = 1
  const pieces = regularFilePieces(file, maxBytes)
  try {
    for await (const piece of pieces) {
      onPiece(piece)
      const bytes = partialLine.byteLength === 0 ? piece : Buffer.concat([partialLine, piece])
      let start = 0
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
        await yieldIfDue()
        yield decodeLine(bytes.subarray(start, end), file, number)
        ;[start, number] = [end + 1, number + 1]
      }
      partialLine = bytes.subarray(start)
      if (partialLine.byteLength > MAX_LINE_BYTES) throw overlong(`${file}, line ${number}`)
    }
  } catch (error) {
    throw readProblem(file, error)
  }
  if (partialLine.byteLength > 0) yield decodeLine(partialLine, file, number)
}

function decodeLine(bytes: Buffer, file: string, number: number): { text: string; where: string } {
  const where = `${file}, line ${number}`
  return { text: lineText(bytes, where), where }
}

/** Reads the complete lines of a file; a crash may have cut off the last one. */
async function readComplete(file: string): Promise<Buffer> {
  if (!(await hasPlainFile(file))) return Buffer.alloc(0)
  const bytes = await readBytes(file, MAX_LINES_BYTES)
  return bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1)
}

function parseLine<T>(bytes: Buffer, where: string, { name, schema }: LineFormat<T>): T {
  const parsed = schema.safeParse(parseJson(lineText(bytes, where), where))
  return requireValid(parsed, (issue) => fileError(`${where} is not ${name}: ${issue}`))
}

const overlong = (where: string): WorkbenchError => fileError(`${where} has more than ${MAX_LINE_BYTES} bytes.`)

function lineText(bytes: Buffer, where: string): string {
  if (bytes.byteLength > MAX_LINE_BYTES) throw overlong(where)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw fileError(`${where} is not UTF-8 text.`)
  }
}

/** Removes an incomplete line at the end. @returns the remaining size */
async function cutTornLine(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat()
  const chunk = Buffer.alloc(65_536)
  let end = size
  while (end > 0) {
    // Usually the last byte is a line break, so that reading this one byte is enough.
    const length = end === size ? 1 : Math.min(end, chunk.byteLength)
    const { bytesRead } = await handle.read(chunk, 0, length, end - length)
    const last = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE)
    end = end - length + last + 1
    if (last !== -1) break
  }
  if (end < size) await handle.truncate(end)
  return end
}

/** Counts the lines of a file without reading them into memory. */
export async function countLines(file: string): Promise<number> {
  if (!(await hasPlainFile(file))) return 0
  let lines = 0
  const handle = await openRegularFile(file)
  for await (const chunk of handle.createReadStream()) {
    if (!Buffer.isBuffer(chunk)) continue
    for (let position = chunk.indexOf(NEWLINE); position !== -1; position = chunk.indexOf(NEWLINE, position + 1))
      lines++
  }
  return lines
}
