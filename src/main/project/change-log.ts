import { isDeepStrictEqual } from 'node:util'
import { ProjectDocument } from '../../contract/documents/project'
import { freeName } from '../../contract/model/free-name'
import { describeIssue, WorkbenchError } from '../../contract/model/problem'
import type { PartChange, StoredPart } from './documents/stored-part'
import { fieldWords } from './revisions'

/** More changes than a window can undo and redo. */
const MAX_CHANGES = 1000

interface LoggedChange {
  readonly edits: readonly DocumentEdit[]
  readonly parts: readonly { readonly stored: StoredPart; readonly edits: readonly DocumentEdit[] }[]
  readonly fields: readonly string[]
}

/** The last changes of a project, which can be undone until the project is closed. */
export class ChangeLog {
  readonly #changes = new Map<number, LoggedChange>()

  /** @param partsBefore values beside the document before the change; returns null if nothing changed */
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

  /** Undoes changes, oldest first, in the document and the values beside it. @throws WorkbenchError `stale` */
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

interface PlacedValue {
  readonly value: unknown
  readonly index: number
}

/** One value of a document that a change set. */
interface DocumentEdit {
  /** Names of fields, and ids of entries in lists. */
  readonly path: readonly string[]
  /** Null where there was no such value, here and below. */
  readonly before: PlacedValue | null
  readonly after: PlacedValue | null
}

/** Counters only grow, so an undone change leaves them as they are. */
const COUNTERS: ReadonlySet<string> = new Set(['revision', 'nextMark', 'nextPair'])

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const idOf = (entry: unknown): string | null =>
  isRecord(entry) && typeof entry.id === 'string' ? entry.id : null

/** Returns the named values inside a value; null for a value that is only changed as a whole. */
function namedValues(value: unknown): Map<string, PlacedValue> | null {
  if (isRecord(value)) {
    return new Map(Object.entries(value).map(([name, field], index) => [name, { value: field, index }]))
  }
  if (!Array.isArray(value)) return null
  const entries = value.map((entry: unknown, index) => ({ id: idOf(entry), value: entry, index }))
  const named = new Map(entries.flatMap(({ id, ...placed }) => (id === null ? [] : [[id, placed]])))
  return named.size === entries.length ? named : null
}

/** Returns the values that differ between two states of a document. */
function documentEdits(before: unknown, after: unknown, path: readonly string[] = []): DocumentEdit[] {
  const [left, right] = [namedValues(before), namedValues(after)]
  if (left === null || right === null || Array.isArray(before) !== Array.isArray(after)) {
    if (isDeepStrictEqual(before, after)) return []
    return [{ path, before: { value: before, index: 0 }, after: { value: after, index: 0 } }]
  }
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((name) => {
    if (COUNTERS.has(name)) return []
    const [old, current] = [left.get(name) ?? null, right.get(name) ?? null]
    const inner = [...path, name]
    if (old !== null && current !== null) return documentEdits(old.value, current.value, inner)
    return [{ path: inner, before: old, after: current }]
  })
}

function revertEdit(
  document: unknown,
  { path, before, after }: DocumentEdit,
  changedSince: () => Error
): unknown {
  const [name, ...inner] = path
  if (name === undefined) {
    if (!isDeepStrictEqual(document, after?.value)) throw changedSince()
    return before?.value
  }
  const current = namedValues(document)?.get(name)
  if (inner.length > 0 || (before !== null && after !== null)) {
    if (current === undefined) throw changedSince()
    return withNamed(document, name, {
      ...current,
      value: revertEdit(current.value, { path: inner, before, after }, changedSince)
    })
  }
  if (!isDeepStrictEqual(current?.value, after?.value)) throw changedSince()
  return withNamed(document, name, before)
}

function withNamed(value: unknown, name: string, placed: PlacedValue | null): unknown {
  if (!Array.isArray(value)) {
    const fields = isRecord(value) ? Object.entries(value).filter(([field]) => field !== name) : []
    return Object.fromEntries(placed === null ? fields : [...fields, [name, placed.value]])
  }
  const others = value.filter((entry) => idOf(entry) !== name)
  return placed === null ? others : others.toSpliced(placed.index, 0, placed.value)
}
