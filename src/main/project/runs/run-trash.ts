import { randomUUID } from 'node:crypto'
import { readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import {
  DELETION_VERSION,
  DeletionDocument,
  type ResultFile,
  type HistoryRun,
  TRASH_DAYS
} from '../../../contract/documents/history'
import { elementAt } from '../../../contract/model/look-up'
import { WorkbenchError } from '../../../contract/model/problem'
import { flushFolder, writeFileAtomic, writeProblem } from '../../base/files/atomic-file'
import { errorMessage } from '../../base/files/bounded-file'
import { withKind } from '../../../contract/documents/document-kind'
import { formatJson } from '../../base/files/json-format'
import { type DocumentFormat, readDocument } from '../../base/files/migrate'
import { ensurePlainFolder, hasPlainFile, hasPlainFolder } from '../../base/files/plain-paths'

/*
 * Runs that were deleted lie in trash/<deletion> of their pair, with a deleted.json that says what they were and which files are
 * theirs. The run's document is the first of these: where it lies, the run is. It leaves its place before the others and comes back
 * after them, so whenever the program is killed, the next opening knows which way to go on.
 */

const TRASH = 'trash'
const DELETED = 'deleted.json'

const DELETION_FORMAT: DocumentFormat<DeletionDocument> = {
  kind: 'deletion',
  name: 'note of a deletion',
  schema: DeletionDocument,
  version: DELETION_VERSION,
  migrations: {},
  maxBytes: 10_000_000
}

/** The steps that a test stops between. */
type BeforeStep = () => void
const NOTHING: BeforeStep = () => undefined

const entryFolder = (pair: string, deletion: string): string => join(pair, TRASH, deletion)
const placeOf = (pair: string, { folder, name }: ResultFile): string => join(pair, folder, name)
const trashedOf = (pair: string, deletion: string, { folder, name }: ResultFile): string =>
  join(entryFolder(pair, deletion), `${folder}.${name}`)

const documentOf = ({ files }: DeletionDocument): ResultFile => elementAt(files, 0, 'file of a deletion')

/**
 * Deletes a run of a pair's folder, so that it can be brought back.
 *
 * @param files that may be there, the document of the run first
 * @throws WorkbenchError `read-only`
 */
export async function trashRun(
  pair: string,
  run: HistoryRun,
  searches: HistoryRun[],
  files: readonly ResultFile[],
  beforeStep = NOTHING
): Promise<DeletionDocument> {
  const document: DeletionDocument = {
    schemaVersion: DELETION_VERSION,
    deletion: randomUUID(),
    deletedAt: new Date().toISOString(),
    run,
    searches,
    files: [...files]
  }
  beforeStep()
  await ensurePlainFolder(join(pair, TRASH))
  await ensurePlainFolder(entryFolder(pair, document.deletion))
  beforeStep()
  await writeFileAtomic(
    join(entryFolder(pair, document.deletion), DELETED),
    formatJson(withKind('deletion', document))
  )
  await moveAll(pair, document, 'away', beforeStep)
  return document
}

/**
 * Puts the files of a deleted run in their places again.
 *
 * @throws WorkbenchError `bad-input` when another lies in its place; `read-only`
 */
export async function untrashRun(
  pair: string,
  document: DeletionDocument,
  beforeStep = NOTHING
): Promise<void> {
  const place = placeOf(pair, documentOf(document))
  if (await hasPlainFile(place)) {
    throw new WorkbenchError('bad-input', `${place} is there again: the deleted one would replace it.`)
  }
  await moveAll(pair, document, 'back', beforeStep)
  await forgetEntry(pair, document.deletion, beforeStep)
}

/** Deletes a deleted run for good. @throws WorkbenchError `read-only` */
export async function destroyRun(
  pair: string,
  document: DeletionDocument,
  beforeStep = NOTHING
): Promise<void> {
  const { deletion, files } = document
  for (const file of files) {
    beforeStep()
    await remove(trashedOf(pair, deletion, file))
  }
  await forgetEntry(pair, deletion, beforeStep)
}

/**
 * What was deleted of a pair, the last first, and what could not be read.
 *
 * @param keeps whether what a killed program has left is brought to its end, and what was deleted long ago, unless it is pinned,
 *   is deleted for good
 */
export async function listTrash(
  pair: string,
  keeps: boolean,
  now = Date.now()
): Promise<{ deleted: DeletionDocument[]; warnings: string[] }> {
  const deleted: DeletionDocument[] = []
  const warnings: string[] = []
  for (const deletion of await entries(pair)) {
    try {
      const document = await readEntry(pair, deletion, keeps)
      if (document === null || (await hasComeBack(pair, document, keeps))) continue
      const age = now - Date.parse(document.deletedAt)
      const kept = document.run.pinned || document.searches.some(({ pinned }) => pinned)
      if (keeps && !kept && age > TRASH_DAYS * 86_400_000) await destroyRun(pair, document)
      else deleted.push(document)
    } catch (error) {
      warnings.push(`A deleted run was left where it is. ${errorMessage(error)}`)
    }
  }
  const last = (a: DeletionDocument, b: DeletionDocument): number =>
    Date.parse(b.deletedAt) - Date.parse(a.deletedAt)
  return { deleted: deleted.sort(last), warnings }
}

async function entries(pair: string): Promise<string[]> {
  if (!(await hasPlainFolder(join(pair, TRASH)))) return []
  return (await readdir(join(pair, TRASH))).filter((name) => z.uuid().safeParse(name).success)
}

/** Null for one that was killed before it said what it is, of which nothing has left its place. */
async function readEntry(pair: string, deletion: string, keeps: boolean): Promise<DeletionDocument | null> {
  const folder = entryFolder(pair, deletion)
  const file = join(folder, DELETED)
  await hasPlainFolder(folder)
  if (!(await hasPlainFile(file))) {
    // Should something else lie in it, it stays.
    if (keeps) await rmdir(folder).catch(() => undefined)
    return null
  }
  const { document } = await readDocument(file, DELETION_FORMAT)
  if (document.deletion === deletion) return document
  throw new WorkbenchError('bad-file', `${file} is of the deletion ${document.deletion}.`)
}

/** Whether the run of an entry is where it was before; else the rest of its files follow it. */
async function hasComeBack(pair: string, document: DeletionDocument, keeps: boolean): Promise<boolean> {
  if (!(await hasPlainFile(trashedOf(pair, document.deletion, documentOf(document))))) {
    // What lies in it then is of a run that was being deleted for good.
    if (keeps) await destroyRun(pair, document)
    return true
  }
  if (keeps) await moveAll(pair, document, 'away', NOTHING)
  return false
}

/** Moves what is not there yet: the document first on its way out, and last on its way back. */
async function moveAll(
  pair: string,
  document: DeletionDocument,
  way: 'away' | 'back',
  beforeStep: BeforeStep
): Promise<void> {
  const { deletion, files } = document
  const order = way === 'away' ? files : files.toReversed()
  for (const file of order) {
    const [place, trashed] = [placeOf(pair, file), trashedOf(pair, deletion, file)]
    const [from, to] = way === 'away' ? [place, trashed] : [trashed, place]
    beforeStep()
    if (!(await hasPlainFile(from)) || (await hasPlainFile(to))) continue
    if (way === 'back') await ensurePlainFolder(join(pair, file.folder))
    await rename(from, to).catch((error: unknown) => {
      throw writeProblem(to, error)
    })
  }
  const folders = new Set(files.map(({ folder }) => join(pair, folder)))
  for (const folder of [entryFolder(pair, deletion), ...folders]) await flushFolder(folder)
}

/** Removes an entry whose files are gone from it. */
async function forgetEntry(pair: string, deletion: string, beforeStep: BeforeStep): Promise<void> {
  const folder = entryFolder(pair, deletion)
  beforeStep()
  await remove(join(folder, DELETED))
  beforeStep()
  await rmdir(folder).catch(() => undefined)
}

async function remove(file: string): Promise<void> {
  await rm(file, { force: true }).catch((error: unknown) => {
    throw writeProblem(file, error)
  })
}
