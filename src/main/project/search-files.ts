import { join } from 'node:path'
import { describeIssue, WorkbenchError } from '../../contract/problem'
import { SEARCH_VERSION, SearchDocument } from '../../contract/search'
import { writeFileAtomic } from './atomic-file'
import { formatJson } from './json-format'
import { type DocumentFormat, readDocument } from './migrate'
import { ensurePlainFolder, hasPlainFile, hasPlainFolder } from './plain-paths'

const FORMAT: DocumentFormat<SearchDocument> = {
  name: 'search',
  schema: SearchDocument,
  version: SEARCH_VERSION,
  migrations: {},
  maxBytes: 100_000_000
}

/** The latest search from a sweep; null when there is none. @throws WorkbenchError `bad-file` or `newer-version` */
export async function readSearchFile(folder: string, sweepId: string): Promise<SearchDocument | null> {
  // The schema's ids hold neither dots nor separators, so no id leads out of the folder.
  if (!SearchDocument.shape.sweepId.safeParse(sweepId).success) return null
  if (!(await hasPlainFolder(searchesFolder(folder)))) return null
  const file = searchFile(folder, sweepId)
  return (await hasPlainFile(file)) ? (await readDocument(file, FORMAT)).document : null
}

/** Writes a search, replacing an earlier one from the same sweep. @throws WorkbenchError `bad-input`, `read-only` */
export async function writeSearchFile(folder: string, search: SearchDocument): Promise<void> {
  const parsed = SearchDocument.safeParse(search)
  if (!parsed.success) {
    throw new WorkbenchError('bad-input', `The search cannot be saved: ${describeIssue(parsed.error)}`)
  }
  await ensurePlainFolder(searchesFolder(folder))
  await writeFileAtomic(searchFile(folder, search.sweepId), formatJson(parsed.data))
}

function searchesFolder(folder: string): string {
  return join(folder, 'searches')
}

function searchFile(folder: string, sweepId: string): string {
  return join(searchesFolder(folder), `${sweepId}.json`)
}
