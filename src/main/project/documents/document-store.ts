import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { describeIssue, WorkbenchError } from '../../../contract/model/problem'
import { writeFileAtomic } from '../../base/files/atomic-file'
import { errorMessage } from '../../base/files/bounded-file'
import { yieldEvery20ms } from '../../base/files/yield-every-20ms'
import { withKind } from '../../../contract/documents/document-kind'
import { jsonPieces } from '../../base/files/json-format'
import { type DocumentFormat, readDocument } from '../../base/files/migrate'
import { parseInPieces } from '../../base/files/schema-pieces'
import { ensurePlainFolder, hasPlainFile, hasPlainFolder, plainFileState } from '../../base/files/plain-paths'

/*
 * Everything that a project stores as JSON goes through here, so that every kind is read and written by the same rules: a
 * schema and a version on reading; the same schema and size on writing, since what could not be read back must not be
 * written; whole files or nothing; and a file that cannot be read never keeps the user from the others.
 */

/** What lists show of a document, beside it: no document of its own. */
export const SUMMARY = '.summary.json'

/** Holds neither dots nor separators, so no id leads out of its folder. */
const DocumentId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/)

/** A kind of document. A kind that is stored gets a row in stored-documents.ts. */
interface StoredKind<T> extends DocumentFormat<T> {
  /** What to do about one that has grown too large to be kept. */
  tooLarge: string
}

/** A kind of which a project has many, each in a file named after its id. */
export interface FolderKind<T> extends StoredKind<T> {
  /** Below the project. */
  folder: string
  id: (document: T) => string
}

/** A kind of which a project has one. */
export interface FileKind<T> extends StoredKind<T> {
  /** Below the project. */
  file: string
}

/** A larger document is read again each time it is asked for, rather than held. */
const MAX_HELD_BYTES = 64_000_000

export interface DocumentFolder<T> {
  /**
   * A document of an older version is migrated in memory: results are never rewritten. What is asked for again while its file
   * stays as it was is the same object, which nobody may change.
   *
   * @throws WorkbenchError `not-found`, `bad-file` or `newer-version`
   */
  read(project: string, id: string): Promise<T>
  /** Null when there is none of this id. @throws WorkbenchError `bad-file` or `newer-version` */
  readIfAny(project: string, id: string): Promise<T | null>
  /** Replaces an earlier one of the same id. @throws WorkbenchError `bad-input` when it could not be read back; `read-only` */
  write(project: string, document: T): Promise<void>
  /**
   * What `look` says of each, and what could not be read. One after the other, so that only one document is in memory at
   * a time.
   */
  list<Entry>(
    project: string,
    look: (document: T) => Entry | Promise<Entry>
  ): Promise<{ entries: Entry[]; warnings: string[] }>
  /** Which there are, and what could not be listed. */
  ids(project: string): Promise<{ ids: string[]; warnings: string[] }>
  /** Removes one, its summary and its companions of these suffixes. @throws WorkbenchError `not-found` for what can be no id */
  remove(project: string, id: string, companions?: readonly string[]): Promise<void>
  /** Where lines that belong to a document stand: beside it, under its name. @throws WorkbenchError `not-found` for what can be no id */
  companion(project: string, id: string, suffix: string): string
}

/** The documents of a kind, in the folder that `kind` names. */
export function documentFolder<T>(kind: FolderKind<T>): DocumentFolder<T> {
  return new KindFolder(kind)
}

class KindFolder<T> implements DocumentFolder<T> {
  /** The one that was read last: each window, plan and selection asks for the same one again. */
  private held: { file: string; state: string; document: T } | null = null

  constructor(private readonly kind: FolderKind<T>) {}

  async read(project: string, id: string): Promise<T> {
    const file = this.companion(project, id, '.json')
    await hasPlainFolder(this.folderOf(project))
    const found = await plainFileState(file)
    const { held } = this
    if (held !== null && held.file === file && held.state === found?.state) return held.document
    const document = await this.parse(file, id)
    // Of before the reading: a file that was replaced meanwhile is read again.
    this.held =
      found !== null && found.bytes <= MAX_HELD_BYTES ? { file, state: found.state, document } : null
    return document
  }

  private async parse(file: string, id: string): Promise<T> {
    const { kind } = this
    const { document } = await readDocument(file, kind)
    if (kind.id(document) === id) return document
    throw new WorkbenchError(
      'bad-file',
      `${file} holds the ${kind.name} ${kind.id(document)} instead of ${id}.`
    )
  }

  async readIfAny(project: string, id: string): Promise<T | null> {
    if (!DocumentId.safeParse(id).success || !(await hasPlainFolder(this.folderOf(project)))) return null
    return (await hasPlainFile(this.companion(project, id, '.json'))) ? this.read(project, id) : null
  }

