import { ProjectDocument } from '../../contract/documents/project'
import { freeName } from '../../contract/model/free-name'
import { describeIssue, WorkbenchError } from '../../contract/model/problem'
import { type DocumentEdit, documentEdits, revertEdit } from './documents/document-edits'
import type { PartChange, StoredPart } from './documents/stored-part'
import { fieldWords } from './revisions'

/** More changes than a window can undo and redo. */
const MAX_CHANGES = 1000

interface LoggedChange {
  readonly edits: readonly DocumentEdit[]
  readonly parts: readonly { readonly stored: StoredPart; readonly edits: readonly DocumentEdit[] }[]
  /** See `Revisions`. */
  readonly fields: readonly string[]
}

/** The last changes of a project, which can be undone until the project is closed. */
export class ChangeLog {
  readonly #changes = new Map<number, LoggedChange>()

  /**
   * @param partsBefore values beside the document before the change
   * @returns the revision of the change; null if nothing changed
   */
  add(
    before: ProjectDocument,
    after: ProjectDocument,
    fields: readonly string[],
    partsBefore: readonly PartChange[] = []
  ): number | null {
    const edits = documentEdits(before, after)
    const parts = partsBefore
      .map(({ stored, value }) => ({ stored, edits: documentEdits(value, stored.read()) }))
      .filter((part) => part.edits.length > 0)
    if (edits.length === 0 && parts.length === 0) return null
    this.#changes.set(after.revision, { edits, parts, fields })
    for (const revision of this.#changes.keys()) {
      if (this.#changes.size <= MAX_CHANGES) break
      this.#changes.delete(revision)
    }
    return after.revision
  }

  /**
   * Returns the document and the values beside it without some changes, and the fields that they set.
   *
   * @param revisions oldest first
   * @throws WorkbenchError `stale` or `not-found`
   */
  revert(
    document: ProjectDocument,
    revisions: readonly number[]
  ): { document: ProjectDocument; parts: PartChange[]; fields: string[] } {
    const changes = revisions.toReversed().map((revision) => this.#find(revision))
    let reverted: unknown = document
    const values = new Map<string, PartChange>()
    for (const { edits, parts } of changes) {
      reverted = revertAll(reverted, edits, (path) => path.slice(path[0] === 'pairs' ? 2 : 0))
      for (const { stored, edits } of parts) {
        const { value } = values.get(stored.name) ?? { value: stored.read() }
        values.set(stored.name, { stored, value: revertAll(value, edits, (path) => [stored.name, ...path]) })
      }
    }
    const parsed = ProjectDocument.safeParse(reverted)
    if (!parsed.success) {
      throw new WorkbenchError('stale', `The change cannot be undone: ${describeIssue(parsed.error)}`)
    }
    const restored = new Set(changes.flatMap(({ edits }) => edits.flatMap(({ path }) => path)))
    return {
      document: withFreeNames(parsed.data, restored),
      parts: [...values.values()],
      fields: [...new Set(changes.flatMap(({ fields }) => fields))]
    }
  }

  #find(revision: number): LoggedChange {
    const change = this.#changes.get(revision)
    if (change !== undefined) return change
    throw new WorkbenchError(
      'not-found',
      'The change cannot be undone: the project was opened again since.',
      'Look at it as it is now, and change it by hand if you still want to.'
    )
  }
}

type Path = DocumentEdit['path']

/** @param fieldOf returns the path of a field within its pair @throws WorkbenchError `stale` */
const revertAll = (value: unknown, edits: readonly DocumentEdit[], fieldOf: (path: Path) => Path): unknown =>
  edits
    .toReversed()
    .reduce(
      (reverted, edit) =>
        revertEdit(
          reverted,
          edit,
          () =>
            new WorkbenchError(
              'stale',
              `Not undone: ${fieldWords(fieldOf(edit.path).join('.'))} changed elsewhere since.`,
              'Look at it as it is now, and change it by hand if you still want to.'
            )
        ),
      value
    )

/** Gives a restored recipe or checkpoint another name if another entry has its name now. */
function withFreeNames(document: ProjectDocument, restored: ReadonlySet<string>): ProjectDocument {
  const renamed = <Entry extends { id: string }>(
    list: readonly Entry[],
    nameOf: (entry: Entry) => string,
    named: (entry: Entry, name: string) => Entry
  ): Entry[] =>
    list.map((entry) => {
      if (!restored.has(entry.id)) return entry
      const others = list.filter((other) => other !== entry).map(nameOf)
      const name = freeName(nameOf(entry), others)
      return name === nameOf(entry) ? entry : named(entry, name)
    })
  return {
    ...document,
    pairs: document.pairs.map((pair) => ({
      ...pair,
      recipes: renamed(
        pair.recipes,
        ({ recipe }) => recipe.name,
        (kept, name) => ({ ...kept, recipe: { ...kept.recipe, name } })
      ),
      otherCheckpoints: renamed(
        pair.otherCheckpoints,
        ({ name }) => name,
        (kept, name) => ({ ...kept, name })
      )
    }))
  }
}
