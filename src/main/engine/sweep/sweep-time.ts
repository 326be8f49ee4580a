import type { DeviceName } from '../../../contract/model/device'
import type { SweepEstimate } from '../../../contract/documents/sweep-plan'
import { physicalCores } from '../device/physical-cores'
import { countEdges } from '../tries/recipe-trie'
import type { SweptModels } from './sweep-memory'
import { type GroupInParts, readingOf } from './sweep-groups'
import { countFlops, type Flops, storedBytes } from './sweep-plan'
import { sum } from '../../base/sums'

/** The measured speed of a machine. */
export interface Speed {
  /** Floating-point operations of projections per second, with all other work of a block included in the time. */
  readonly flopsPerSecond: number
  /** Stored bytes read and converted per second. */
  readonly bytesPerSecond: number
}

/** The work of all groups of prompts together. */
export interface PlannedWork {
  readonly flops: Flops
  /** Stored bytes to read, once for each part of a group. */
  readonly readBytes: { readonly layers: number; readonly head: number }
}

export function sweepWork(
  { pair, trie }: SweptModels,
  groups: readonly Pick<GroupInParts, 'packed' | 'parts'>[]
): PlannedWork {
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

/**
 * The ratio of a pass's time to that of its blocks timed by themselves. It covers garbage collection, scores and
 * events, measured on pairs of 16 and 24 layers.
 */
const OVERHEAD_RATIO = 1.1

/** Seconds of a sweep that hardly grow with it: opening the pair, planning, creating graphs and scoring baselines. */
const FIXED_SECONDS = 0.2

/**
 * Estimates the time layer by layer as the larger of computing and reading, which run side by side. On the CPU the
 * reading thread takes one of the computing cores. The time of the first read is added, because nothing computes
 * meanwhile.
 */
export function sweepTime(
  { flops, readBytes }: PlannedWork,
  { trie }: SweptModels,
  device: DeviceName,
  speed: Speed
): SweepEstimate {
  const edges = countEdges(trie)
  const blocks = sum(trie.levels.map((level) => level.blocks.length))
  const projectionSeconds = (OVERHEAD_RATIO * flops.projections) / speed.flopsPerSecond
  const layerReadSeconds = readBytes.layers / speed.bytesPerSecond
  const head = {
    compute: (OVERHEAD_RATIO * flops.head) / speed.flopsPerSecond,
    read: readBytes.head / speed.bytesPerSecond
  }
  const readersShare = device === 'cpu' ? 1 / physicalCores() : 0
  const parallelSeconds = (compute: number, read: number): number =>
    Math.max(read, compute + readersShare * read)
  const layers = trie.levels.map(({ nodes }) =>
    parallelSeconds((projectionSeconds * nodes.length) / edges, layerReadSeconds / trie.levels.length)
  )
  return {
    seconds:
      FIXED_SECONDS + layerReadSeconds / blocks + sum(layers) + parallelSeconds(head.compute, head.read),
    computeSeconds: projectionSeconds + head.compute,
    readSeconds: layerReadSeconds + head.read
  }
}
