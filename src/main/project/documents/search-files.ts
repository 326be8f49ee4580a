import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type SearchDocument, SearchSummary, UnfinishedSearch } from '../../../contract/documents/search'
import { writeFileAtomic } from '../../base/files/atomic-file'
import { readJsonFile } from '../../base/files/bounded-file'
import { formatJson } from '../../base/files/json-format'
import { ensurePlainFolder, hasPlainFile } from '../../base/files/plain-paths'
import { type ProgressFolder, progressFolder } from '../../crc/sweep/progress-folder'
import { RunSummaries } from './run-summaries'
import type { RunChange } from '../../base/files/serial-queue'
import { SEARCHES } from './stored-documents'
import { drawsOf } from '../../../contract/documents/scored-by'

const MAX_UNFINISHED_BYTES = 100_000

/** Maximum number of saved sweeps of a search: one for each of 100 generations, one to start from, one at the end. */
const MAX_PROGRESS_FILES = 102

const unfinishedSweeps = (folder: string): ProgressFolder => progressFolder(partialFolders(folder), MAX_PROGRESS_FILES)

/**
 * Returns the folder of a pair's unfinished search, searches/partial. Clearing it also removes the stored request.
 *
 * @param change as of `projectSweepProgress`
 */
export function projectSearchProgress(folder: string, change: RunChange): ProgressFolder {
  const progress = unfinishedSweeps(folder)
  return {
    ...progress,
    fileFor: (name) => change(() => progress.fileFor(name)),
    async clear() {
      await rm(unfinishedFile(folder), { force: true })
      await progress.clear()
    }
  }
}

export const searchFile = (folder: string, id: string): string => SEARCHES.companion(folder, id, '.json')

export function summarizeSearch(search: SearchDocument): SearchSummary {
  const { id, createdAt, seconds, sweepId, verdict, basePath, postPath, device, precision } = search
  const [best] = search.found
  return {
    id,
    createdAt,
    seconds,
    sweepId,
    verdict,
    checkpoints: { base: basePath.fingerprint, post: postPath.fingerprint },
    method: search.settings.method,
    best: best === undefined ? null : { name: best.recipe.name, validity: best.validity, diversity: best.diversity },
    computed: {
      device,
      precision,
      weights: null,
      promptCount: best?.prompts.length ?? null,
      estimatedFrom: null,
      draws: drawsOf(search),
      programVersion: search.programVersion
    }
  }
}

export const SEARCH_SUMMARIES = new RunSummaries<SearchDocument, SearchSummary>({
  name: 'search',
  documents: SEARCHES,
  schema: SearchSummary,
  summarize: summarizeSearch,
  beside: null
})

/** Stores the request of a search, so that it can be resumed. */
export async function writeUnfinishedSearch(folder: string, search: UnfinishedSearch): Promise<void> {
  for (const path of partialFolders(folder)) await ensurePlainFolder(path)
  await writeFileAtomic(unfinishedFile(folder), formatJson(search))
}

/** Reads the request of an unfinished search; null if there is none, or if it has no results yet. */
export async function readUnfinishedSearch(folder: string): Promise<UnfinishedSearch | null> {
  if ((await unfinishedSweeps(folder).list()).length === 0) return null
  const file = unfinishedFile(folder)
  if (!(await hasPlainFile(file))) return null
  // An unreadable file counts as missing, because the user can enter the request again.
  const parsed = UnfinishedSearch.safeParse(await readJsonFile(file, MAX_UNFINISHED_BYTES).catch(() => null))
  return parsed.success ? parsed.data : null
}

/** Returns the folder for the progress of a search that will write `file`: `file` with `.partial` added. */
export function searchProgressBeside(file: string): ProgressFolder {
  return progressFolder([`${file}.partial`], MAX_PROGRESS_FILES)
}

function partialFolders(folder: string): [string, string] {
  const searches = join(folder, 'searches')
  return [searches, join(searches, 'partial')]
}

function unfinishedFile(folder: string): string {
  return join(partialFolders(folder)[1], 'search.json')
}
