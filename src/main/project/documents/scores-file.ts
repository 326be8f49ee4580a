import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { PromptScore, TaskMeasures } from '../../../contract/documents/crc'
import { elementAt } from '../../../contract/model/look-up'
import { fileError, inputError, WorkbenchError } from '../../../contract/model/problem'
import { writeFileAtomic } from '../../base/files/atomic-file'
import { readProblem } from '../../base/files/bounded-file'
import { yieldEvery20ms } from '../../base/files/yield-every-20ms'
import { requirePlainFile } from '../../base/files/plain-paths'
import { openRegularFile } from '../../base/files/regular-file'

/*
 * A scores file holds the scores of a sweep's models on each prompt, one row for each model. All numbers are
 * little-endian.
 *
 *   header   "SLRSCORE", version and row count as uint32, bytes of the file as float64, sha256 of the remaining bytes,
 *            8 bytes of zeros
 *   table    rows + 1 positions in the file as float64: where each row begins, and where the last one ends
 *   row      prompt count as uint32 and 4 bytes of zeros, then its prompts
 *   prompt   answer count, bytes of what-if values and present task measures (a bit each) as uint32, 4 bytes of zeros;
 *            validity, diversity, effective choices, the present task measures and the answers' probabilities as
 *            float64; the what-if values as float32, padded with zeros to a multiple of 8 bytes
 *
 * What-if values are the scores under other temperatures and min-p. Documents hold them as base64 of the same bytes.
 */

const MAGIC = Buffer.from('SLRSCORE', 'latin1')
const VERSION = 1
const HEADER_BYTES = 64
const HASH_AT = 24
const PROMPT_HEAD_BYTES = 16
/** Stored as the size of the what-if values of a score that has none. */
const NO_WHAT_IF = 0xffffffff
/** Maximum number of models of a sweep. 126 layers have 8,001 ranges. */
const MAX_ROWS = 100_000
const MAX_BYTES = 2 ** 31
const MEASURES = [
  'precision',
  'distinctRight',
  'coverage',
  'effectiveAnswers',
  'continued'
] as const satisfies readonly (keyof TaskMeasures)[]

/** Scores of one model: one for each prompt. */
export type ScoreRow = readonly PromptScore[]

/** Writes the scores of all models whole or not at all. @returns the sha256 of the scores */
export async function writeScores(file: string, rows: readonly ScoreRow[]): Promise<string> {
  const yieldTurn = yieldEvery20ms()
  const encoded: Buffer[] = []
  const table = Buffer.alloc(8 * (rows.length + 1))
  let end = HEADER_BYTES + table.length
  for (const [index, row] of rows.entries()) {
    table.writeDoubleLE(end, 8 * index)
    const bytes = encodeRow(row)
    encoded.push(bytes)
    end += bytes.length
    await yieldTurn()
  }
  table.writeDoubleLE(end, 8 * rows.length)
  if (rows.length > MAX_ROWS || end > MAX_BYTES)
    throw inputError(`The sweep cannot be saved: its scores would take ${end} bytes.`)
  const hash = createHash('sha256').update(table)
  for (const bytes of encoded) {
    hash.update(bytes)
    await yieldTurn()
  }
  const sha256 = hash.digest()
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32LE(VERSION, 8)
  header.writeUInt32LE(rows.length, 12)
  header.writeDoubleLE(end, 16)
  sha256.copy(header, HASH_AT)
  await writeFileAtomic(file, Readable.from([header, table, ...encoded]))
  return sha256.toString('hex')
}

function encodeRow(row: ScoreRow): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(row.length, 0)
  return Buffer.concat([head, ...row.map(encodePrompt)])
}

function encodePrompt(score: PromptScore): Buffer {
  const { probabilities, whatIf } = score
  const whatIfValues = whatIf === undefined ? null : Buffer.from(whatIf, 'base64')
  const values = valuesOf(score)
  if (!values.every(Number.isFinite)) throw inputError('The sweep cannot be saved: a score is not a finite number.')
  const valuesEnd = PROMPT_HEAD_BYTES + 8 * values.length
  const bytes = Buffer.alloc(valuesEnd + (whatIfValues === null ? 0 : padded(whatIfValues.length)))
  bytes.writeUInt32LE(probabilities.length, 0)
  bytes.writeUInt32LE(whatIfValues === null ? NO_WHAT_IF : whatIfValues.length, 4)
  bytes.writeUInt32LE(presentMeasures(score), 8)
  for (const [index, value] of values.entries()) bytes.writeDoubleLE(value, PROMPT_HEAD_BYTES + 8 * index)
  whatIfValues?.copy(bytes, valuesEnd)
  return bytes
}

/** Rounds a number of bytes up to a multiple of 8. */
const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8

/** Returns a bit for each of {@link MEASURES}: 1 if the score has the measure. */
const presentMeasures = (score: PromptScore): number =>
  MEASURES.reduce((bits, measure, bit) => (score[measure] === undefined ? bits : bits | (1 << bit)), 0)

const valuesOf = (score: PromptScore): number[] => [
  score.validity,
  score.diversity,
  score.effectiveChoices,
  ...MEASURES.flatMap((measure) => score[measure] ?? []),
  ...score.probabilities
]

/** Facts about a scores file that its sweep's document states. */
interface ExpectedScores {
  readonly rows: number
  readonly sha256: string
}

