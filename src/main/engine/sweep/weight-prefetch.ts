import { rangeModel } from '../../../contract/model/model'
import { elementAt } from '../../../contract/model/look-up'
import { physicalCores } from '../device/physical-cores'
import { headSize, headSlices, sliceRead } from '../forward/language-head'
import { buildRecipeTrie, type Origin, type Sharing } from '../tries/recipe-trie'
import { blockReads } from '../weights/block-weights'
import { cacheKey, type WeightCache, type PrefetchQueue } from '../weights/weight-cache'
import { type PrefetchReader, requestBytes } from '../weights/read-ahead'
import { memberOf } from '../weights/pair-weights'
import { DECODER_BYTES, type WeightRead } from '../weights/weight-decoder'
import type { Placement, SweptModels } from './sweep-memory'
import type { SweepResources } from './sweep-resources'

/** The minimum share of weights that must fit for any to be cached. A smaller share gains little for its memory. */
export const MIN_SHARE = 1 / 2

/** Threads that read cached weights, if memory allows. Stages wait for these weights, unlike other computations. */
export const READERS = Math.min(2, physicalCores())

/** With a smaller memory limit, only one reading thread is certain to fit beside the planned memory. */
const ROOM_FOR_ALL_BYTES = 2 ** 30

/** Returns the number of threads to start before the size of a session's weights is known. */
export const readersAtStart = (memoryBytes: number | undefined): number =>
  memoryBytes !== undefined && memoryBytes >= ROOM_FOR_ALL_BYTES ? READERS : 1

/** The share of memory that may be read into before a sweep is planned, when its other needs are unknown. */
const MEMORY_SHARE = 1 / 2

/** Approximate bytes read at a time. Memory in many pieces causes constant garbage collection. */
const BATCH_BYTES = 2 ** 26

/** Reads the missing weights of a pair into the cache, in the order in which they will be computed with. */
export class WeightPrefetch implements PrefetchQueue {
  readonly reads: readonly (readonly WeightRead[])[]
  private hasEnded = false
  private readonly whenDone = new Map<string, Promise<boolean>>()
  /** The last batch. A batch resolves to false if it was not cached, and then later batches are not read. */
  private reading: Promise<boolean>

  private constructor(
    reader: PrefetchReader,
    weights: WeightCache,
    sections: readonly (readonly (readonly WeightRead[])[])[]
  ) {
    this.reads = sections.flat()
    this.reading = reader.share(READERS).then(() => true)
    for (const batch of sections.flatMap(batchesOf)) {
      this.reading = this.reading
        .then((continues) => continues && !this.hasEnded && weights.readBatch(reader, batch))
        // Errors are ignored here. The computation that needs the weights reads them again and reports the error.
        .catch(() => false)
      for (const reads of batch) this.whenDone.set(cacheKey(reads), this.reading)
    }
  }

  /** Begins to read, or returns null if so little fits that no weights would be cached. */
  static within(
    memoryBytes: number,
    { pair, reader, device }: Pick<SweepResources, 'pair' | 'reader' | 'device'>,
    sharing: Sharing,
    weights: WeightCache
  ): WeightPrefetch | null {
    const restored = rangeModel({ start: 0, end: sharing.layerCount - 1 })
    const trie = buildRecipeTrie([{ kind: 'post' }, { kind: 'base' }, restored], sharing)
    const models = { pair, trie, placement: device }
    const isMissing = (reads: readonly WeightRead[]): boolean => !weights.has(cacheKey(reads))
    const reads = [readsOfLayers(models), readsOfHeads(models)].map((section) => section.filter(isMissing))
    const room = MEMORY_SHARE * memoryBytes - READERS * DECODER_BYTES
    if (room < MIN_SHARE * weights.bytesWith(reads.flat())) return null
    weights.limit(room)
    return new WeightPrefetch(reader, weights, reads)
  }

  async waitFor(key: string): Promise<void> {
    await this.whenDone.get(key)
  }

  async end(): Promise<void> {
    this.hasEnded = true
    await this.reading
  }
}

function batchesOf(reads: readonly (readonly WeightRead[])[]): (readonly WeightRead[])[][] {
  const groups: (readonly WeightRead[])[][] = []
  // The first read begins a batch.
  let bytes = Infinity
  for (const request of reads) {
    bytes += requestBytes(request)
    if (bytes > BATCH_BYTES) {
      groups.push([])
      bytes = requestBytes(request)
    }
    elementAt(groups, groups.length - 1, 'group').push(request)
  }
  return groups
}

/** Models whose reads are listed, and the way in which the device takes their weights. */
interface ReadModels extends Pick<SweptModels, 'pair' | 'trie'> {
  readonly placement: Pick<Placement, 'copiesTensors'>
}

export function allReads(models: ReadModels): WeightRead[][] {
  return [...readsOfLayers(models), ...readsOfHeads(models)]
}

function readsOfLayers({ pair, trie }: ReadModels): WeightRead[][] {
  const { spec } = pair.post
  return trie.levels.flatMap(({ blocks }, layer) => {
    const { experts } = elementAt(spec.layers, layer, 'layer')
    const steps = experts === null ? [null] : [null, ...Array.from({ length: experts.count }).keys()]
    return blocks.flatMap((source) => steps.map((expert) => blockReads(spec, { layer, expert, source, later: [] })))
  })
}

function readsOfHeads({ pair, trie, placement }: ReadModels): WeightRead[][] {
  return [...new Set<Origin>([...trie.roots, 'post', 'base'])].flatMap((origin) => {
    const model = memberOf(pair, origin)
    return headSlices(model.spec, headSize(placement.copiesTensors)).map((slice) => [
      sliceRead(model.spec, origin, slice)
    ])
  })
}
