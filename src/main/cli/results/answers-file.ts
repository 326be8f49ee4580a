import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { version } from '../../../../package.json'
import { type Computation, type SampleLine, SampleRun } from '../../../contract/documents/samples'
import { WorkbenchError } from '../../../contract/model/problem'
import { errorCode, writeFileAtomic, writeProblem } from '../../base/files/atomic-file'
import { errorMessage, readJsonFile } from '../../base/files/bounded-file'
import { formatJson } from '../../base/files/json-format'
import { acquireLock, type Lock } from '../../base/files/lock'
import { yieldEvery20ms } from '../../base/files/yield-every-20ms'
import { appendLines, FLUSH_MS } from '../../base/files/line-file'
import { readAnswerLines } from '../../project/documents/sample-files'
import type { ExternalRecord } from '../../../contract/model/external-model'
import { withRecord } from '../../samples/external-records'
import type { AnswerStore } from '../../work/sample'
import { inOrder, promptOf } from '../../report/samples-page/export'
import { parseJson } from '../../base/files/bounded-json'

/** Maximum size of a run's record. Prompts with their tokens take some MB. */
const MAX_RECORD_BYTES = 256_000_000

/** The record of a run that has not ended, which is stored in `FILE.partial`. */
const UnfinishedRun = z.strictObject({ programVersion: z.string(), run: SampleRun })

/** Keeps other commands from writing answers into a file. @throws WorkbenchError `locked`, `read-only`, `not-found` */
export async function lockAnswersFile(path: string): Promise<Lock> {
  const lock = join(dirname(path), `.${basename(path)}.slr-sample.lock`)
  try {
    return await acquireLock(lock, {
      path,
      advice: 'Wait until that run ends, or name another file with --out.'
    })
  } catch (error) {
    throw errorCode(error) === null ? error : writeProblem(path, error)
  }
}

/** Collects the answers of a run. Until the last one, `FILE.partial` identifies the run, so that it can be resumed. */
export class AnswersFile implements AnswerStore {
  private handle: FileHandle | null = null
  private flushedMs = performance.now()
  private readonly samples: SampleLine[]

  private constructor(
    readonly path: string,
    /** First request of the run, with the way in which the stored answers were computed. */
    private current: SampleRun,
    stored: readonly SampleLine[]
  ) {
    this.samples = [...stored]
  }

  /** Opens the file. Unless `fresh`, a stopped run of the same request and program version is resumed. */
  static async open(path: string, requested: SampleRun, fresh: boolean): Promise<AnswersFile> {
    const stopped = fresh ? null : await readRecord(recordOf(path))
    if (stopped === null || !isSameRun(stopped, requested)) return new AnswersFile(path, requested, [])
    const variants = new Set(stopped.variants.map(({ name }) => name))
    return new AnswersFile(path, stopped, await readAnswerLines(path, variants, stopped.prompts.length))
  }

  get run(): SampleRun {
    return this.current
  }

  /** All stored answers. A resumed run begins with the answers that were generated before its stop. */
  get answers(): readonly SampleLine[] {
    return this.samples
  }

  planned(computation: Computation): Promise<void> {
    this.current = { ...this.current, ...computation }
    return Promise.resolve()
  }

  recordExternal(record: ExternalRecord): Promise<void> {
    this.current = { ...this.current, external: withRecord(this.current.external, record) }
    return Promise.resolve()
  }

  /** Adds answers to the file. @throws WorkbenchError `read-only`, `not-found` */
  async append(lines: readonly SampleLine[]): Promise<void> {
    this.handle ??= await this.begin()
    try {
      await this.handle.appendFile(jsonLines(this.current, lines))
      if (performance.now() - this.flushedMs >= FLUSH_MS) await this.flush(this.handle)
    } catch (error) {
      throw new WorkbenchError(
        'read-only',
        `${this.path} cannot be written: ${errorMessage(error)}.`,
        'Free some space. The same command resumes with the answers in the file.'
      )
    }
    this.samples.push(...lines)
  }

  private async begin(): Promise<FileHandle> {
    try {
      return await (this.samples.length > 0 ? this.resume() : this.replace())
    } catch (error) {
      throw error instanceof WorkbenchError ? error : writeProblem(this.path, error)
    }
  }

  private async resume(): Promise<FileHandle> {
    // Completes a line that a crash cut off. The next answer would continue it otherwise.
    await appendLines(this.path, [])
    return open(this.path, 'a')
  }

  private async replace(): Promise<FileHandle> {
    const record = recordOf(this.path)
    // The record is written before older answers are removed, so that a full disk keeps them. It gets its name
    // afterwards, because older answers do not belong to this run.
    await writeFileAtomic(`${record}.new`, formatJson({ programVersion: version, run: this.current }))
    const handle = await open(this.path, 'w')
    await rename(`${record}.new`, record)
    return handle
  }

  /** Flushes the answers to the disk, which survives a power cut. */
  private async flush(handle: FileHandle): Promise<void> {
    // Flushing fails on some network drives, and is then skipped.
    await handle.sync().catch(() => undefined)
    this.flushedMs = performance.now()
  }

  /** Does nothing, because a run without answers has written no file. */
  drop(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    if (this.handle !== null) await this.flush(this.handle)
    await this.handle?.close()
  }

  /** Sorts the answers by prompt, variant and index, and removes the record. */
  async finish(): Promise<void> {
    const ordered = inOrder(this.current, this.samples)
    if (ordered.some((answer, index) => answer !== this.samples[index]))
      await writeFileAtomic(this.path, pieces(this.current, ordered))
    await rm(recordOf(this.path), { force: true })
  }
}

/** Writes answers as JSON lines, each with the text of its prompt. */
export const jsonLines = (run: Parameters<typeof promptOf>[0], lines: readonly SampleLine[]): string =>
  lines.map((answer) => `${JSON.stringify({ ...answer, ...promptOf(run, answer) })}\n`).join('')

/** Yields lines, because their total may exceed the length of a string. */
async function* pieces(run: SampleRun, lines: readonly SampleLine[]): AsyncGenerator<string> {
  const yieldIfDue = yieldEvery20ms()
  for (const answer of lines) {
    await yieldIfDue()
    yield jsonLines(run, [answer])
  }
}

const recordOf = (path: string): string => `${path}.partial`

async function readRecord(file: string): Promise<SampleRun | null> {
  try {
    const parsed = UnfinishedRun.safeParse(await readJsonFile(file, MAX_RECORD_BYTES))
    return parsed.success && parsed.data.programVersion === version ? parsed.data.run : null
  } catch (error) {
    if (error instanceof WorkbenchError) return null
    throw error
  }
}

/** Reports whether two runs request the same answers, whatever their memory limits. */
function isSameRun(one: SampleRun, other: SampleRun): boolean {
  const requestOf = (run: SampleRun): unknown => {
    const { basePath, postPath, rendering, variants, prompts, stopTokens } = run
    const settings = { ...run.settings, memoryBytes: 0 }
    return [basePath.fingerprint, postPath.fingerprint, rendering, settings, variants, prompts, stopTokens]
  }
  // Parsed from JSON, which omits undefined values.
  const stored = SampleRun.parse(parseJson(JSON.stringify(other), 'the run'))
  return isDeepStrictEqual(requestOf(one), requestOf(stored))
}
