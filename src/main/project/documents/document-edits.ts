import { isDeepStrictEqual } from 'node:util'

/** A value and its position among its siblings. */
interface PlacedValue {
  readonly value: unknown
  readonly index: number
}

/** One value of a document that a change set. */
export interface DocumentEdit {
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
export function documentEdits(before: unknown, after: unknown, path: readonly string[] = []): DocumentEdit[] {
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

/**
 * Returns the document with the values from before an edit.
 *
 * @throws whatever `changedSince` returns when a value is no longer as the edit left it
 */
export function revertEdit(
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

/** Returns the value with one named value replaced, added or removed. */
function withNamed(value: unknown, name: string, placed: PlacedValue | null): unknown {
  if (!Array.isArray(value)) {
    const fields = isRecord(value) ? Object.entries(value).filter(([field]) => field !== name) : []
    return Object.fromEntries(placed === null ? fields : [...fields, [name, placed.value]])
  }
  const others = value.filter((entry) => idOf(entry) !== name)
  return placed === null ? others : others.toSpliced(placed.index, 0, placed.value)
}
