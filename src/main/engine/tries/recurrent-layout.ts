import type { RecurrentShape } from '../../graphs/recurrent-shape'
import { elementAt, mapGet } from '../../../contract/model/look-up'
import { multimap } from '../../../contract/model/multimap'
import type { PackedPrompts } from './prompt-trie'

/** The maximum rows of a chunk. Within a chunk, the work for a row grows with the number of rows before it. */
export const CHUNK_ROWS = 64

/** Consecutive rows of one path, which continue from the state after the last row of another chunk. */
interface Chunk {
  readonly rows: number[]
  /** Number of chunks before this one on its path. */
  readonly level: number
  readonly before: Chunk | null
}

/**
 * Divides packed rows into the chunks of a recurrent layer. A chunk ends where prompts begin to differ.
 * @param packed prompts with one row for each distinct token prefix @param ends rows after which states are read
 */
export function recurrentLayout(packed: PackedPrompts, ends: Int32Array): RecurrentShape {
  const parents = parentsOf(packed)
  const chunks = chunksOf(parents, new Set(ends))
  const levelCount = 1 + Math.max(...chunks.map(({ level }) => level))
  const indexOf = new Map<Chunk, { level: number; chunk: number }>()
  const resultIndex = new Int32Array(parents.length)
  let results = 0
  const levels = Array.from({ length: levelCount }, (_, level) => {
    let count = 0
    return byLength(chunks.filter((chunk) => chunk.level === level)).map(({ length, bucket }) => {
      const rows = new Int32Array(bucket.length * length).fill(parents.length)
      for (const [i, chunk] of bucket.entries()) {
        indexOf.set(chunk, { level, chunk: count++ })
        rows.set(chunk.rows, i * length)
        for (const [index, row] of chunk.rows.entries()) resultIndex[row] = results + i * length + index
      }
      results += rows.length
      const before = bucket.flatMap((chunk) =>
        chunk.before === null ? [] : [mapGet(indexOf, chunk.before, 'chunk').chunk]
      )
      return { length, rows, before: Int32Array.from(before) }
    })
  })
  const lastOf = new Map(chunks.map((chunk) => [elementAt(chunk.rows, chunk.rows.length - 1, 'row'), chunk]))
  return {
    parents,
    levels,
    resultIndex,
    ends: Array.from(ends, (row) => mapGet(indexOf, mapGet(lastOf, row, 'chunk'), 'chunk'))
  }
}

/** Returns the row before each row in its prompts, or the number of rows if there is none. */
function parentsOf({ tokens, paths }: PackedPrompts): Int32Array {
  const parents = new Int32Array(tokens.length).fill(tokens.length)
  for (const path of paths) path.forEach((row, i) => (parents[row] = path[i - 1] ?? tokens.length))
  return parents
}

/** Lists chunks. A chunk comes after the chunk that it continues. */
function chunksOf(parents: Int32Array, ends: ReadonlySet<number>): Chunk[] {
  const childCounts = new Int32Array(parents.length + 1)
  for (const parent of parents) childCounts[parent] = elementAt(childCounts, parent, 'row') + 1
  const chunks: Chunk[] = []
  const chunkOf: Chunk[] = []
  for (const [row, parent] of parents.entries()) {
    const open = chunkOf[parent]
    const continues =
      open !== undefined && childCounts[parent] === 1 && !ends.has(parent) && open.rows.length < CHUNK_ROWS
    const chunk = continues ? open : { rows: [], level: open === undefined ? 0 : open.level + 1, before: open ?? null }
    if (!continues) chunks.push(chunk)
    chunk.rows.push(row)
    chunkOf[row] = chunk
  }
  return chunks
}

/** Groups chunks by the next power of two of their length. */
function byLength(chunks: readonly Chunk[]): { length: number; bucket: Chunk[] }[] {
  const buckets = multimap(chunks.map((chunk) => [2 ** Math.ceil(Math.log2(chunk.rows.length)), chunk] as const))
  return [...buckets].map(([length, bucket]) => ({ length, bucket }))
}
