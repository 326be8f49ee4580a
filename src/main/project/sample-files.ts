import { createReadStream } from 'node:fs'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describeIssue, WorkbenchError } from '../../contract/problem'
import { SAMPLE_RUN_VERSION, SampleLine, SampleRun, type SampleRunSummary } from '../../contract/samples'
import { errorMessage, readBytes } from '../bounded-file'
import { breather } from '../breather'
import { writeFileAtomic, writeProblem } from './atomic-file'
import { formatJson } from './json-format'
import { type DocumentFormat, readDocument } from './migrate'
import { newestFirst } from './newest-first'
import { ensurePlainFolder, hasPlainFile, hasPlainFolder } from './plain-paths'

/** 10,000 prompts of a few hundred tokens with their text come to some 30 MB. */
const MAX_RUN_BYTES = 256_000_000

/** Some 250,000 answers of 100 tokens; more would strain the memory when read back. */
const MAX_LINES_BYTES = 256_000_000

const NEWLINE = 0x0a

const RUN_FORMAT: DocumentFormat<SampleRun> = {
  name: 'sample run',
  schema: SampleRun,
  version: SAMPLE_RUN_VERSION,
  migrations: {},
  maxBytes: MAX_RUN_BYTES
}

/** A run's own file. @throws WorkbenchError `not-found`, `bad-file` or `newer-version` */
export async function readSampleRun(folder: string, id: string): Promise<SampleRun> {
  // The schema's ids hold neither dots nor separators, so no id leads out of the folder.
  if (!SampleRun.shape.id.safeParse(id).success) {
    throw new WorkbenchError(
      'not-found',
      `There is no sample run ${JSON.stringify(id)}: a run is named by letters, digits and -.`
    )
  }
  await hasPlainFolder(samplesFolder(folder))
  const file = runFile(folder, id)
  const { document } = await readDocument(file, RUN_FORMAT)
  if (document.id !== id)
    throw new WorkbenchError('bad-file', `${file} holds the sample run ${document.id} instead of ${id}.`)
  return document
}

/**
 * Writes a run's own file, replacing an earlier one of the same id; its answers stay.
 *
 * @throws WorkbenchError `bad-input` when it could not be read back; `read-only`
 */
export async function writeSampleRun(folder: string, run: SampleRun): Promise<void> {
  const parsed = SampleRun.safeParse(run)
  if (!parsed.success) {
    throw new WorkbenchError(
      'bad-input',
      `The sample run ${run.id} cannot be saved: ${describeIssue(parsed.error)}`
    )
  }
  const text = formatJson(parsed.data)
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_RUN_BYTES) {
    throw new WorkbenchError(
      'bad-input',
      `${runFile(folder, run.id)} would have ${bytes} bytes; at most ${MAX_RUN_BYTES} are kept.`,
      'Sample fewer or shorter prompts.'
    )
  }
  await ensurePlainFolder(samplesFolder(folder))
  await writeFileAtomic(runFile(folder, run.id), text)
}

/**
 * The answers stored for a run, in the order in which they came. A last line without its line break was cut off by a
 * crash and counts as not written.
 *
 * @throws WorkbenchError `bad-file` naming the line that is no answer of this run
 */
export async function readSampleLines(folder: string, run: SampleRun): Promise<SampleLine[]> {
  const file = linesFile(folder, run.id)
  const content = await readCompleteLines(file)
  const variants = new Set(run.variants.map(({ name }) => name))
  const seen = new Set<string>()
  const breathe = breather()
  const lines: SampleLine[] = []
  for (const [place, text] of content.split('\n').entries()) {
    await breathe()
    if (text === '') continue
    const line = parseLine(text, `${file}, line ${place + 1}`)
    if (!variants.has(line.variant) || line.prompt >= run.prompts.length) {
      throw new WorkbenchError(
        'bad-file',
        `${file}, line ${place + 1}: the run has no variant ${JSON.stringify(line.variant)} with a prompt ${line.prompt}.`
      )
    }
    const key = JSON.stringify([line.variant, line.prompt, line.index])
    if (seen.has(key)) continue
    seen.add(key)
    lines.push(line)
  }
  return lines
}

/**
 * Adds answers to a run's file. They are with the system when this resolves, so a crash of the program keeps them; what an
 * earlier crash cut off is removed first.
 *
 * @throws WorkbenchError `read-only` when it cannot be written, `bad-input` when the run has grown too large
 */
export async function appendSampleLines(
  folder: string,
  id: string,
  lines: readonly SampleLine[]
): Promise<void> {
  const file = linesFile(folder, id)
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

/**
 * The project's sample runs, newest first. One that cannot be read is left out with a warning: it must not keep the user
 * from the others.
 */
export async function listSampleRuns(
  folder: string
): Promise<{ sampleRuns: SampleRunSummary[]; warnings: string[] }> {
  const sampleRuns: SampleRunSummary[] = []
  const warnings: string[] = []
  // One after the other, so that only one document is in memory at a time.
  for (const id of await runIds(folder, warnings)) {
    try {
      const run = await readSampleRun(folder, id)
      sampleRuns.push(summarizeSampleRun(run, await countLines(linesFile(folder, id))))
    } catch (error) {
      warnings.push(`A sample run was left out. ${errorMessage(error)}`)
    }
  }
  return { sampleRuns: newestFirst(sampleRuns), warnings }
}

/** What the window lists of a run with this many stored answers. */
export function summarizeSampleRun(run: SampleRun, sampleCount: number): SampleRunSummary {
  return {
    id: run.id,
    createdAt: run.createdAt,
    promptCount: run.prompts.length,
    variantNames: run.variants.map(({ name }) => name),
    sampleCount,
    sampleTotal: run.variants.length * run.prompts.length * run.settings.sampleCount
  }
}

async function readCompleteLines(file: string): Promise<string> {
  if (!(await hasPlainFile(file))) return ''
  const bytes = await readBytes(file, MAX_LINES_BYTES)
  // Cut before decoding: a crash may have split a character.
  const complete = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(complete)
  } catch {
    throw new WorkbenchError('bad-file', `${file} is not UTF-8 text.`)
  }
}

function parseLine(text: string, where: string): SampleLine {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new WorkbenchError('bad-file', `${where} is not JSON: ${errorMessage(error)}`)
  }
  const parsed = SampleLine.safeParse(value)
  if (parsed.success) return parsed.data
  throw new WorkbenchError('bad-file', `${where} is not an answer: ${describeIssue(parsed.error)}`)
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

async function countLines(file: string): Promise<number> {
  if (!(await hasPlainFile(file))) return 0
  let lines = 0
  for await (const chunk of createReadStream(file)) {
    if (!Buffer.isBuffer(chunk)) continue
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines++
  }
  return lines
}

async function runIds(folder: string, warnings: string[]): Promise<string[]> {
  try {
    if (!(await hasPlainFolder(samplesFolder(folder)))) return []
    const names = await readdir(samplesFolder(folder))
    return names.filter((name) => /^[^.].*\.json$/.test(name)).map((name) => name.slice(0, -'.json'.length))
  } catch (error) {
    warnings.push(`The project's sample runs cannot be listed. ${errorMessage(error)}`)
    return []
  }
}

function samplesFolder(folder: string): string {
  return join(folder, 'samples')
}

function runFile(folder: string, id: string): string {
  return join(samplesFolder(folder), `${id}.json`)
}

function linesFile(folder: string, id: string): string {
  return join(samplesFolder(folder), `${id}.jsonl`)
}