  async write(project: string, document: T): Promise<void> {
    const file = this.companion(project, this.kind.id(document), '.json')
    const stored = await storedDocument(this.kind, document)
    await ensurePlainFolder(this.folderOf(project))
    await writeFileAtomic(file, storedText(this.kind, stored))
  }

  async list<Entry>(
    project: string,
    look: (document: T) => Entry | Promise<Entry>
  ): Promise<{ entries: Entry[]; warnings: string[] }> {
    const entries: Entry[] = []
    const { ids, warnings } = await this.ids(project)
    for (const id of ids) {
      try {
        entries.push(await look(await this.read(project, id)))
      } catch (error) {
        warnings.push(`A stored ${this.kind.name} was left out. ${errorMessage(error)}`)
      }
    }
    return { entries, warnings }
  }

  async ids(project: string): Promise<{ ids: string[]; warnings: string[] }> {
    const folder = this.folderOf(project)
    try {
      if (!(await hasPlainFolder(folder))) return { ids: [], warnings: [] }
      const names = (await readdir(folder)).filter(
        (name) => /^[^.].*\.json$/.test(name) && !name.endsWith(SUMMARY)
      )
      return { ids: names.map((name) => name.slice(0, -'.json'.length)), warnings: [] }
    } catch (error) {
      return { ids: [], warnings: [`${folder} cannot be listed. ${errorMessage(error)}`] }
    }
  }

  async remove(project: string, id: string, companions: readonly string[] = []): Promise<void> {
    for (const suffix of [...companions, SUMMARY, '.json']) {
      await rm(this.companion(project, id, suffix), { force: true })
    }
  }

  companion(project: string, id: string, suffix: string): string {
    if (DocumentId.safeParse(id).success) return join(this.folderOf(project), `${id}${suffix}`)
    throw new WorkbenchError(
      'not-found',
      `There is no ${this.kind.name} ${JSON.stringify(id)}: names are of letters, digits and -.`
    )
  }

  private folderOf(project: string): string {
    return join(project, this.kind.folder)
  }
}

export interface DocumentFile<T> {
  /** Null when there is none. @throws WorkbenchError `bad-file` or `newer-version` */
  read(project: string): Promise<T | null>
  /** @throws WorkbenchError `bad-input` when it could not be read back; `read-only` */
  write(project: string, document: T): Promise<void>
  remove(project: string): Promise<void>
}

/** The one document of a kind, in the file that `kind` names. */
export function documentFile<T>(kind: FileKind<T>): DocumentFile<T> {
  const fileOf = (project: string): string => join(project, kind.file)
  return {
    async read(project) {
      if (!(await hasPlainFile(fileOf(project)))) return null
      return (await readDocument(fileOf(project), kind)).document
    },
    async write(project, document) {
      const stored = await storedDocument(kind, document)
      const folder = dirname(fileOf(project))
      if (folder !== project) await ensurePlainFolder(folder)
      await writeFileAtomic(fileOf(project), storedText(kind, stored))
    },
    async remove(project) {
      await rm(fileOf(project), { force: true })
    }
  }
}

/** @throws WorkbenchError `bad-input` when it could not be read back */
export async function storedDocument<T>(
  { name, schema }: Pick<StoredKind<T>, 'name' | 'schema'>,
  document: T
): Promise<T> {
  const parsed = await parseInPieces(schema, document)
  if (parsed.success) return parsed.data
  throw new WorkbenchError('bad-input', `The ${name} cannot be saved: ${describeIssue(parsed.error)}`)
}

/** Enough that the disk is asked for something, and little enough that it is made in some milliseconds. */
const WRITTEN_CHARACTERS = 2 ** 19

/**
 * Its text in pieces, between which others have their turn.
 *
 * @throws WorkbenchError `bad-input` when it has become too long to be read back
 */
async function* storedText<T>(
  { kind, name, maxBytes, tooLarge }: StoredKind<T>,
  document: T
): AsyncGenerator<string> {
  const breathe = yieldEvery20ms()
  let [text, bytes] = ['', 0]
  const counted = (): string => {
    bytes += Buffer.byteLength(text)
    if (bytes <= maxBytes) return text
    throw new WorkbenchError(
      'bad-input',
      `The ${name} cannot be saved: it would have more than ${maxBytes} bytes, the most that are kept.`,
      tooLarge
    )
  }
  for (const piece of jsonPieces(withKind(kind, document))) {
    text += piece
    if (text.length < WRITTEN_CHARACTERS) continue
    yield counted()
    text = ''
    await breathe()
  }
  yield counted()
}
