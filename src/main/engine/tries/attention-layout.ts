import type { PackedPrompts } from './prompt-trie'
import { elementAt } from '../../../contract/model/look-up'

// Attention of packed prompts, in which each distinct token prefix is one row of a trie. Projections run on packed
// rows. For the scores, q, k and v are gathered into one sequence for each leaf of the trie. This costs
// (prompts x length^2) instead of (packed rows)^2. A shared beginning is scored only in the sequence of its first leaf.
// Leaves that share nearly everything form one sequence ("branch"), in which a mask lets each query see only its path.

/** Branches that are padded to equal lengths and computed in one product. A branch is called a path here. */
export interface AttentionSegment {
  readonly pathCount: number
  readonly queryLength: number
  readonly keyLength: number
  /** Rows to gather, [pathCount x queryLength] and [pathCount x keyLength]. Short paths repeat their last row. */
  readonly queryRows: Int32Array
  readonly keyRows: Int32Array
  /** Index of each query's own row among the keys of its path, [pathCount x queryLength]. */
  readonly queryKeyIndices: Int32Array
  /** Position of each key, [pathCount x keyLength]. */
  readonly keyPositions: Int32Array
  /** For each key the index after its last descendant, [pathCount x keyLength]. 0 for padding. */
  readonly keyEnds: Int32Array
}

export interface AttentionLayout {
  /** Number of input rows, and number of output rows, whose queries are computed. */
  readonly inputRowCount: number
  readonly outputRowCount: number
  /** Rows to keep in the last layer once keys and values are computed, into which queries index. Null keeps all. */
  readonly keptRows: Int32Array | null
  readonly segments: readonly AttentionSegment[]
  /** For each output row the index of its result in the concatenated results of the segments. */
  readonly resultIndex: Int32Array
}

/**
 * Returns the layout of packed prompts. Keys and values cover all rows.
 * @param keptRows distinct rows that are computed further, as in the last layer; null for all rows
 */
export function attentionLayout(packed: PackedPrompts, keptRows: Int32Array | null = null): AttentionLayout {
  const inputRowCount = packed.tokens.length
  const outputOf = keptRows === null ? null : new Map(Array.from(keptRows, (row, output) => [row, output]))
  const outputRowCount = keptRows?.length ?? inputRowCount
  const resultIndex = new Int32Array(outputRowCount)
  let resultCount = 0
  const singleBranches = branchesOf(packed, outputOf)
  const buckets = pickCheaper(bucketsOf(singleBranches), bucketsOf(joinNeighbours(singleBranches)))
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

/** Trie rows whose keys are used together, and the requested rows among them that no earlier branch computes. */
interface Branch {
  /** Rows on the paths of all leaves, without duplicates. Rows that a path adds follow the rows of earlier paths. */
  readonly keys: readonly number[]
  /** Path of the branch's last leaf, as indices into `keys`. */
  readonly last: readonly number[]
  /** Requested rows. `keyIndex` is an index into `keys`. */
  readonly queries: readonly { readonly keyIndex: number; readonly output: number }[]
}

/** Divides the requested rows into branches. @param outputOf output index of each requested row; null requests all */
function branchesOf(packed: PackedPrompts, outputOf: ReadonlyMap<number, number> | null): Branch[] {
  const seen = new Uint8Array(packed.tokens.length)
  return leafPaths(packed).flatMap((path) => {
    const queries: { keyIndex: number; output: number }[] = []
    for (const [keyIndex, row] of path.entries()) {
      const output = outputOf === null ? row : outputOf.get(row)
      if (seen[row] === 1 || output === undefined) continue
      seen[row] = 1
      queries.push({ keyIndex, output })
    }
    return queries.length === 0 ? [] : [{ keys: Array.from(path), last: [...path.keys()], queries }]
  })
}

/**
 * Cost of gathering a key, as a multiple of scoring it with one query. Measured on the CPU with a few dozen answers.
 */
export const KEY_COST = 5

const costOf = (keys: number, queries: number): number => keys * (queries + KEY_COST)

/** Joins neighbouring branches if that reduces the cost. */
function joinNeighbours(branches: readonly Branch[]): Branch[] {
  const result: Branch[] = []
  let open: Branch | null = null
  for (const next of branches) {
    const both: Branch | null = open === null ? null : joinTwo(open, next)
    if (both === null && open !== null) result.push(open)
    open = both ?? next
  }
  return open === null ? result : [...result, open]
}

/** Joins two branches, neighbours in the order of leaves; null if the joined branch costs no less. */
function joinTwo(one: Branch, other: Branch): Branch | null {
  const differs = other.keys.findIndex(
    (row, i) => i >= one.last.length || row !== elementAt(one.keys, elementAt(one.last, i, 'index'), 'key')
  )
  const shared = differs === -1 ? other.keys.length : differs
  const keys = one.keys.length + other.keys.length - shared
  const queries = one.queries.length + other.queries.length
  const apart = costOf(one.keys.length, one.queries.length) + costOf(other.keys.length, other.queries.length)
  if (costOf(keys, queries) >= apart) return null
  const last = other.keys.map((_, i) => (i < shared ? elementAt(one.last, i, 'index') : one.keys.length + i - shared))
  const moved = other.queries.map(({ keyIndex, output }) => ({
    keyIndex: elementAt(last, keyIndex, 'index'),
    output
  }))
  return { keys: [...one.keys, ...other.keys.slice(shared)], last, queries: [...one.queries, ...moved] }
}

const lengthOf = ({ queries }: Branch): number => queries.length

const pickCheaper = (one: Branch[][], other: Branch[][]): Branch[][] => {
  const cost = (buckets: Branch[][]): number => buckets.reduce((sum, bucket) => sum + paddedCost(bucket), 0)
  return cost(other) < cost(one) ? other : one
}

/** Divides branches by length into two buckets at most, so that little padding is computed. */
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

/** The maximum scores of one head in a segment. A longer prompt is scored some queries at a time. */
export const SEGMENT_SCORES = 2 ** 19

/** Divides a bucket into parts for segments of at most SEGMENT_SCORES scores. */
function boundedParts(branches: readonly Branch[]): Branch[][] {
  const keys = Math.max(...branches.map((branch) => branch.keys.length))
  const paths = Math.floor(SEGMENT_SCORES / (keys * Math.max(...branches.map(lengthOf))))
  if (paths > 0) return chunksOf(branches, paths)
  return branches.flatMap((branch) =>
    chunksOf(branch.queries, Math.max(1, Math.floor(SEGMENT_SCORES / branch.keys.length))).map((queries) => [
      withQueries(branch, queries)
    ])
  )
}

/** Returns a branch with some of its queries and all keys that they may see. */
function withQueries(branch: Branch, queries: Branch['queries']): Branch {
  return {
    ...branch,
    keys: branch.keys.slice(0, 1 + elementAt(queries, queries.length - 1, 'query').keyIndex),
    queries
  }
}

function chunksOf<Item>(items: readonly Item[], maxLength: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / maxLength) }, (_, i) =>
    items.slice(i * maxLength, (i + 1) * maxLength)
  )
}

