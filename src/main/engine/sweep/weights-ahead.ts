import { rangeModel } from '../../../contract/model/model'
import { at } from '../../../contract/model/look-up'
import { physicalCores } from '../device/physical-cores'
import { headSlices, sliceRead } from '../forward/language-head'
import { buildRecipeTrie, type Origin, type Sharing } from '../tries/recipe-trie'
import { blockReads } from '../weights/block-weights'
import { keyOf, type KeptWeights, type ReadingAhead } from '../weights/kept-weights'
import { type ReadAhead, requestBytes } from '../weights/read-ahead'
import { memberOf } from '../weights/pair-weights'
import { DECODER_BYTES, type WeightRead } from '../weights/weight-decoder'
import type { SweptModels } from './sweep-memory'
import type { SweepMeans } from './sweep-means'

/** Weights are kept where at least so much of them fits: less gains little for its memory. */
export const LEAST_SHARE = 1 / 2

/** How many threads read weights that are kept, where memory allows: stages wait for them, as no other computing does. */
export const READERS = Math.min(2, physicalCores())

/** Where a session may take less, one that reads is all that is sure to have room beside what it plans. */
const ROOM_FOR_ALL_BYTES = 2 ** 30

/** Threads to start before anybody knows how large a session's weights are. */
export const readersAtStart = (memoryBytes: number | undefined): number =>
  memoryBytes !== undefined && memoryBytes >= ROOM_FOR_ALL_BYTES ? READERS : 1

/** Before a sweep is planned nobody knows what else it takes: so much of its memory may be read into. */
const MEMORY_SHARE = 1 / 2

/**
 * Read at a time, about. Whoever computes waits for all of it; but memory that comes in many pieces has its garbage collected all the
 * time.
 */
const TOGETHER_BYTES = 2 ** 26

/** Reads a pair's weights, those that are not there, in the order in which they will be computed with. */
export class WeightsAhead implements ReadingAhead {
  readonly reads: readonly (readonly WeightRead[])[]
  private hasEnded = false
  private readonly whenDone = new Map<string, Promise<boolean>>()
  /** Whether to go on. */
  private reading: Promise<boolean>

  private constructor(
    reader: ReadAhead,
    weights: KeptWeights,
    some: readonly (readonly (readonly WeightRead[])[])[]
  ) {
    this.reads = some.flat()
    this.reading = reader.share(READERS).then(() => true)
    for (const together of some.flatMap(togetherOf)) {
      this.reading = this.reading
        .then((goesOn) => goesOn && !this.hasEnded && weights.readTogether(reader, together))
        // What is wrong with a file says whoever computes with it.
        .catch(() => false)
      for (const one of together) this.whenDone.set(keyOf(one), this.reading)
    }
  }

  /** Begins, unless so little fits that none would be kept. */
  static within(
    memoryBytes: number,
    { pair, reader }: Pick<SweepMeans, 'pair' | 'reader'>,
    sharing: Sharing,
    weights: KeptWeights
  ): WeightsAhead | null {
    const restored = rangeModel({ start: 0, end: sharing.layerCount - 1 })
    const trie = buildRecipeTrie([{ kind: 'post' }, { kind: 'base' }, restored], sharing)
    const isMissing = (reads: readonly WeightRead[]): boolean => !weights.has(keyOf(reads))
    const reads = [readsOfLayers({ pair, trie }), readsOfHeads({ pair, trie })].map((some) =>
      some.filter(isMissing)
    )
    const room = MEMORY_SHARE * memoryBytes - READERS * DECODER_BYTES
    if (room < LEAST_SHARE * weights.bytesWith(reads.flat())) return null
    weights.limit(room)
    return new WeightsAhead(reader, weights, reads)
  }

  async reached(key: string): Promise<void> {
    await this.whenDone.get(key)
  }

  async end(): Promise<void> {
    this.hasEnded = true
    await this.reading
  }
}

function togetherOf(reads: readonly (readonly WeightRead[])[]): (readonly WeightRead[])[][] {
  const groups: (readonly WeightRead[])[][] = []
  let bytes = Infinity
  for (const one of reads) {
    bytes += requestBytes(one)
    if (bytes > TOGETHER_BYTES) {
      groups.push([])
      bytes = requestBytes(one)
    }
    at(groups, groups.length - 1, 'group').push(one)
  }
  return groups
}

/** All weights that a request computes with, and those that others of a preview do: blocks, one by one, and heads, slice by slice. */
export function allReads(models: Pick<SweptModels, 'pair' | 'trie'>): WeightRead[][] {
  return [...readsOfLayers(models), ...readsOfHeads(models)]
}

function readsOfLayers({ pair, trie }: Pick<SweptModels, 'pair' | 'trie'>): WeightRead[][] {
  const { spec } = pair.post
  return trie.levels.flatMap(({ blocks }, layer) => {
    const { experts } = at(spec.layers, layer, 'layer')
    const steps = experts === null ? [null] : [null, ...Array.from({ length: experts.count }).keys()]
    return blocks.flatMap((source) =>
      steps.map((expert) => blockReads(spec, { layer, expert, source, later: [] }))
    )
  })
}

function readsOfHeads({ pair, trie }: Pick<SweptModels, 'pair' | 'trie'>): WeightRead[][] {
  return [...new Set<Origin>([...trie.roots, 'post', 'base'])].flatMap((origin) => {
    const model = memberOf(pair, origin)
    return headSlices(model.spec).map((slice) => [sliceRead(model.spec, origin, slice)])
  })
}
