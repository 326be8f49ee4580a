import { z } from 'zod'
import { WorkbenchError } from '../../../contract/model/problem'
import { writeFileAtomic } from '../../base/files/atomic-file'
import { errorMessage, readJsonFile } from '../../base/files/bounded-file'
import { withKind } from '../../../contract/documents/document-kind'
import { formatJson } from '../../base/files/json-format'
import { newestFirst } from '../../base/files/newest-first'
import { plainFileState } from '../../base/files/plain-paths'
import { type DocumentFolder, SUMMARY } from './document-store'

/*
 * What lists show of a sweep, a search, a sample run or an evaluation stands in a small file beside it, since the document and its
 * answers may be a hundred megabytes. It can always be made again, and counts for nothing when the document was written after it, or
 * when that or what else it tells of is of another size.
 */

/** By what lists tell runs apart and order them. */
export interface Listed {
  readonly id: string
  readonly createdAt: string
}

/** A folder of documents that lists show by their summaries. */
export type SummarizedFolder<Document> = Pick<DocumentFolder<Document>, 'read' | 'ids' | 'companion'>

/** A kind of document that lists show by its summary. */
interface SummarizedKind<Document, Summary> {
  /** As warnings name one. */
  name: string
  documents: SummarizedFolder<Document>
  schema: z.ZodType<Summary>
  summarize(document: Document, folder: string): Summary | Promise<Summary>
  /** What else the summary tells of, such as the answers of a run: the name of its file; null where there is nothing else. */
  beside: ((folder: string, id: string) => string) | null
}

/** The summaries of a kind, in the folder of a pair. */
export interface RunSummaries<Summary> {
  /** Of one document. @throws WorkbenchError as the reading of the document, where there is no summary that says what it is */
  read(folder: string, id: string, keeps: boolean): Promise<Summary>
  /** It only saves reading the document: where it cannot be written, that is read. */
  write(folder: string, summary: Summary): Promise<void>
  /**
   * Newest first, and what could not be read.
   *
   * @param keeps whether summaries that had to be made are written down
   */
  list(folder: string, keeps: boolean): Promise<{ runs: Summary[]; warnings: string[] }>
}

/** Names of baselines, ranges and variants. */
const MAX_SUMMARY_BYTES = 1_000_000

/** Version 1 had no word of what a run was computed with, nor sizes of answers; version 2 none of what a sweep asks; version 3 none of its check; version 4 none of its headline; version 5 a headline in place of the verdict; version 6 other names of fields. */
const SUMMARY_VERSION = 7

/** The summaries of a kind. */
export const runSummaries = <Document, Summary extends Listed>(
  kind: SummarizedKind<Document, Summary>
): RunSummaries<Summary> => new KindSummaries(kind)

class KindSummaries<Document, Summary extends Listed> implements RunSummaries<Summary> {
  private readonly stored

  constructor(private readonly kind: SummarizedKind<Document, Summary>) {
    this.stored = z.object({
      schemaVersion: z.literal(SUMMARY_VERSION),
      /** Of the document's file, and of what lies beside it. */
      bytes: z.number().int(),
      besideBytes: z.number().int(),
      summary: kind.schema
    })
  }

  async read(folder: string, id: string, keeps: boolean): Promise<Summary> {
    const known = await this.known(folder, id)
    if (known !== null) return known
    const made = await this.kind.summarize(await this.kind.documents.read(folder, id), folder)
    if (keeps) await this.write(folder, made)
    return made
  }

  async write(folder: string, summary: Summary): Promise<void> {
    try {
      const { document, besideBytes } = await this.sizesOf(folder, summary.id)
      if (document === null) return
      const noted = { schemaVersion: SUMMARY_VERSION, bytes: document.bytes, besideBytes, summary }
      await writeFileAtomic(this.fileOf(folder, summary.id), formatJson(withKind('summary', noted)))
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
    }
  }

  async list(folder: string, keeps: boolean): Promise<{ runs: Summary[]; warnings: string[] }> {
    const { ids, warnings } = await this.kind.documents.ids(folder)
    const runs: Summary[] = []
    for (const id of ids) {
      try {
        runs.push(await this.read(folder, id, keeps))
      } catch (error) {
        warnings.push(`A stored ${this.kind.name} was left out. ${errorMessage(error)}`)
      }
    }
    return { runs: newestFirst(runs), warnings }
  }

  /** Null when there is none that says what the document is. */
  private async known(folder: string, id: string): Promise<Summary | null> {
    const file = this.fileOf(folder, id)
    try {
      const { document, besideBytes } = await this.sizesOf(folder, id)
      const found = await plainFileState(file)
      if (document === null || found === null || found.modifiedMs < document.modifiedMs) return null
      const parsed = this.stored.safeParse(await readJsonFile(file, MAX_SUMMARY_BYTES))
      if (!parsed.success) return null
      const { bytes, besideBytes: counted, summary } = parsed.data
      return bytes === document.bytes && counted === besideBytes && summary.id === id ? summary : null
    } catch (error) {
      if (error instanceof WorkbenchError) return null
      throw error
    }
  }

  private async sizesOf(folder: string, id: string) {
    const { documents, beside } = this.kind
    const document = await plainFileState(documents.companion(folder, id, '.json'))
    const other = beside === null ? null : await plainFileState(beside(folder, id))
    return { document, besideBytes: other === null ? 0 : other.bytes }
  }

  private fileOf(folder: string, id: string): string {
    return this.kind.documents.companion(folder, id, SUMMARY)
  }
}
