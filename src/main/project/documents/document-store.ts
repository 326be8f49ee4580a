import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { fileError, inputError, notFoundError, requireValid } from '../../../contract/model/problem'
import { writeFileAtomic } from '../../base/files/atomic-file'
import { errorMessage } from '../../base/files/bounded-file'
import { yieldEvery20ms } from '../../base/files/yield-every-20ms'
import { withKind } from '../../../contract/documents/document-kind'
import { jsonPieces } from '../../base/files/json-format'
import { type DocumentFormat, readDocument } from '../../base/files/migrate'
import { parseInPieces } from '../../base/files/schema-pieces'
import { ensurePlainFolder, hasPlainFile, hasPlainFolder, plainFileState } from '../../base/files/plain-paths'

/*
 * Reads and writes the JSON documents of a project. A document has a schema, a version and a maximum size, and is read
 * and written as a whole. "Plain" files and folders are those that are no symbolic links.
 */

/** Ending of a summary's file, which lies beside its document. */
export const SUMMARY = '.summary.json'

/** Id of a document. Without dots and separators it cannot lead out of the document's folder. */
const DocumentId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/)

/** A kind of document. Every stored kind has an entry in stored-documents.ts. */
interface StoredKind<T> extends DocumentFormat<T> {
  /** Advice when a document exceeds the maximum size. */
  tooLarge: string
}

/** A kind with many documents in a project, each in a file named after its id. */
interface FolderKind<T> extends StoredKind<T> {
  /** Relative to the project. */
  folder: string
  id: (document: T) => string
}

/** A kind with one document in a project. */
interface FileKind<T> extends StoredKind<T> {
  /** Relative to the project. */
  file: string
}

/** Maximum size of a cached document. Larger ones are read again at each request. */
const MAX_CACHED_BYTES = 64_000_000

/** Reads and writes the documents of one kind, each in `<id>.json` in the folder of the kind. */
export class DocumentFolder<T> {
  /** The document that was read last. It is cached because windows, plans and selections request it repeatedly. */
  private cached: { file: string; state: string; document: T } | null = null

  constructor(private readonly kind: FolderKind<T>) {}

  /** Reads a document, migrated in memory. Callers must not change the object, because the cache returns it again. */
  async read(project: string, id: string): Promise<T> {
    const file = this.companion(project, id, '.json')
    // Throws if the folder is a link.
    await hasPlainFolder(this.folderOf(project))
    // The file's state is read before its content. If the file is replaced in between, it is read again next time.
    const before = await plainFileState(file)
    const { cached } = this
    if (cached !== null && cached.file === file && cached.state === before?.state) return cached.document
    const document = await this.parse(file, id)
    this.cached = before !== null && before.bytes <= MAX_CACHED_BYTES ? { file, state: before.state, document } : null
    return document
  }

  private async parse(file: string, id: string): Promise<T> {
    const { kind } = this
    const { document } = await readDocument(file, kind)
    if (kind.id(document) === id) return document
    throw fileError(`${file} holds the ${kind.name} ${kind.id(document)} instead of ${id}.`)
  }

  async readIfAny(project: string, id: string): Promise<T | null> {
    if (!DocumentId.safeParse(id).success || !(await hasPlainFolder(this.folderOf(project)))) return null
    return (await hasPlainFile(this.companion(project, id, '.json'))) ? this.read(project, id) : null
  }

  /** Writes a document in place of an earlier one. @throws WorkbenchError `bad-input` if invalid; `read-only` */
  async write(project: string, document: T): Promise<void> {
    const file = this.companion(project, this.kind.id(document), '.json')
    const stored = await storedDocument(this.kind, document)
    await ensurePlainFolder(this.folderOf(project))
    await writeFileAtomic(file, storedText(this.kind, stored))
  }