/** Reads the scores of one model. The hash is not checked, because that would need all scores. */
export async function readScoreRow(file: string, expected: ExpectedScores, row: number): Promise<PromptScore[]> {
  return withScoresFile(file, expected, async (handle, table) => {
    const [start, end] = [elementAt(table, row, 'row'), elementAt(table, row + 1, 'row')]
    return decodeRow(await readExactly(handle, file, start, end - start), file)
  })
}

/** Reads the scores of all models, and checks their hash. */
export async function readAllScores(
  file: string,
  expected: ExpectedScores,
  signal?: AbortSignal
): Promise<PromptScore[][]> {
  return withScoresFile(file, expected, async (handle, table, bytes) => {
    const yieldTurn = yieldEvery20ms(signal)
    const hash = createHash('sha256').update(bytes)
    const rows: PromptScore[][] = []
    for (let row = 0; row < expected.rows; row++) {
      const [start, end] = [elementAt(table, row, 'row'), elementAt(table, row + 1, 'row')]
      const encoded = await readExactly(handle, file, start, end - start)
      hash.update(encoded)
      rows.push(decodeRow(encoded, file))
      await yieldTurn()
    }
    if (hash.digest('hex') !== expected.sha256) throw damaged(file, 'its hash is another one')
    return rows
  })
}

/** Opens a scores file. @param use receives the positions of the rows, and the bytes of their table */
async function withScoresFile<T>(
  file: string,
  { rows, sha256 }: ExpectedScores,
  use: (handle: FileHandle, table: readonly number[], bytes: Buffer) => Promise<T>
): Promise<T> {
  await requirePlainFile(file)
  const handle = await openRegularFile(file).catch((error: unknown) => {
    throw readProblem(file, error)
  })
  try {
    const { size } = await handle.stat()
    const header = await readExactly(handle, file, 0, HEADER_BYTES)
    if (!header.subarray(0, 8).equals(MAGIC)) throw damaged(file, 'it is no file of scores')
    if (header.readUInt32LE(8) > VERSION)
      throw new WorkbenchError('newer-version', `${file} was written by a newer SLR Workbench.`)
    if (header.readUInt32LE(12) !== rows || rows > MAX_ROWS) throw damaged(file, `it has not ${rows} rows`)
    if (header.readDoubleLE(16) !== size) throw damaged(file, `it has ${size} bytes`)
    if (header.toString('hex', HASH_AT, HASH_AT + 32) !== sha256) throw damaged(file, 'it is of another sweep')
    const bytes = await readExactly(handle, file, HEADER_BYTES, 8 * (rows + 1))
    return await use(handle, decodeTable(bytes, file, size), bytes)
  } finally {
    await handle.close()
  }
}

/** Decodes and checks the positions of the rows. @param size bytes of the file */
function decodeTable(bytes: Buffer, file: string, size: number): number[] {
  const table = Array.from({ length: bytes.length / 8 }, (_, index) => bytes.readDoubleLE(8 * index))
  const start = HEADER_BYTES + bytes.length
  const isAscending = table.every(
    (position, index) =>
      Number.isInteger(position) && position >= (index === 0 ? start : elementAt(table, index - 1, 'row'))
  )
  if (!isAscending || table[0] !== start || table.at(-1) !== size) throw damaged(file, 'its table of rows is wrong')
  return table
}

async function readExactly(handle: FileHandle, file: string, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  for (let count = 0; count < length;) {
    const { bytesRead } = await handle.read(bytes, count, length - count, start + count)
    if (bytesRead === 0) throw damaged(file, 'it ends too early')
    count += bytesRead
  }
  return bytes
}

function decodeRow(bytes: Buffer, file: string): PromptScore[] {
  let position = 8
  /** Moves the position behind some bytes. @returns where the bytes begin */
  const advance = (length: number): number => {
    if (position + length > bytes.length) throw damaged(file, 'a row is shorter than its counts')
    position += length
    return position - length
  }
  const readNumber = (): number => {
    const number = bytes.readDoubleLE(advance(8))
    if (!Number.isFinite(number)) throw damaged(file, 'a score is not a finite number')
    return number
  }
  if (bytes.length < 8) throw damaged(file, 'a row is empty')
  const promptCount = bytes.readUInt32LE(0)
  if (promptCount * PROMPT_HEAD_BYTES > bytes.length) throw damaged(file, 'a row is shorter than its counts')
  const row = Array.from({ length: promptCount }, (): PromptScore => {
    const head = advance(PROMPT_HEAD_BYTES)
    const [answers, whatIfBytes, present] = [0, 4, 8].map((offset) => bytes.readUInt32LE(head + offset))
    if (answers === undefined || whatIfBytes === undefined || present === undefined || answers * 8 > bytes.length)
      throw damaged(file, 'a row is shorter than its counts')
    const means = { validity: readNumber(), diversity: readNumber(), effectiveChoices: readNumber() }
    const measures: Partial<TaskMeasures> = {}
    for (const [bit, measure] of MEASURES.entries()) if ((present & (1 << bit)) !== 0) measures[measure] = readNumber()
    const probabilities = Array.from({ length: answers }, readNumber)
    if (whatIfBytes === NO_WHAT_IF) return { ...means, probabilities, ...measures }
    const start = advance(padded(whatIfBytes))
    const whatIf = bytes.toString('base64', start, start + whatIfBytes)
    return { ...means, probabilities, whatIf, ...measures }
  })
  if (position !== bytes.length) throw damaged(file, 'a row is longer than its counts')
  return row
}

const damaged = (file: string, why: string): WorkbenchError =>
  fileError(`${file} cannot be read: ${why}.`, 'Restore it together with its sweep from a backup, or sweep again.')
