import { type FileHandle, open } from 'node:fs/promises'
import type { z } from 'zod'
import { describeIssue, WorkbenchError } from '../../../contract/model/problem'
import { parseJson } from './bounded-json'
import { readBytes, readProblem } from './bounded-file'
import { yieldEvery20ms } from './yield-every-20ms'
import { writeProblem } from './atomic-file'
import { hasPlainFile } from './plain-paths'
import { openRegularFile, regularFilePieces } from './regular-file'

/** Some 250,000 answers of 100 tokens; more would strain the memory when read back. */
const MAX_LINES_BYTES = 256_000_000

/** An answer of 100,000 tokens has some 1 MB with them. */
export const MAX_LINE_BYTES = 4_000_000

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
  const breathe = yieldEvery20ms()
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
 * Adds lines to a file. They are with the system when this resolves, so a crash of the program keeps them; they are on the disk a second
 * later, or after {@link flushLines}. What an earlier crash cut off is removed first.
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
      flushSoon(file)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw error instanceof WorkbenchError ? error : writeProblem(file, error)
  }
}

/** How long lines may be with the system only, where a power cut loses them. */
export const FLUSH_MS = 1_000
/** Files with lines that are not on the disk yet. */
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
    // It was removed, or lies on a drive that cannot flush: its lines are as safe as they get.
  }
}

/** Has all lines that were added on the disk. */
export async function flushLines(): Promise<void> {
  await Promise.all([...unflushed.keys()].map(flushFile))
}

/**
 * The lines of a file that somebody else wrote, also a last one without its line break, and where each stands. Neither file nor lines are
 * kept; others have their turn between the lines.
 *
 * @param maxBytes of the file
 * @param onPiece gets the bytes of the file as they are read
 * @throws WorkbenchError as `readBytes`; `bad-file` naming a line that is too long or not UTF-8
 */
export async function* linesOfFile(
  file: string,
  maxBytes: number,
  onPiece: (piece: Buffer) => void = () => undefined
): AsyncGenerator<{ text: string; where: string }> {
  const breathe = yieldEvery20ms()
  let begun: Buffer = Buffer.alloc(0)
  let number = 1
  const pieces = regularFilePieces(file, maxBytes)
  try {
    for await (const piece of pieces) {
      onPiece(piece)
      const bytes = begun.byteLength === 0 ? piece : Buffer.concat([begun, piece])
      let start = 0
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
        await breathe()
        yield decodedLine(bytes.subarray(start, end), file, number)
        ;[start, number] = [end + 1, number + 1]
      }
      begun = bytes.subarray(start)
      if (begun.byteLength > MAX_LINE_BYTES) throw overlong(`${file}, line ${number}`)
    }
  } catch (error) {
    throw readProblem(file, error)
  }
  if (begun.byteLength > 0) yield decodedLine(begun, file, number)
}

function decodedLine(bytes: Buffer, file: string, number: number): { text: string; where: string } {
  const where = `${file}, line ${number}`
  return { text: lineText(bytes, where), where }
}

/** What was written before a crash may have cut off the end. */
async function readComplete(file: string): Promise<Buffer> {
  if (!(await hasPlainFile(file))) return Buffer.alloc(0)
  const bytes = await readBytes(file, MAX_LINES_BYTES)
  return bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1)
}

function parseLine<T>(bytes: Buffer, where: string, { name, schema }: LineFormat<T>): T {
  const parsed = schema.safeParse(parseJson(lineText(bytes, where), where))
  if (parsed.success) return parsed.data
  throw new WorkbenchError('bad-file', `${where} is not ${name}: ${describeIssue(parsed.error)}`)
}

const overlong = (where: string): WorkbenchError =>
  new WorkbenchError('bad-file', `${where} has more than ${MAX_LINE_BYTES} bytes.`)

function lineText(bytes: Buffer, where: string): string {
  if (bytes.byteLength > MAX_LINE_BYTES) throw overlong(where)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new WorkbenchError('bad-file', `${where} is not UTF-8 text.`)
  }
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
