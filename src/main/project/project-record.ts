import { type PairDocument, type PairId, ProjectDocument } from '../../contract/documents/project'
import { mapGet } from '../../contract/model/look-up'
import { inputError, requireValid } from '../../contract/model/problem'
import { ChangeLog } from './change-log'
import { writeProjectDocument } from './documents/project-file'
import type { PartChange } from './documents/stored-part'
import { Revisions } from './revisions'

/** The document of an open project, with the revisions of its fields and the changes that can be undone. */
export class ProjectRecord {
  #document: ProjectDocument
  #revisions: Revisions
  readonly #log = new ChangeLog()
  /** Latest document of each pair, including removed pairs, which jobs may still use. */
  readonly #lastDocuments = new Map<PairId, PairDocument>()

  /** @param path folder of the project @param notify called after the document or a part has changed */
  constructor(
    private readonly path: string,
    document: ProjectDocument,
    private readonly notify: () => void
  ) {
    this.#document = document
    this.#revisions = new Revisions(document.revision)
  }

  get document(): ProjectDocument {
    return this.#document
  }

  /** Returns the document of a pair, also of a removed one. */
  documentOf(id: PairId): PairDocument {
    const document = this.#document.pairs.find((pair) => pair.id === id)
    return document ?? mapGet(this.#lastDocuments, id, 'pair')
  }

  /** Replaces the document after another program has changed it. */
  replace(document: ProjectDocument): void {
    this.#document = document
    // Changes before this opening are not recorded, so a window with an earlier revision is refused.
    this.#revisions = new Revisions(document.revision)
  }

  /** Returns the document and the parts with changes undone, which {@link advance} writes. */
  revert(changes: readonly number[]): ReturnType<ChangeLog['revert']> {
    return this.#log.revert(this.#document, changes)
  }

  /**
   * Writes changes of the document, and of values that are stored beside it, as a new revision.
   *
   * @returns revision by which the change can be undone; null if nothing changed
   * @throws WorkbenchError `stale` if one of the fields changed after `seen`
   */
  async advance(
    fields: readonly string[],
    seen: number | undefined,
    changes: Partial<ProjectDocument>,
    parts: readonly PartChange[] = []
  ): Promise<number | null> {
    this.#revisions.require(fields, seen ?? this.#document.revision)
    const before = this.#document
    const partsBefore = await Promise.all(parts.map(({ stored }) => stored.read()))
    await this.#write(changes)
    for (const { stored, value } of parts) await stored.write(value)
    if (parts.length > 0) this.notify()
    this.#revisions.note(fields, this.#document.revision)
    const changedParts = parts.map(async ({ stored, isFinal }, index) =>
      isFinal ? [] : [{ stored, before: partsBefore[index], after: await stored.read() }]
    )
    return this.#log.add(before, this.#document, fields, (await Promise.all(changedParts)).flat())
  }

  /** Writes the document with the next revision. */
  async #write(changes: Partial<ProjectDocument>): Promise<void> {
    const revision = this.#document.revision + 1
    const parsed = ProjectDocument.safeParse({ ...this.#document, ...changes, revision })
    const document = requireValid(parsed, (issue) => inputError(`The project cannot be changed: ${issue}`))
    await writeProjectDocument(this.path, document)
    for (const pair of this.#document.pairs) this.#lastDocuments.set(pair.id, pair)
    this.#document = document
    this.notify()
  }
}
