import { randomUUID } from 'node:crypto'
import { readdir, rename, rmdir } from 'node:fs/promises'
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
import { fileError, inputError } from '../../../contract/model/problem'
import { flushFolder, removeFile, writeFileAtomic, writeProblem } from '../../base/files/atomic-file'
import { errorMessage } from '../../base/files/bounded-file'
import { withKind } from '../../../contract/documents/document-kind'
import { formatJson } from '../../base/files/json-format'
import { type DocumentFormat, readDocument } from '../../base/files/migrate'
import { ensurePlainFolder, hasPlainFile, hasPlainFolder } from '../../base/files/plain-paths'

/*
 * A deleted run is a folder trash/<deletion> with the run's files and a note, deleted.json. A run counts as deleted as
 * soon as its document, the first of its files, lies in the trash. The document is moved first and restored last, and
 * the next opening completes an interrupted move.
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

/** Called before each step of a move. Tests use it to stop between two steps. */
type BeforeStep = () => void
const NOTHING: BeforeStep = () => undefined

const entryFolder = (pair: string, deletion: string): string => join(pair, TRASH, deletion)
const pathOf = (pair: string, { folder, name }: ResultFile): string => join(pair, folder, name)
const trashedOf = (pair: string, deletion: string, { folder, name }: ResultFile): string =>
  join(entryFolder(pair, deletion), `${folder}.${name}`)

const documentOf = ({ files }: DeletionDocument): ResultFile => elementAt(files, 0, 'file of a deletion')

/** Moves a run to the trash of its pair. @param files files to move if they exist, the run's document first */
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
  await writeFileAtomic(join(entryFolder(pair, document.deletion), DELETED), formatJson(withKind('deletion', document)))
  await moveAll(pair, document, 'away', beforeStep)
  return document
}

/** Restores the files of a deleted run. @throws WorkbenchError `bad-input` if one of the files exists again */
export async function untrashRun(pair: string, document: DeletionDocument, beforeStep = NOTHING): Promise<void> {
  const path = pathOf(pair, documentOf(document))
  if (await hasPlainFile(path)) throw inputError(`${path} exists again, so the deleted file cannot be restored.`)
  await moveAll(pair, document, 'back', beforeStep)
  await forgetEntry(pair, document.deletion, beforeStep)
}

/** Deletes a run in the trash for good. @throws WorkbenchError `read-only` */
export async function destroyRun(pair: string, document: DeletionDocument, beforeStep = NOTHING): Promise<void> {
  const { deletion, files } = document
  for (const file of files) {
    beforeStep()
    await removeFile(trashedOf(pair, deletion, file))
  }
  await forgetEntry(pair, deletion, beforeStep)
}

/**
 * Lists the trash, the last deletion first.
 *
 * @param mayWrite true also completes interrupted moves and removes old entries
 */
export async function listTrash(
  pair: string,
  mayWrite: boolean
): Promise<{ deleted: DeletionDocument[]; warnings: string[] }> {
  const deleted: DeletionDocument[] = []
  const warnings: string[] = []
  for (const deletion of await entries(pair)) {
    try {
      const document = await readEntry(pair, deletion, mayWrite)
      if (document === null || (await wasRestored(pair, document, mayWrite))) continue
      const age = Date.now() - Date.parse(document.deletedAt)
      const isPinned = [document.run, ...document.searches].some(({ pinned }) => pinned)
      if (mayWrite && !isPinned && age > TRASH_DAYS * 86_400_000) await destroyRun(pair, document)
      else deleted.push(document)
    } catch (error) {
      warnings.push(`A deleted run was left where it is. ${errorMessage(error)}`)
    }
  }
  return { deleted: deleted.sort((a, b) => Date.parse(b.deletedAt) - Date.parse(a.deletedAt)), warnings }
}

async function entries(pair: string): Promise<string[]> {
  if (!(await hasPlainFolder(join(pair, TRASH)))) return []
  return (await readdir(join(pair, TRASH))).filter((name) => z.uuid().safeParse(name).success)
}

/** Reads an entry of the trash; null if it is empty, because the program was killed before it moved a file. */
async function readEntry(pair: string, deletion: string, mayWrite: boolean): Promise<DeletionDocument | null> {
  const folder = entryFolder(pair, deletion)
  const file = join(folder, DELETED)
  await hasPlainFolder(folder)
  if (!(await hasPlainFile(file))) {
    // A folder with other files stays.
    if (mayWrite) await rmdir(folder).catch(() => undefined)
    return null
  }
  const { document } = await readDocument(file, DELETION_FORMAT)
  if (document.deletion === deletion) return document
  throw fileError(`${file} is of the deletion ${document.deletion}.`)
}

/** Reports whether the run of an entry was restored. If it was not, files that are not yet in the trash are moved. */
async function wasRestored(pair: string, document: DeletionDocument, mayWrite: boolean): Promise<boolean> {
  if (!(await hasPlainFile(trashedOf(pair, document.deletion, documentOf(document))))) {
    // The document is gone, so the remaining files belong to a run whose removal from the trash was interrupted.
    if (mayWrite) await destroyRun(pair, document)
    return true
  }
  if (mayWrite) await moveAll(pair, document, 'away', NOTHING)
  return false
}

/** Moves the files that are not moved yet. The document is moved first into the trash, and last out of the trash. */
async function moveAll(
  pair: string,
  document: DeletionDocument,
  way: 'away' | 'back',
  beforeStep: BeforeStep
): Promise<void> {
  const { deletion, files } = document
  const order = way === 'away' ? files : files.toReversed()
  for (const file of order) {
    const [path, trashed] = [pathOf(pair, file), trashedOf(pair, deletion, file)]
    const [from, to] = way === 'away' ? [path, trashed] : [trashed, path]
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

/** Removes the note and the folder of a deletion. */
async function forgetEntry(pair: string, deletion: string, beforeStep: BeforeStep): Promise<void> {
  const folder = entryFolder(pair, deletion)
  beforeStep()
  await removeFile(join(folder, DELETED))
  beforeStep()
  await rmdir(folder).catch(() => undefined)
}
