import type { PackedPrompts } from './prompt-trie'
import { at } from '../../../contract/model/look-up'

/**
 * How packed rows attend. In a trie a row sees itself and its ancestors, which one mask over the whole packed sequence
 * could say; but prompts share little beyond their template, so most of that square would be masked out. Instead
 * the projections run on packed rows, and q, k and v are gathered back into one sequence per trie leaf for the scores:
 * (prompts x length^2) instead of (packed rows)^2, an order of magnitude less for forty short prompts. What several leaves
 * have in common, a system prompt or the prompt of many answers, is scored with the first of them only; and leaves that have nearly all
 * in common, such as the answers to one prompt, share a sequence, in which each sees its own path.
 */
export interface AttentionSegment {
  readonly pathCount: number
  readonly queryLength: number
  readonly keyLength: number
  /** Rows to gather, [pathCount x queryLength] and [pathCount x keyLength]; short paths repeat their last row. */
  readonly queryRows: Int32Array
  readonly keyRows: Int32Array
  /** Where among its path's keys each query stands itself, [pathCount x queryLength]. */
  readonly queryPlaces: Int32Array
  /** Position of each key, [pathCount x keyLength]. */
  readonly keyPositions: Int32Array
  /** For each key the place after the last that comes of it, [pathCount x keyLength]; 0 for what only fills a path up. */
  readonly keyEnds: Int32Array
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
  const alone = branchesOf(packed, outputOf)
  const buckets = cheaper(bucketsOf(alone), bucketsOf(joined(alone)))
  const segments = buckets.flatMap(boundedParts).map((branches) => {
    const segment = makeSegment(branches, packed)
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

/** Rows of the trie that are keys together, and those of them that no earlier branch has computed and that are wanted. */
interface Branch {
  /** Of a leaf the rows on its path; of several those of all paths, each path's own behind what it shares with those before. */
  readonly keys: readonly number[]
  /** The places among the keys of the last path's rows. */
  readonly last: readonly number[]
  /** `place` is among the keys. */
  readonly queries: readonly { readonly place: number; readonly output: number }[]
}

/**
 * Every wanted row is of one branch.
 *
 * @param outputOf the place of each wanted row among what comes out; null: all are, as they come in
 */
function branchesOf(packed: PackedPrompts, outputOf: ReadonlyMap<number, number> | null): Branch[] {
  const seen = new Uint8Array(packed.tokens.length)
  return leafPaths(packed).flatMap((path) => {
    const queries: { place: number; output: number }[] = []
    for (const [place, row] of path.entries()) {
      const output = outputOf === null ? row : outputOf.get(row)
      if (seen[row] === 1 || output === undefined) continue
      seen[row] = 1
      queries.push({ place, output })
    }
    return queries.length === 0 ? [] : [{ keys: Array.from(path), last: [...path.keys()], queries }]
  })
}

/** What gathering a key costs, in scores of a query with it: on the CPU, a few dozen answers of two or three tokens to a question. */
export const KEY_COST = 5

const costOf = (keys: number, queries: number): number => keys * (queries + KEY_COST)

/** Neighbours as one branch where that costs less. */
function joined(branches: readonly Branch[]): Branch[] {
  const result: Branch[] = []
  let open: Branch | null = null
  for (const next of branches) {
    const both: Branch | null = open === null ? null : join(open, next)
    if (both === null && open !== null) result.push(open)
    open = both ?? next
  }
  return open === null ? result : [...result, open]
}

/**
 * Null where it costs more than both by themselves.
 *
 * @param one ends with the leaf before the other's: what they have in common is what that leaf's path has with the other
 */
function join(one: Branch, other: Branch): Branch | null {
  const differs = other.keys.findIndex(
    (row, i) => i >= one.last.length || row !== at(one.keys, at(one.last, i, 'place'), 'key')
  )
  const shared = differs === -1 ? other.keys.length : differs
  const keys = one.keys.length + other.keys.length - shared
  const queries = one.queries.length + other.queries.length
  const apart = costOf(one.keys.length, one.queries.length) + costOf(other.keys.length, other.queries.length)
  if (costOf(keys, queries) >= apart) return null
  const last = other.keys.map((_, i) =>
    i < shared ? at(one.last, i, 'place') : one.keys.length + i - shared
  )
  const moved = other.queries.map(({ place, output }) => ({ place: at(last, place, 'place'), output }))
  return { keys: [...one.keys, ...other.keys.slice(shared)], last, queries: [...one.queries, ...moved] }
}

const lengthOf = ({ queries }: Branch): number => queries.length

const cheaper = (one: Branch[][], other: Branch[][]): Branch[][] => {
  const cost = (buckets: Branch[][]): number => buckets.reduce((sum, bucket) => sum + paddedCost(bucket), 0)
  return cost(other) < cost(one) ? other : one
}

/**
 * Branches of like length, so that little is computed only to be left out: whole prompts, and beside them the few tokens in which
 * prompts with a common beginning, or the answers to one prompt, differ.
 */
function bucketsOf(branches: readonly Branch[]): Branch[][] {
  const byLength = [...branches].sort((a, b) => lengthOf(b) - lengthOf(a))
  let best = { cut: byLength.length, cost: paddedCost(byLength) }
  for (const [cut, branch] of byLength.entries()) {
    const before = byLength[cut - 1]
    if (before === undefined || lengthOf(before) === lengthOf(branch)) continue
    const cost = paddedCost(byLength.slice(0, cut)) + paddedCost(byLength.slice(cut))
    if (cost < best.cost) best = { cut, cost }
  }
  return [byLength.slice(0, best.cut), byLength.slice(best.cut)].filter((bucket) => bucket.length > 0)
}

/**
 * Scores of one head in a segment at most. All heads' are in memory at once and several times, and those of a prompt grow with the
 * square of its length: a longer one is scored some of its queries at a time, each lot with the keys up to its last.
 */
export const SEGMENT_SCORES = 2 ** 19

function boundedParts(branches: readonly Branch[]): Branch[][] {
  const keys = Math.max(...branches.map((branch) => branch.keys.length))
  const paths = Math.floor(SEGMENT_SCORES / (keys * Math.max(...branches.map(lengthOf))))
  if (paths > 0) return chunksOf(branches, paths)
  return branches.flatMap((branch) =>
    chunksOf(branch.queries, Math.max(1, Math.floor(SEGMENT_SCORES / branch.keys.length))).map((queries) => [
      upTo(branch, queries)
    ])
  )
}

/** Some of a branch's queries, with all keys that they may see. @param queries in the order of their places */
function upTo(branch: Branch, queries: Branch['queries']): Branch {
  return {
    ...branch,
    keys: branch.keys.slice(0, 1 + at(queries, queries.length - 1, 'query').place),
    queries
  }
}

function chunksOf<Item>(items: readonly Item[], most: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, i) =>
    items.slice(i * most, (i + 1) * most)
  )
}

function paddedCost(branches: readonly Branch[]): number {
  const queries = Math.max(...branches.map(lengthOf))
  return branches.length * costOf(Math.max(...branches.map(({ keys }) => keys.length)), queries)
}

/** What a mask adds to a score that must not count. Finite: a row of -Infinity is NaN on some devices. */
export const MASKED = -30_000

/**
 * Additive mask of a segment, [pathCount, queryLength, keyLength]: 0 where a query sees a key (itself and what it comes of, less
 * than `window` before it), MASKED elsewhere.
 */
export function segmentMask(segment: AttentionSegment, window: number | null): Float32Array {
  const { pathCount, queryLength, keyLength, queryPlaces, keyPositions, keyEnds } = segment
  const mask = new Float32Array(pathCount * queryLength * keyLength).fill(MASKED)
  for (let query = 0; query < pathCount * queryLength; query++) {
    const firstKey = Math.floor(query / queryLength) * keyLength
    const place = at(queryPlaces, query, 'query')
    const furthest = at(keyPositions, firstKey + place, 'key') - (window ?? Infinity)
    // Unchecked: these are as long as the mask is wide, and a mask has millions of places.
    for (let key = 0; key <= place; key++) {
      const position = keyPositions[firstKey + key] ?? -1
      if (position > furthest && (keyEnds[firstKey + key] ?? 0) > place) mask[query * keyLength + key] = 0
    }
  }
  return mask
}

function makeSegment(branches: readonly Branch[], packed: PackedPrompts): AttentionSegment {
  const keyLength = Math.max(...branches.map(({ keys }) => keys.length))
  const queryLength = Math.max(...branches.map(lengthOf))
  const queryRows = new Int32Array(branches.length * queryLength)
  const queryPlaces = new Int32Array(branches.length * queryLength)
  const keyRows = new Int32Array(branches.length * keyLength)
  const keyPositions = new Int32Array(branches.length * keyLength)
  const keyEnds = new Int32Array(branches.length * keyLength)
  for (const [b, { keys, queries }] of branches.entries()) {
    for (let i = 0; i < queryLength; i++) {
      const { place, output } = at(queries, Math.min(i, queries.length - 1), 'query')
      queryRows[b * queryLength + i] = output
      queryPlaces[b * queryLength + i] = place
    }
    for (let i = 0; i < keyLength; i++) {
      const row = at(keys, Math.min(i, keys.length - 1), 'key')
      keyRows[b * keyLength + i] = row
      keyPositions[b * keyLength + i] = at(packed.positions, row, 'row')
    }
    keyEnds.set(endsOf(keys, packed), b * keyLength)
  }
  return {
    pathCount: branches.length,
    queryLength,
    keyLength,
    queryRows,
    keyRows,
    queryPlaces,
    keyPositions,
    keyEnds
  }
}

/**
 * For each key the place after the last that comes of it. What comes of a row stands right behind it: the first key at its depth or
 * above ends that.
 */
function endsOf(keys: readonly number[], { positions }: PackedPrompts): number[] {
  const ends = keys.map(() => keys.length)
  const unended: number[] = []
  for (const [place, row] of keys.entries()) {
    const depth = at(positions, row, 'row')
    // What is left open stands at a depth each, growing from the first on.
    for (const ended of unended.splice(depth)) ends[ended] = place
    unended.push(place)
  }
  return ends
}

/** Paths that are not a proper prefix of another, those with most in common beside each other: together they cover every row. */
function leafPaths(packed: PackedPrompts): Int32Array[] {
  const hasChild = new Uint8Array(packed.tokens.length)
  for (const path of packed.paths) path.subarray(0, -1).forEach((row) => (hasChild[row] = 1))
  const leaves = new Map<number, Int32Array>()
  for (const path of packed.paths) {
    const last = path[path.length - 1]
    if (last !== undefined && hasChild[last] === 0) leaves.set(last, path)
  }
  return [...leaves.values()].sort(byRows)
}

/** Children of a row in the order of their rows, and what comes of a child before the next. */
function byRows(one: Int32Array, other: Int32Array): number {
  const differs = one.findIndex((row, i) => row !== other[i])
  return differs === -1 ? 0 : at(one, differs, 'row') - at(other, differs, 'row')
}
