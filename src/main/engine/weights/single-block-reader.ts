import type { DecoderSpec } from '../../family'
import { blockReads, type BlockStep, blockTensors, type BlockWeights } from './block-weights'
import type { PairWeights } from './pair-weights'
import { addCost, WeightDecoder } from './weight-decoder'

/**
 * Reads blocks in this thread into one shared buffer. The next block is read once the one before it is released. It
 * serves passes that run while little memory is free.
 */
export class SingleBlockReader {
  private readonly decoder: WeightDecoder
  private readonly spec: DecoderSpec
  private memory = new Float32Array()
  private before: Promise<void> = Promise.resolve()

  constructor(pair: PairWeights) {
    this.decoder = new WeightDecoder(pair)
    this.spec = pair.post.spec
  }

  async block(step: BlockStep): Promise<BlockWeights> {
    const { before } = this
    const lent = { release: (): void => undefined }
    this.before = new Promise((resolve) => {
      lent.release = resolve
    })
    await before
    try {
      return { ...(await this.read(step)), ...lent }
    } catch (error) {
      lent.release()
      throw error
    }
  }

  private async read(step: BlockStep): Promise<Omit<BlockWeights, 'release'>> {
    const startedMs = performance.now()
    // No stored bytes are kept for later blocks, so bytes that two of them need are read twice.
    const reads = blockReads(this.spec, { ...step, later: [] })
    const length = reads.reduce((sum, { count }) => sum + count, 0)
    if (this.memory.length < length) this.memory = new Float32Array(length)
    const cost = { bytesRead: 0, convertMs: 0 }
    const arrays: Float32Array[] = []
    let first = 0
    for (const read of reads) {
      const array = this.memory.subarray(first, (first += read.count))
      addCost(cost, await this.decoder.read(read, array))
      arrays.push(array)
    }
    return {
      tensors: blockTensors(this.spec, step, arrays),
      ...cost,
      readMs: performance.now() - startedMs
    }
  }
}