  /** Reads all documents, one after the other. @returns also warnings about documents that cannot be read */
  async list(project: string): Promise<{ documents: T[]; warnings: string[] }> {
    const documents: T[] = []
    const { ids, warnings } = await this.ids(project)
    for (const id of ids) {
      try {
        documents.push(await this.read(project, id))
      } catch (error) {
        warnings.push(`A stored ${this.kind.name} was left out. ${errorMessage(error)}`)
      }
    }
    return { documents, warnings }
  }

  /** Lists the ids, with warnings about a folder that cannot be listed. */
  async ids(project: string): Promise<{ ids: string[]; warnings: string[] }> {
    const folder = this.folderOf(project)
    try {
      if (!(await hasPlainFolder(folder))) return { ids: [], warnings: [] }
      const names = (await readdir(folder)).filter((name) => /^[^.].*\.json$/.test(name) && !name.endsWith(SUMMARY))
      return { ids: names.map((name) => name.slice(0, -'.json'.length)), warnings: [] }
    } catch (error) {
      return { ids: [], warnings: [`${folder} cannot be listed. ${errorMessage(error)}`] }
    }
  }

  /** Removes a document, its summary, and the files beside it with the endings `companions`. @throws WorkbenchError */
  async remove(project: string, id: string, companions: readonly string[] = []): Promise<void> {
    for (const suffix of [...companions, SUMMARY, '.json']) {
      await rm(this.companion(project, id, suffix), { force: true })
    }
  }

  /** Returns the path of a file beside a document. @throws WorkbenchError `not-found` for an invalid id */
  companion(project: string, id: string, suffix: string): string {
    if (DocumentId.safeParse(id).success) return join(this.folderOf(project), `${id}${suffix}`)
    throw notFoundError(`There is no ${this.kind.name} ${JSON.stringify(id)}. Ids consist of letters, digits and -.`)
  }

  private folderOf(project: string): string {
    return join(project, this.kind.folder)
  }
}

export class DocumentFile<T> {
  constructor(private readonly kind: FileKind<T>) {}

  /** Returns null if there is none. @throws WorkbenchError `bad-file` or `newer-version` */
  async read(project: string): Promise<T | null> {
    const file = this.fileOf(project)
    return (await hasPlainFile(file)) ? (await readDocument(file, this.kind)).document : null
  }

  async write(project: string, document: T): Promise<void> {
    const stored = await storedDocument(this.kind, document)
    const folder = dirname(this.fileOf(project))
    if (folder !== project) await ensurePlainFolder(folder)
    await writeFileAtomic(this.fileOf(project), storedText(this.kind, stored))
  }

  async remove(project: string): Promise<void> {
    await rm(this.fileOf(project), { force: true })
  }

  private fileOf(project: string): string {
    return join(project, this.kind.file)
  }
}

/** Validates a document before it is written. @throws WorkbenchError `bad-input` if it could not be read back */
export async function storedDocument<T>(
  { name, schema }: Pick<StoredKind<T>, 'name' | 'schema'>,
  document: T
): Promise<T> {
  const parsed = await parseInPieces(schema, document)
  return requireValid(parsed, (issue) => inputError(`The ${name} cannot be saved: ${issue}`))
}

/** Characters that are formatted and written at a time. Formatting them takes some milliseconds. */
const PIECE_CHARACTERS = 2 ** 19

/** Yields the text of a document in pieces. @throws WorkbenchError `bad-input` if it is too long to be read back */
async function* storedText<T>({ kind, name, maxBytes, tooLarge }: StoredKind<T>, document: T): AsyncGenerator<string> {
  const yieldTurn = yieldEvery20ms()
  let text = ''
  let bytes = 0
  /** Returns `text` after its bytes were added to the size. */
  const counted = (): string => {
    bytes += Buffer.byteLength(text)
    if (bytes <= maxBytes) return text
    throw inputError(`The ${name} cannot be saved: it would have more than the maximum of ${maxBytes} bytes.`, tooLarge)
  }
  for (const piece of jsonPieces(withKind(kind, document))) {
    text += piece
    if (text.length < PIECE_CHARACTERS) continue
    yield counted()
    text = ''
    await yieldTurn()
  }
  yield counted()
}
