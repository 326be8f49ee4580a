import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { ProjectDocument } from '../../contract/documents/project'
import { freeName } from '../../contract/model/free-name'
import { notFoundError, requireValid, WorkbenchError } from '../../contract/model/problem'
import type { PartChange, StoredPart } from './documents/stored-part'
import { fieldWords } from './revisions'
import { isJsonObject } from '../base/json-object'

/** Maximum number of changes that are kept for undo. A window can undo fewer. */
const MAX_CHANGES = 1000

interface LoggedChange {
  /** Edits of project.json. */
  readonly edits: readonly DocumentEdit[]
  /** Edits of values that are stored beside project.json. */
  readonly parts: readonly { readonly stored: StoredPart; readonly edits: readonly DocumentEdit[] }[]
  /** Names of the changed fields, for {@link Revisions}. */
  readonly fields: readonly string[]
}

/** The latest changes of a project. Each can be undone by its revision until the project is closed. */
export class ChangeLog {
  readonly #changes = new Map<number, LoggedChange>()

  /**
   * Records a change.
   *
   * @param changedParts changed values that are stored beside the document
   * @returns revision by which the change can be undone; null if nothing changed
   */
  add(
    before: ProjectDocument,
    after: ProjectDocument,
    fields: readonly string[],
    changedParts: readonly { stored: StoredPart; before: unknown; after: unknown }[] = []
  ): number | null {
    const edits = documentEdits(before, after)
    const parts = changedParts
      .map((part) => ({ stored: part.stored, edits: documentEdits(part.before, part.after) }))
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
   * Undoes changes in the document, and in the values that are stored beside it.
   *
   * @param revisions of the changes, the oldest first
   * @throws WorkbenchError `stale` if a value was changed again since
   */
  async revert(
    document: ProjectDocument,
    revisions: readonly number[]
  ): Promise<{ document: ProjectDocument; parts: PartChange[]; fields: string[] }> {
    const changes = revisions.toReversed().map((revision) => this.#find(revision))
    let reverted: unknown = document
    const values = new Map<string, PartChange>()
    for (const { edits, parts } of changes) {
      reverted = revertAll(reverted, edits, fieldInPair)
      for (const { stored, edits } of parts) {
        const value = values.get(stored.name)?.value ?? (await stored.read())
        values.set(stored.name, { stored, value: revertAll(value, edits, (path) => [stored.name, ...path]) })
      }
    }
    // Ids of restored entries are elements of the paths. Other elements match no id.
    const restored = new Set(changes.flatMap(({ edits }) => edits.flatMap(({ path }) => path)))
    const parsed = ProjectDocument.safeParse(withFreePairNames(reverted, restored))
    const refuse = (issue: string) => new WorkbenchError('stale', `The change cannot be undone: ${issue}`)
    return {
      document: withFreeNames(requireValid(parsed, refuse), restored),
      parts: [...values.values()],
      fields: [...new Set(changes.flatMap(({ fields }) => fields))]
    }
  }

  #find(revision: number): LoggedChange {
    const change = this.#changes.get(revision)
    if (change !== undefined) return change
    throw notFoundError(
      'The change cannot be undone: the project was opened again since.',
      'Look at it as it is now, and change it by hand if you still want to.'
    )
  }
}

type Path = DocumentEdit['path']

/** Undoes edits, the last one first. @param fieldOf returns the path of a field within its pair, for the error */
const revertAll = (value: unknown, edits: readonly DocumentEdit[], fieldOf: (path: Path) => Path): unknown =>
  edits.toReversed().reduce(
    (reverted, edit) =>
      revertEdit(reverted, edit, () => {
        // Undoing the addition of a pair removes the pair, even if it was changed since. The removal can be undone.
        if (edit.path.length === 2 && edit.path[0] === 'pairs' && edit.before === null) return
        throw new WorkbenchError(
          'stale',
          `Not undone: ${fieldWords(fieldOf(edit.path).join('.'))} changed elsewhere since.`,
          'Look at it as it is now, and change it by hand if you still want to.'
        )
      }),
    value
  )

/** Names a field for an error: the path `pairs/pair-1/notes` becomes `notes`. */
const fieldInPair = (path: Path): Path => {
  const [list, pair, ...inner] = path
  if (list !== 'pairs') return path
  if (pair === ORDER) return ['pairs']
  if (inner.length === 0) return ['pair']
  return inner[0] === 'name' ? ['pairName'] : inner
}

/** Gives restored entries of a list new names if other entries have taken their names. */
const renameRestored = <Entry extends { id: string }>(
  list: readonly Entry[],
  restored: ReadonlySet<string>,
  nameOf: (entry: Entry) => string,
  named: (entry: Entry, name: string) => Entry
): Entry[] =>
  list.map((entry) => {
    if (!restored.has(entry.id)) return entry
    const others = list.filter((other) => other !== entry).map(nameOf)
    const name = freeName(nameOf(entry), others)
    return name === nameOf(entry) ? entry : named(entry, name)
  })

const NamedEntries = z.object({ pairs: z.array(z.looseObject({ id: z.string(), name: z.string() })) })

/** Renames restored pairs whose names are taken, because the schema of the document refuses equal names. */
function withFreePairNames(document: unknown, restored: ReadonlySet<string>): unknown {
  const { data } = NamedEntries.safeParse(document)
  if (data === undefined || !isJsonObject(document)) return document
  const nameOf = ({ name }: { name: string }): string => name
  return { ...document, pairs: renameRestored(data.pairs, restored, nameOf, (pair, name) => ({ ...pair, name })) }
}

/** Renames restored recipes and checkpoints whose names are taken. */
const withFreeNames = (document: ProjectDocument, restored: ReadonlySet<string>): ProjectDocument => ({
  ...document,
  pairs: document.pairs.map((pair) => ({
    ...pair,
    recipes: renameRestored(
      pair.recipes,
      restored,
      ({ recipe }) => recipe.name,
      (kept, name) => ({ ...kept, recipe: { ...kept.recipe, name } })
    ),
    otherCheckpoints: renameRestored(
      pair.otherCheckpoints,
      restored,
      ({ name }) => name,
      (kept, name) => ({ ...kept, name })
    )
  }))
})

/** A field's value, or a list entry, with its position among the others. */
interface IndexedValue {
  readonly value: unknown
  readonly index: number
}

/** Change of one value in a document. */
interface DocumentEdit {
  /** Names of fields and ids of list entries, from the document down to the value. */
  readonly path: readonly string[]
  /** Value before the change; null if there was no value. */
  readonly before: IndexedValue | null
  readonly after: IndexedValue | null
}

/** Last element of the path of an edit that moves entries of a list. The values of such an edit are lists of ids. */
const ORDER = '(order)'

/** Fields with counters. Undo leaves them unchanged, because a counter may only grow. */
const COUNTERS: ReadonlySet<string> = new Set(['revision', 'nextMark', 'nextPair'])

const idOf = (entry: unknown): string | null => (isJsonObject(entry) && typeof entry.id === 'string' ? entry.id : null)

/** Returns the fields of an object, or the entries of a list by their ids; null for any other value. */
function namedValues(value: unknown): Map<string, IndexedValue> | null {
  if (isJsonObject(value)) {
    return new Map(Object.entries(value).map(([name, field], index) => [name, { value: field, index }]))
  }
  if (!Array.isArray(value)) return null
  const entries = value.map((entry: unknown, index) => ({ id: idOf(entry), value: entry, index }))
  const named = new Map(entries.flatMap(({ id, ...indexed }) => (id === null ? [] : [[id, indexed]])))
  return named.size === entries.length ? named : null
}

/** Lists the values that differ between two states of a document. @param path path of the states in the document */
function documentEdits(before: unknown, after: unknown, path: readonly string[] = []): DocumentEdit[] {
  const [left, right] = [namedValues(before), namedValues(after)]
  if (left === null || right === null || Array.isArray(before) !== Array.isArray(after)) {
    if (isDeepStrictEqual(before, after)) return []
    return [{ path, before: atStart(before), after: atStart(after) }]
  }
  // Removed entries are in reverse order, because an undo restores the last one first, each at its index.
  const edits = [...new Set([...[...left.keys()].reverse(), ...right.keys()])].flatMap((name) => {
    if (COUNTERS.has(name)) return []
    const [old, current] = [left.get(name) ?? null, right.get(name) ?? null]
    const inner = [...path, name]
    if (old !== null && current !== null) return documentEdits(old.value, current.value, inner)
    return [{ path: inner, before: old, after: current }]
  })
  if (!Array.isArray(before)) return edits
  const [oldOrder, order] = [common(left, right), common(right, left)]
  if (isDeepStrictEqual(oldOrder, order)) return edits
  return [...edits, { path: [...path, ORDER], before: atStart(oldOrder), after: atStart(order) }]
}

/** Wraps a value whose position does not matter. */
const atStart = (value: unknown): IndexedValue => ({ value, index: 0 })

/** Returns the names that occur in both maps, in the order of the first. */
const common = (names: ReadonlyMap<string, unknown>, others: ReadonlyMap<string, unknown>): string[] =>
  [...names.keys()].filter((name) => others.has(name))

/** Returns the document with an edit undone. @param refuse called if the edited value was changed again since */
function revertEdit(document: unknown, { path, before, after }: DocumentEdit, refuse: () => void): unknown {
  const [name, ...inner] = path
  if (name === undefined) {
    if (!isDeepStrictEqual(document, after?.value)) refuse()
    return before?.value
  }
  if (name === ORDER) return inOrder(document, before?.value, after?.value, refuse)
  const current = namedValues(document)?.get(name)
  if (inner.length > 0 || (before !== null && after !== null)) {
    if (current === undefined) {
      refuse()
      return document
    }
    const { index, value } = current
    return withNamed(document, name, {
      index,
      value: revertEdit(value, { path: inner, before, after }, refuse)
    })
  }
  if (!isDeepStrictEqual(current?.value, after?.value)) refuse()
  return withNamed(document, name, before)
}

/** Returns a list with a change of order undone. Entries that were added since keep their index. */
function inOrder(list: unknown, before: unknown, after: unknown, refuse: () => void): unknown {
  const entries = namedValues(list) ?? new Map<string, IndexedValue>()
  const present = (order: unknown): unknown[] =>
    Array.isArray(order) ? order.filter((id: unknown) => typeof id === 'string' && entries.has(id)) : []
  const [old, current] = [present(before), present(after)]
  const isInOrder = (id: string): boolean => current.includes(id)
  if (!isDeepStrictEqual([...entries.keys()].filter(isInOrder), current)) refuse()
  const queue = [...old]
  return [...entries].map(([id, { value }]) => (isInOrder(id) ? entries.get(String(queue.shift()))?.value : value))
}

/** Returns an object with one changed field, or a list with one changed entry. @param indexed null removes the value */
function withNamed(value: unknown, name: string, indexed: IndexedValue | null): unknown {
  if (!Array.isArray(value)) {
    const fields = isJsonObject(value) ? value : {}
    if (indexed !== null) return { ...fields, [name]: indexed.value }
    return Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name))
  }
  const others = value.filter((entry) => idOf(entry) !== name)
  return indexed === null ? others : others.toSpliced(indexed.index, 0, indexed.value)
}
