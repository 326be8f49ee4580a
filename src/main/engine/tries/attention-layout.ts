import type { PackedPrompts } from './prompt-trie'
import { at } from '../../base/look-up'

/**
 * How packed rows attend. In a trie a row sees itself and its ancestors, which one mask over the whole packed sequence
 * could say; but prompts share little beyond their template, so most of that square would be masked out. Instead
 * the projections run on packed rows, and q, k and v are gathered back into one sequence per trie leaf for the scores:
 * (prompts x length^2) instead of (packed rows)^2, an order of magnitude less for forty short prompts. What several leaves
 * have in common, a system prompt or the prompt of many answers, is scored with the first of them only.
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

/** Every packed row is computed: all layers but the last. */
export function fullLayout(packed: PackedPrompts): AttentionLayout {
  return layoutOf(packed, null)
}

/** Only `rows` (distinct) are computed, keys and values still cover all: the last layer of a sweep. */
export function lastRowsLayout(packed: PackedPrompts, rows: Int32Array): AttentionLayout {
  return layoutOf(packed, rows)
}

function layoutOf(packed: PackedPrompts, keptRows: Int32Array | null): AttentionLayout {
  const inputRowCount = packed.tokens.length
  const outputOf = keptRows === null ? null : new Map(Array.from(keptRows, (row, place) => [row, place]))
  const outputRowCount = keptRows?.length ?? inputRowCount
  const resultIndex = new Int32Array(outputRowCount)
  let resultCount = 0
  const segments = bucketsOf(branchesOf(packed, outputOf)).map((branches) => {
    const segment = makeSegment(branches)
    for (const [b, { queries }] of branches.entries()) {
      for (const [i, { output }] of queries.entries()) {
        resultIndex[output] = resultCount + b * segment.queryLength + i
      }
    }
    resultCount += segment.queryRows.length
    return segment
  })
  return { inputRowCount, outputRowCount, keptRows, segments, resultIndex }
}

/** A path of the trie to a leaf, and those of its rows that no earlier branch has computed and that are wanted. */
interface Branch {
  readonly path: Int32Array
  readonly queries: readonly { readonly position: number; readonly output: number }[]
}

/**
 * Every wanted row is of one branch.
 *
 * @param outputOf the place of each wanted row among what comes out; null: all are, as they come in
 */
function branchesOf(packed: PackedPrompts, outputOf: ReadonlyMap<number, number> | null): Branch[] {
  const seen = new Uint8Array(packed.tokens.length)
  return leafPaths(packed).flatMap((path) => {
    const queries: { position: number; output: number }[] = []
    for (const [position, row] of path.entries()) {
      const output = outputOf === null ? row : outputOf.get(row)
      if (seen[row] === 1 || output === undefined) continue
      seen[row] = 1
      queries.push({ position, output })
    }
    return queries.length === 0 ? [] : [{ path, queries }]
  })
}

const lengthOf = ({ queries }: Branch): number => queries.length

/**
 * Branches of like length, so that little is computed only to be left out: whole prompts, and beside them the few tokens in which
 * prompts with a common beginning, or the answers to one prompt, differ.
 */
function bucketsOf(branches: readonly Branch[]): Branch[][] {
  const byLength = [...branches].sort((a, b) => lengthOf(b) - lengthOf(a))
  let best = { cut: byLength.length, scores: scoresOf(byLength) }
  for (const [cut, branch] of byLength.entries()) {
    const before = byLength[cut - 1]
    if (before === undefined || lengthOf(before) === lengthOf(branch)) continue
    const scores = scoresOf(byLength.slice(0, cut)) + scoresOf(byLength.slice(cut))
    if (scores < best.scores) best = { cut, scores }
  }
  return [byLength.slice(0, best.cut), byLength.slice(best.cut)].filter((bucket) => bucket.length > 0)
}

function scoresOf(branches: readonly Branch[]): number {
  const queries = Math.max(...branches.map(lengthOf))
  return branches.length * queries * Math.max(...branches.map(({ path }) => path.length))
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

function makeSegment(branches: readonly Branch[]): AttentionSegment {
  const paths = branches.map(({ path }) => path)
  const keyLength = Math.max(...paths.map((path) => path.length))
  const queryLength = Math.max(...branches.map(lengthOf))
  const queryRows = new Int32Array(branches.length * queryLength)
  const queryPositions = new Int32Array(branches.length * queryLength)
  for (const [b, { queries }] of branches.entries()) {
    for (let i = 0; i < queryLength; i++) {
      const { position, output } = at(queries, Math.min(i, queries.length - 1), 'query')
      queryRows[b * queryLength + i] = output
      queryPositions[b * queryLength + i] = position
    }
  }
  return {
    pathCount: branches.length,
    queryLength,
    keyLength,
    queryRows,
    keyRows: padPaths(paths, keyLength),
    queryPositions
  }
}

/** All rows of every path, end to end; past a path's end its last row again. */
function padPaths(paths: readonly Int32Array[], length: number): Int32Array {
  const rows = new Int32Array(paths.length * length)
  paths.forEach((path, p) => {
    for (let i = 0; i < length; i++) rows[p * length + i] = at(path, Math.min(i, path.length - 1), 'row')
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
