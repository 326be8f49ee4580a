import { z } from 'zod'
import { writeFileAtomic } from '../../base/files/atomic-file'
import { errorMessage, readJsonFile } from '../../base/files/bounded-file'
import { withKind } from '../../../contract/documents/document-kind'
import { formatJson } from '../../base/files/json-format'
import { newestFirst } from '../../base/files/newest-first'
import { plainFileState } from '../../base/files/plain-paths'
import { withFallback } from '../../base/files/with-fallback'
import { type DocumentFolder, SUMMARY } from './document-store'

/*
 * A summary is a small file beside a stored result, from which lists show the result without reading it. A summary that
 * is older than the result, or names another size of it, is computed again.
 */

export interface Listed {
  readonly id: string
  readonly createdAt: string
}

export type SummarizedFolder<Document> = Pick<DocumentFolder<Document>, 'read' | 'ids' | 'companion'>

interface SummarizedKind<Document, Summary> {
  /** Name in warnings, such as "sample run". */
  name: string
  documents: SummarizedFolder<Document>
  schema: z.ZodType<Summary>
  summarize(document: Document, folder: string): Summary | Promise<Summary>
  /** Returns the path of another file that is summarized, such as the answers of a run; null for none. */
  beside: ((folder: string, id: string) => string) | null
}

/** Maximum size of a summary. The longest ones list all baselines, ranges or variants of a result. */
const MAX_SUMMARY_BYTES = 1_000_000

/** Version of all summaries. A summary of another version is computed again. */
const SUMMARY_VERSION = 8

export class RunSummaries<Document, Summary extends Listed> {
  private readonly stored

  constructor(private readonly kind: SummarizedKind<Document, Summary>) {
    this.stored = z.object({
      schemaVersion: z.literal(SUMMARY_VERSION),
      /** Sizes of the document's file and of the file beside it. */
      bytes: z.number().int(),
      besideBytes: z.number().int(),
      summary: kind.schema
    })
  }

  /** Returns the summary of a document, computed if it is missing or old. @param writes true to store a computed one */
  async read(folder: string, id: string, writes: boolean): Promise<Summary> {
    const stored = await this.readStored(folder, id)
    if (stored !== null) return stored
    const summary = await this.kind.summarize(await this.kind.documents.read(folder, id), folder)
    if (writes) await this.write(folder, summary)
    return summary
  }

  /** Stores a summary. Failures are ignored, because a missing summary is computed again. */
  write(folder: string, summary: Summary): Promise<void> {
    return withFallback(async () => {
      const { document, besideBytes } = await this.sizesOf(folder, summary.id)
      if (document === null) return
      const stored = { schemaVersion: SUMMARY_VERSION, bytes: document.bytes, besideBytes, summary }
      await writeFileAtomic(this.fileOf(folder, summary.id), formatJson(withKind('summary', stored)))
    }, undefined)
  }

  /**
   * Lists the summaries of all documents, newest first.
   *
   * @param writes true to store summaries that were missing
   * @returns the summaries, and warnings about unreadable documents
   */
  async list(folder: string, writes: boolean): Promise<{ runs: Summary[]; warnings: string[] }> {
    const { ids, warnings } = await this.kind.documents.ids(folder)
    const runs: Summary[] = []
    for (const id of ids) {
      try {
        runs.push(await this.read(folder, id, writes))
      } catch (error) {
        warnings.push(`A stored ${this.kind.name} was left out. ${errorMessage(error)}`)
      }
    }
    return { runs: newestFirst(runs), warnings }
  }

  /** Reads a stored summary; null if it is missing, unreadable or older than the document. */
  private readStored(folder: string, id: string): Promise<Summary | null> {
    return withFallback(async () => {
      const file = this.fileOf(folder, id)
      const { document, besideBytes } = await this.sizesOf(folder, id)
      const written = await plainFileState(file)
      if (document === null || written === null || written.modifiedMs < document.modifiedMs) return null
      const { data } = this.stored.safeParse(await readJsonFile(file, MAX_SUMMARY_BYTES))
      if (data?.bytes !== document.bytes || data.besideBytes !== besideBytes) return null
      return data.summary.id === id ? data.summary : null
    }, null)
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