/** Returns the cost of branches in one segment, in which all have the longest lengths. */
function paddedCost(branches: readonly Branch[]): number {
  const queries = Math.max(...branches.map(lengthOf))
  return branches.length * costOf(Math.max(...branches.map(({ keys }) => keys.length)), queries)
}

/** The value that a mask adds to an excluded score. -Infinity in a whole row would become NaN on some devices. */
export const MASKED = -30_000

/**
 * Returns the additive mask of a segment, [pathCount, queryLength, keyLength]. It is 0 where a query sees a key, else
 * MASKED. A query sees its own row, and ancestors in the trie less than `window` positions before it.
 */
export function segmentMask(segment: AttentionSegment, window: number | null): Float32Array {
  const { pathCount, queryLength, keyLength, queryKeyIndices, keyPositions, keyEnds } = segment
  const mask = new Float32Array(pathCount * queryLength * keyLength).fill(MASKED)
  for (let query = 0; query < pathCount * queryLength; query++) {
    const firstKey = Math.floor(query / queryLength) * keyLength
    const keyIndex = elementAt(queryKeyIndices, query, 'query')
    const furthest = elementAt(keyPositions, firstKey + keyIndex, 'key') - (window ?? Infinity)
    // Indices are not checked: the arrays are as long as the mask is wide, and a mask has millions of elements.
    for (let key = 0; key <= keyIndex; key++) {
      const position = keyPositions[firstKey + key] ?? -1
      if (position > furthest && (keyEnds[firstKey + key] ?? 0) > keyIndex) mask[query * keyLength + key] = 0
    }
  }
  return mask
}

function makeSegment(branches: readonly Branch[], packed: PackedPrompts): AttentionSegment {
  const keyLength = Math.max(...branches.map(({ keys }) => keys.length))
  const queryLength = Math.max(...branches.map(lengthOf))
  const queryRows = new Int32Array(branches.length * queryLength)
  const queryKeyIndices = new Int32Array(branches.length * queryLength)
  const keyRows = new Int32Array(branches.length * keyLength)
  const keyPositions = new Int32Array(branches.length * keyLength)
  const keyEnds = new Int32Array(branches.length * keyLength)
  for (const [b, { keys, queries }] of branches.entries()) {
    for (let i = 0; i < queryLength; i++) {
      const { keyIndex, output } = elementAt(queries, Math.min(i, queries.length - 1), 'query')
      queryRows[b * queryLength + i] = output
      queryKeyIndices[b * queryLength + i] = keyIndex
    }
    for (let i = 0; i < keyLength; i++) {
      const row = elementAt(keys, Math.min(i, keys.length - 1), 'key')
      keyRows[b * keyLength + i] = row
      keyPositions[b * keyLength + i] = elementAt(packed.positions, row, 'row')
    }
    keyEnds.set(endsOf(keys, packed), b * keyLength)
  }
  return {
    pathCount: branches.length,
    queryLength,
    keyLength,
    queryRows,
    keyRows,
    queryKeyIndices,
    keyPositions,
    keyEnds
  }
}

/** Returns for each key the index after its last descendant: the first later key at the same depth or above. */
function endsOf(keys: readonly number[], { positions }: PackedPrompts): number[] {
  const ends = keys.map(() => keys.length)
  const openKeys: number[] = []
  for (const [keyIndex, row] of keys.entries()) {
    const depth = elementAt(positions, row, 'row')
    // The open rows have one depth each, increasing from the first.
    for (const ended of openKeys.splice(depth)) ends[ended] = keyIndex
    openKeys.push(keyIndex)
  }
  return ends
}

/** Returns the paths that no longer path begins with, similar ones next to each other. Together they have every row. */
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

function byRows(one: Int32Array, other: Int32Array): number {
  const differs = one.findIndex((row, i) => row !== other[i])
  return differs === -1 ? 0 : elementAt(one, differs, 'row') - elementAt(other, differs, 'row')
}
