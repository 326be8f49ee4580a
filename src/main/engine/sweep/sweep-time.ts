import type { DeviceName } from '../../../contract/model/device'
import type { SweepEstimate } from '../../../contract/documents/sweep-plan'
import { physicalCores } from '../device/physical-cores'
import { countEdges } from '../tries/recipe-trie'
import type { SweptModels } from './sweep-memory'
import { type GroupInParts, readingOf } from './kept-parts'
import { countFlops, type Flops, storedBytes } from './sweep-plan'
import { sum } from '../../base/sums'

/** How fast a machine sweeps. */
export interface Speed {
  /** Of projections, with everything else that a block does in the time. */
  readonly flopsPerSecond: number
  /** Stored bytes read and converted. */
  readonly bytesPerSecond: number
}

/** What groups of prompts take, all together. */
export interface SweepWork {
  readonly flops: Flops
  /** Stored bytes to read, once for each part of a group. */
  readonly readBytes: { readonly layers: number; readonly head: number }
}

export function sweepWork(
  { pair, trie }: SweptModels,
  groups: readonly Pick<GroupInParts, 'packed' | 'parts'>[]
): SweepWork {
  const stored = groups.flatMap(({ parts, packed }) =>
    parts.map((part) => storedBytes(pair, readingOf(trie, part), packed.tokens.length))
  )
  const flops = groups.flatMap(({ parts, packed }) =>
    parts.map((part) => countFlops(pair.post.spec, part, packed))
  )
  return {
    flops: {
      projections: sum(flops.map(({ projections }) => projections)),
      head: sum(flops.map((group) => group.head))
    },
    readBytes: {
      layers: sum(stored.map(({ layers }) => layers)),
      head: sum(stored.map(({ head }) => head))
    }
  }
}

/** Beside what one block takes, timed by itself: garbage, scores and events, measured on pairs of 16 and 24 layers. */
const BETWEEN_RUNS = 1.1

/** Opening the pair, planning, making graphs and scoring rivals: what of a sweep hardly grows with it. */
const BESIDE_SECONDS = 0.2

/**
 * Layer by layer: computing, beside which a thread reads what comes next, or reading where that takes longer. On the CPU the
 * thread has one of the cores that compute. What is read first is waited for.
 */
export function sweepTime(
  { flops, readBytes }: SweepWork,
  { trie }: SweptModels,
  device: DeviceName,
  speed: Speed
): SweepEstimate {
  const edges = countEdges(trie)
  const blocks = sum(trie.levels.map((level) => level.blocks.length))
  const projectionSeconds = (BETWEEN_RUNS * flops.projections) / speed.flopsPerSecond
  const layerReadSeconds = readBytes.layers / speed.bytesPerSecond
  const head = {
    compute: (BETWEEN_RUNS * flops.head) / speed.flopsPerSecond,
    read: readBytes.head / speed.bytesPerSecond
  }
  const readersShare = device === 'cpu' ? 1 / physicalCores() : 0
  const beside = (compute: number, read: number): number => Math.max(read, compute + readersShare * read)
  const layers = trie.levels.map(({ nodes }) =>
    beside((projectionSeconds * nodes.length) / edges, layerReadSeconds / trie.levels.length)
  )
  return {
    seconds: BESIDE_SECONDS + layerReadSeconds / blocks + sum(layers) + beside(head.compute, head.read),
    computeSeconds: projectionSeconds + head.compute,
    readSeconds: layerReadSeconds + head.read
  }
}
