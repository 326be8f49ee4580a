import { z } from 'zod'
import type { SweepDocument } from '../../contract/documents/crc'
import { SweepSummary } from '../../contract/documents/project'
import { WorkbenchError } from '../../contract/model/problem'
import { writeFileAtomic } from '../base/files/atomic-file'
import { errorMessage, readJsonFile } from '../base/files/bounded-file'
import { formatJson } from '../base/files/json-format'
import { newestFirst } from '../base/files/newest-first'
import { plainFileState } from '../base/files/plain-paths'
import { SUMMARY } from './document-store'
import { SWEEPS } from './stored-documents'
import { summarizeSweep } from './sweep-files'

/*
 * What lists show of a sweep stands in a small file beside it, since the sweep may be a hundred megabytes. It can always be made
 * again, and counts for nothing when the sweep was written after it or is of another size.
 */

const StoredSummary = z.object({
  schemaVersion: z.literal(1),
  /** Of the sweep's file. */
  bytes: z.number().int(),
  summary: SweepSummary
})

/** Names of rivals and ranges. */
const MAX_SUMMARY_BYTES = 1_000_000

/** Adds a sweep, or replaces the one of the same id. @throws WorkbenchError `bad-input`, `read-only` */
export async function writeSweep(folder: string, sweep: SweepDocument): Promise<SweepSummary> {
  await SWEEPS.write(folder, sweep)
  const summary = summarizeSweep(sweep)
  await writeSummary(folder, summary)
  return summary
}

/**
 * The sweeps in a pair's folder, newest first, and what could not be read.
 *
 * @param keeps whether summaries that had to be made are written down
 */
export async function listSweeps(
  folder: string,
  keeps: boolean
): Promise<{ sweeps: SweepSummary[]; warnings: string[] }> {
  const { ids, warnings } = await SWEEPS.ids(folder)
  const sweeps: SweepSummary[] = []
  for (const id of ids) {
    try {
      sweeps.push((await readSummary(folder, id)) ?? (await makeSummary(folder, id, keeps)))
    } catch (error) {
      warnings.push(`A stored sweep was left out. ${errorMessage(error)}`)
    }
  }
  return { sweeps: newestFirst(sweeps), warnings }
}

/** Null when there is none that says what the sweep is. */
async function readSummary(folder: string, id: string): Promise<SweepSummary | null> {
  const sweep = await plainFileState(SWEEPS.companion(folder, id, '.json'))
  const file = SWEEPS.companion(folder, id, SUMMARY)
  try {
    const found = await plainFileState(file)
    if (sweep === null || found === null || found.modifiedMs < sweep.modifiedMs) return null
    const parsed = StoredSummary.safeParse(await readJsonFile(file, MAX_SUMMARY_BYTES))
    if (!parsed.success) return null
    const { bytes, summary } = parsed.data
    return bytes === sweep.bytes && summary.id === id ? summary : null
  } catch (error) {
    if (error instanceof WorkbenchError) return null
    throw error
  }
}

async function makeSummary(folder: string, id: string, keeps: boolean): Promise<SweepSummary> {
  const summary = summarizeSweep(await SWEEPS.read(folder, id))
  if (keeps) await writeSummary(folder, summary)
  return summary
}

/** It only saves reading the sweep: where it cannot be written, that is read. */
async function writeSummary(folder: string, summary: SweepSummary): Promise<void> {
  const { id } = summary
  try {
    const sweep = await plainFileState(SWEEPS.companion(folder, id, '.json'))
    if (sweep === null) return
    const stored = StoredSummary.parse({ schemaVersion: 1, bytes: sweep.bytes, summary })
    await writeFileAtomic(SWEEPS.companion(folder, id, SUMMARY), formatJson(stored))
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error
  }
}
