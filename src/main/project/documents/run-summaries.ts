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
 * Lists show a result by a small file beside it, which can be computed again. The file is ignored if it is older than
 * the document, or if the document has another size.
 */

export interface Listed {
  readonly id: string
  readonly createdAt: string
}

export type SummarizedFolder<Document> = Pick<DocumentFolder<Document>, 'read' | 'ids' | 'companion'>

interface SummarizedKind<Document, Summary> {
  name: string
  documents: SummarizedFolder<Document>
  schema: z.ZodType<Summary>
  summarize(document: Document, folder: string): Summary | Promise<Summary>
  /** Path of another file that the summary describes, such as the answers of a run; null for none. */
  beside: ((folder: string, id: string) => string) | null
}

/** Limits a summary, which lists a result's baselines, ranges or variants. */
const MAX_SUMMARY_BYTES = 1_000_000

/** A summary of another version is computed again. */
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

  /** Returns the summary of a document. @throws WorkbenchError as reading the document, if it has no valid summary */
  async read(folder: string, id: string, writes: boolean): Promise<Summary> {
    const stored = await this.readStored(folder, id)
    if (stored !== null) return stored
    const summary = await this.kind.summarize(await this.kind.documents.read(folder, id), folder)
    if (writes) await this.write(folder, summary)
    return summary
  }

  async write(folder: string, summary: Summary): Promise<void> {
    try {
      const { document, besideBytes } = await this.sizesOf(folder, summary.id)
      if (document === null) return
      const stored = { schemaVersion: SUMMARY_VERSION, bytes: document.bytes, besideBytes, summary }
      await writeFileAtomic(this.fileOf(folder, summary.id), formatJson(withKind('summary', stored)))
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
    }
  }

  /** Lists the summaries, newest first, with warnings about unreadable documents. `writes` stores computed ones. */
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

  private async readStored(folder: string, id: string): Promise<Summary | null> {
    const file = this.fileOf(folder, id)
    try {
      const { document, besideBytes } = await this.sizesOf(folder, id)
      const written = await plainFileState(file)
      if (document === null || written === null || written.modifiedMs < document.modifiedMs) return null
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
