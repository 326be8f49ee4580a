import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SWEEP_VERSION, SweepDocument } from '../../contract/crc'
import { describeIssue, WorkbenchError } from '../../contract/problem'
import type { SweepSummary } from '../../contract/project'
import { errorMessage } from '../base/files/bounded-file'
import type { CheckpointPlace } from '../crc/sweep/sweep-checkpoint'
import { writeFileAtomic } from '../base/files/atomic-file'
import { checkpointFolder } from '../crc/sweep/checkpoint-folder'
import { formatJson } from '../base/files/json-format'
import { type DocumentFormat, readDocument } from '../base/files/migrate'
import { newestFirst } from '../base/files/newest-first'
import { ensurePlainFolder, hasPlainFolder } from '../base/files/plain-paths'

/** 8,001 ranges (126 layers) over 40 prompts take some 170 MB; more would strain the memory when read back. */
const MAX_SWEEP_BYTES = 256_000_000

const SWEEP_FORMAT: DocumentFormat<SweepDocument> = {
  name: 'sweep',
  schema: SweepDocument,
  version: SWEEP_VERSION,
  migrations: {},
  maxBytes: MAX_SWEEP_BYTES
}

/**
 * One stored sweep of the project in `folder`. A sweep of an older version is migrated in memory each time: results are
 * never rewritten.
 *
 * @throws WorkbenchError `not-found`, `bad-file` or `newer-version`
 */
export async function readSweepFile(folder: string, id: string): Promise<SweepDocument> {
  // The schema's ids hold neither dots nor separators, so no id leads out of the folder.
  if (!SweepDocument.shape.id.safeParse(id).success) {
    throw new WorkbenchError(
      'not-found',
      `There is no sweep ${JSON.stringify(id)}: a sweep is named by letters, digits and -.`
    )
  }
  await hasPlainFolder(sweepsFolder(folder))
  const file = sweepFile(folder, id)
  const { document } = await readDocument(file, SWEEP_FORMAT)
  if (document.id !== id)
    throw new WorkbenchError('bad-file', `${file} holds the sweep ${document.id} instead of ${id}.`)
  return document
}

/**
 * The project's sweeps, newest first. One that cannot be read is left out with a warning: it must not keep the user from
 * the others.
 */
export async function listSweeps(folder: string): Promise<{ sweeps: SweepSummary[]; warnings: string[] }> {
  const sweeps: SweepSummary[] = []
  const warnings: string[] = []
  // One after the other, so that only one document is in memory at a time.
  for (const id of await sweepIds(folder, warnings)) {
    try {
      sweeps.push(summarizeSweep(await readSweepFile(folder, id)))
    } catch (error) {
      warnings.push(`A sweep was left out. ${errorMessage(error)}`)
    }
  }
  return { sweeps: newestFirst(sweeps), warnings }
}

/**
 * Writes a sweep, replacing an earlier one of the same id.
 *
 * @throws WorkbenchError `bad-input` when it could not be read back; `read-only`
 */
export async function writeSweepFile(folder: string, sweep: SweepDocument): Promise<void> {
  const file = sweepFile(folder, sweep.id)
  const parsed = SweepDocument.safeParse(sweep)
  if (!parsed.success) {
    throw new WorkbenchError(
      'bad-input',
      `The sweep ${sweep.id} cannot be saved: ${describeIssue(parsed.error)}`
    )
  }
  const text = formatJson(parsed.data)
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_SWEEP_BYTES) {
    throw new WorkbenchError(
      'bad-input',
      `${file} would have ${bytes} bytes; at most ${MAX_SWEEP_BYTES} are kept.`,
      'Sweep with fewer prompts or fewer recipes.'
    )
  }
  await ensurePlainFolder(sweepsFolder(folder))
  await writeFileAtomic(file, text)
}

/** A file's sweep; null when it holds something else. */
export async function readSweepIfAny(file: string): Promise<SweepDocument | null> {
  try {
    return (await readDocument(file, SWEEP_FORMAT)).document
  } catch (error) {
    if (error instanceof WorkbenchError) return null
    throw error
  }
}

/** How many interrupted sweeps a project keeps the checkpoints of; a new one takes the place of the oldest. */
const MAX_CHECKPOINTS = 3

/** Where the checkpoints of a project's unfinished sweeps lie: sweeps/partial/<name>.checkpoint. */
export function projectCheckpoints(folder: string): CheckpointPlace {
  return checkpointFolder([sweepsFolder(folder), join(sweepsFolder(folder), 'partial')], MAX_CHECKPOINTS)
}

/** What the window lists of a sweep. `best` is the score of its selected range. */
export function summarizeSweep(sweep: SweepDocument): SweepSummary {
  const { selected } = sweep
  const best = sweep.ranges.find((range) => range.start === selected?.start && range.end === selected.end)
  return {
    id: sweep.id,
    checkpoints: { base: sweep.basePath.fingerprint, post: sweep.postPath.fingerprint },
    createdAt: sweep.createdAt,
    seconds: sweep.seconds,
    promptCount: sweep.prompts.length,
    selected,
    post: { validity: sweep.post.validity, diversity: sweep.post.diversity },
    best: best === undefined ? null : { validity: best.validity, diversity: best.diversity }
  }
}

async function sweepIds(folder: string, warnings: string[]): Promise<string[]> {
  try {
    if (!(await hasPlainFolder(sweepsFolder(folder)))) return []
    const names = await readdir(sweepsFolder(folder))
    return names.filter((name) => /^[^.].*\.json$/.test(name)).map((name) => name.slice(0, -'.json'.length))
  } catch (error) {
    warnings.push(`The project's sweeps cannot be listed. ${errorMessage(error)}`)
    return []
  }
}

function sweepsFolder(folder: string): string {
  return join(folder, 'sweeps')
}

function sweepFile(folder: string, id: string): string {
  return join(sweepsFolder(folder), `${id}.json`)
}
