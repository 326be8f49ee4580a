import type { DeviceName } from '../../../contract/model/device'
import type { SweepEstimate } from '../../../contract/documents/sweep-plan'
import { physicalCores } from '../device/physical-cores'
import { countEdges } from '../tries/recipe-trie'
import type { SweptModels } from './sweep-memory'
import { countFlops, type Flops, type Grouping, storedBytes } from './sweep-plan'

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
  /** Stored bytes to read, once per group. */
  readonly readBytes: { readonly layers: number; readonly head: number }
}

/** @param stored what one pass over the layers and heads reads */
export function sweepWork(
  { pair, trie }: SweptModels,
  groups: Grouping['groups'],
  { layers, head }: Pick<ReturnType<typeof storedBytes>, 'layers' | 'head'> = storedBytes(pair, trie)
): SweepWork {
  const flops = groups.map(({ packed }) => countFlops(pair.post.spec, trie, packed))
  return {
    flops: {
      projections: sum(flops.map(({ projections }) => projections)),
      head: sum(flops.map((group) => group.head))
    },
    readBytes: { layers: layers * groups.length, head: head * groups.length }
  }
}

/**
 * Layer by layer: computing, beside which a thread reads what comes next, or reading where that takes longer. On the CPU the
 * thread has one of the cores that compute. What every group reads first is waited for.
 */
export function sweepTime(
  { flops, readBytes }: SweepWork,
  { trie }: SweptModels,
  device: DeviceName,
  speed: Speed
): SweepEstimate {
  const edges = countEdges(trie)
  const blocks = sum(trie.levels.map((level) => level.blocks.length))
  const projectionSeconds = flops.projections / speed.flopsPerSecond
  const layerReadSeconds = readBytes.layers / speed.bytesPerSecond
  const head = {
    compute: flops.head / speed.flopsPerSecond,
    read: readBytes.head / speed.bytesPerSecond
  }
  const readersShare = device === 'cpu' ? 1 / physicalCores() : 0
  const beside = (compute: number, read: number): number => Math.max(read, compute + readersShare * read)
  const layers = trie.levels.map(({ nodes }) =>
    beside((projectionSeconds * nodes.length) / edges, layerReadSeconds / trie.levels.length)
  )
  return {
    seconds: layerReadSeconds / blocks + sum(layers) + beside(head.compute, head.read),
    computeSeconds: projectionSeconds + head.compute,
    readSeconds: layerReadSeconds + head.read
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
