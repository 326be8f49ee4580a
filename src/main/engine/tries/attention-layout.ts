import type { PackedPrompts } from './prompt-trie'
import { at } from '../../base/look-up'

/**
 * How packed rows attend. In a trie a row sees itself and its ancestors, which one mask over the whole packed sequence
 * could say; but prompts share little beyond their template, so most of that square would be masked out. Instead
 * the projections run on packed rows, and q, k and v are gathered back into one sequence per trie leaf for the scores:
 * (prompts x length^2) instead of (packed rows)^2, an order of magnitude less for forty short prompts.
 *
 * Rows before the first branch (a shared system prompt) are a segment of their own, so that they are not scored once
 * per leaf.
 */
export interface AttentionSegment {
  readonly pathCount: number
  readonly queryLength: number
  readonly keyLength: number
  /** Rows to gather, [pathCount x queryLength] and [pathCount x keyLength]; short paths repeat their last row. */
  readonly queryRows: Int32Array
  readonly keyRows: Int32Array
  /** Position of each query, [pathCount x queryLength]. Key j of a path is at position j. */
  readonly queryPositions: Int32Array
}

export interface AttentionLayout {
  /** Rows that come in, and rows whose queries are computed and that go out. */
  readonly inputRowCount: number
  readonly outputRowCount: number
  /** Rows to keep after keys and values are made, for the last layer; null keeps all. Queries index into these. */
  readonly keptRows: Int32Array | null
  readonly segments: readonly AttentionSegment[]
  /** For each output row, its place in the segments' results laid end to end. */
  readonly resultIndex: Int32Array
}

/** Shared prefixes shorter than this are cheaper to score again with every leaf than as a segment of their own. */
const SHORTEST_TRUNK = 8

/** Every packed row is computed: all layers but the last. */
export function fullLayout(packed: PackedPrompts): AttentionLayout {
  const rowCount = packed.tokens.length
  const leaves = leafPaths(packed)
  const trunk = trunkLength(leaves)
  const resultIndex = new Int32Array(rowCount).fill(-1)
  const segments: AttentionSegment[] = []
  let resultCount = 0
  const addSegment = (paths: readonly Int32Array[], firstQuery: number): void => {
    const segment = makeSegment(paths, firstQuery)
    segments.push(segment)
    segment.queryRows.forEach((row, i) => {
      if (resultIndex[row] === -1) resultIndex[row] = resultCount + i
    })
    resultCount += segment.queryRows.length
  }
  const first = leaves[0]
  if (trunk > 0 && first !== undefined) addSegment([first.subarray(0, trunk)], 0)
  const tails = leaves.filter((path) => path.length > trunk)
  if (tails.length > 0) addSegment(tails, trunk)
  return { inputRowCount: rowCount, outputRowCount: rowCount, keptRows: null, segments, resultIndex }
}

/** Only `rows` (distinct) are computed, keys and values still cover all: the last layer of a sweep. */
export function lastRowsLayout(packed: PackedPrompts, rows: Int32Array): AttentionLayout {
  const pathByLastRow = new Map(packed.paths.map((path) => [at(path, path.length - 1, 'row'), path]))
  const paths = Array.from(rows, (row) => pathByLastRow.get(row) ?? Int32Array.of(row))
  const keyLength = Math.max(...paths.map((path) => path.length))
  const segment: AttentionSegment = {
    pathCount: rows.length,
    queryLength: 1,
    keyLength,
    queryRows: rows.map((_, i) => i),
    keyRows: padPaths(paths, 0, keyLength),
    queryPositions: Int32Array.from(paths, (path) => path.length - 1)
  }
  return {
    inputRowCount: packed.tokens.length,
    outputRowCount: rows.length,
    keptRows: rows,
    segments: [segment],
    resultIndex: rows.map((_, i) => i)
  }
}

/** What a mask adds to a score that must not count. Finite: a row of -Infinity is NaN on some devices. */
export const MASKED = -30_000

/**
 * Additive mask of a segment, [pathCount, 1, queryLength, keyLength]: 0 where a query sees a key (not later than
 * itself, and less than `window` before it), MASKED elsewhere. Padded keys come after every real query, so causality hides them.
 */
export function segmentMask(segment: AttentionSegment, window: number | null): Float32Array {
  const { pathCount, queryLength, keyLength, queryPositions } = segment
  const mask = new Float32Array(pathCount * queryLength * keyLength).fill(MASKED)
  for (let query = 0; query < pathCount * queryLength; query++) {
    const position = at(queryPositions, query, 'query')
    const firstKey = window === null ? 0 : Math.max(0, position - window + 1)
    mask.fill(0, query * keyLength + firstKey, query * keyLength + position + 1)
  }
  return mask
}

function makeSegment(paths: readonly Int32Array[], firstQuery: number): AttentionSegment {
  const keyLength = Math.max(...paths.map((path) => path.length))
  const queryLength = keyLength - firstQuery
  const queryPositions = new Int32Array(paths.length * queryLength)
  paths.forEach((path, p) => {
    for (let i = 0; i < queryLength; i++) {
      queryPositions[p * queryLength + i] = Math.min(firstQuery + i, path.length - 1)
    }
  })
  return {
    pathCount: paths.length,
    queryLength,
    keyLength,
    queryRows: padPaths(paths, firstQuery, queryLength),
    keyRows: padPaths(paths, 0, keyLength),
    queryPositions
  }
}

/** Rows first .. first + length - 1 of every path, end to end; past a path's end its last row again. */
function padPaths(paths: readonly Int32Array[], first: number, length: number): Int32Array {
  const rows = new Int32Array(paths.length * length)
  paths.forEach((path, p) => {
    for (let i = 0; i < length; i++)
      rows[p * length + i] = at(path, Math.min(first + i, path.length - 1), 'row')
  })
  return rows
}

/** Paths that are not a proper prefix of another: together they cover every row. */
function leafPaths(packed: PackedPrompts): Int32Array[] {
  const hasChild = new Uint8Array(packed.tokens.length)
  for (const path of packed.paths) path.subarray(0, -1).forEach((row) => (hasChild[row] = 1))
  const leaves = new Map<number, Int32Array>()
  for (const path of packed.paths) {
    const last = path[path.length - 1]
    if (last !== undefined && hasChild[last] === 0) leaves.set(last, path)
  }
  return [...leaves.values()]
}

/** Rows that all leaves share, if that is long enough to be worth a segment; a single leaf is all trunk. */
function trunkLength(leaves: readonly Int32Array[]): number {
  const first = leaves[0]
  if (first === undefined) return 0
  if (leaves.length === 1) return first.length
  let length = 0
  while (length < first.length && leaves.every((path) => path[length] === first[length])) length++
  return length < SHORTEST_TRUNK ? 0 : length
}
