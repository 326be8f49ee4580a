import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describeIssue, WorkbenchError } from '../../contract/problem'
import { SAMPLE_RUN_VERSION, SampleLine, SampleRun, type SampleRunSummary } from '../../contract/samples'
import { errorMessage } from '../base/files/bounded-file'
import { writeFileAtomic } from '../base/files/atomic-file'
import { formatJson } from '../base/files/json-format'
import { appendLines, countLines, readLines } from '../base/files/line-file'
import { type DocumentFormat, readDocument } from '../base/files/migrate'
import { newestFirst } from '../base/files/newest-first'
import { ensurePlainFolder, hasPlainFolder } from '../base/files/plain-paths'

/** 10,000 prompts of a few hundred tokens with their text come to some 30 MB. */
const MAX_RUN_BYTES = 256_000_000

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

/** Removes a run and its answers. */
export async function removeSampleRun(folder: string, id: string): Promise<void> {
  await rm(linesFile(folder, id), { force: true })
  await rm(runFile(folder, id), { force: true })
}

/**
 * The answers in a file of them, each once.
 *
 * @throws WorkbenchError `bad-file` naming the line that is no answer of one of these variants and prompts
 */
export async function readAnswerLines(
  file: string,
  variants: ReadonlySet<string>,
  promptCount: number
): Promise<SampleLine[]> {
  const seen = new Set<string>()
  const answers: SampleLine[] = []
  for (const { line, where } of await readLines(file, { name: 'an answer', schema: SampleLine })) {
    if (!variants.has(line.variant) || line.prompt >= promptCount) {
      throw new WorkbenchError(
        'bad-file',
        `${where}: the run has no variant ${JSON.stringify(line.variant)} with a prompt ${line.prompt}.`
      )
    }
    const key = JSON.stringify([line.variant, line.prompt, line.index])
    if (seen.has(key)) continue
    seen.add(key)
    answers.push(line)
  }
  return answers
}

/**
 * The answers stored for a run, in the order in which they came.
 *
 * @throws WorkbenchError `bad-file` naming the line that is no answer of this run
 */
export async function readSampleLines(folder: string, run: SampleRun): Promise<SampleLine[]> {
  const variants = new Set(run.variants.map(({ name }) => name))
  return readAnswerLines(linesFile(folder, run.id), variants, run.prompts.length)
}

/** Adds answers to a run's file. @throws WorkbenchError as {@link appendLines} */
export async function appendSampleLines(
  folder: string,
  id: string,
  lines: readonly SampleLine[]
): Promise<void> {
  await appendLines(linesFile(folder, id), lines)
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
    checkpoints: { base: run.basePath.fingerprint, post: run.postPath.fingerprint },
    createdAt: run.createdAt,
    promptCount: run.prompts.length,
    variantNames: run.variants.map(({ name }) => name),
    sampleCount,
    sampleTotal: run.variants.length * run.prompts.length * run.settings.sampleCount
  }
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
