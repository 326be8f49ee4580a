import { describe, expect, it } from 'vitest'
import { readBlock } from '../../../../../src/main/engine/weights/block-weights'
import {
  closePairWeights,
  openPairWeights,
  type PairWeights
} from '../../../../../src/main/engine/weights/pair-weights'
import { coresOfCpuinfo } from '../../../../../src/main/engine/device/physical-cores'
import { PrefetchReader } from '../../../../../src/main/engine/weights/read-ahead'
import { returnReadingThread, takeReadingThread } from '../../../../../src/main/engine/weights/reading-threads'
import type { BlockSource } from '../../../../../src/main/engine/tries/recipe-trie'
import { goldenPath } from '../../../../fixtures/goldens'

const post: BlockSource = { kind: 'recipe', attention: 0, mlp: 0 }
const blend: BlockSource = { kind: 'recipe', attention: 0.3, mlp: 1 }

async function withReader(
  work: (reader: PrefetchReader, pair: PairWeights) => Promise<void>,
  signal?: AbortSignal
): Promise<void> {
  const pair = await openPairWeights(goldenPath('llama3', 'base-bf16'), goldenPath('llama3', 'post-bf16'))
  const reader = new PrefetchReader(pair)
  reader.until(signal)
  try {
    await work(reader, pair)
  } finally {
    await reader.close()
    await closePairWeights(pair)
  }
}

describe('reading weights beside the computing', () => {
  it('gives the same weights as reading in this thread, each stored byte read once, in at most two buffers', async () => {
    await withReader(async (reader, pair) => {
      const sources = [blend, post]
      let bytesRead = 0
      for (const [index, source] of sources.entries()) {
        const block = await reader.block({ layer: 0, source, later: sources.slice(index + 1), expert: null })
        const expected = await readBlock(pair, 0, source)
        expect(block.tensors).toEqual(expected.tensors)
        expect(block.convertMs).toBeGreaterThan(0)
        expect(block.convertMs).toBeLessThan(block.readMs)
        bytesRead += block.bytesRead
        block.release()
      }
      // The blend reads all of base's layer, and of post's the half that it blends; the other half is read for post.
      const layerBytes = (await readBlock(pair, 0, post)).bytesRead
      expect(bytesRead).toBe(2 * layerBytes)

      const lent = await Promise.all(
        [1, 2].map((layer) => reader.block({ layer, source: post, later: [], expert: null }))
      )
      await expect(reader.block({ layer: 3, source: post, later: [], expert: null })).rejects.toThrow(
        'earlier ones were released'
      )
      for (const block of lent) block.release()
      expect(reader.peakBuffers).toBe(2)
    })
  })

  it('gives the same weights where several threads share every request', async () => {
    await withReader(async (reader, pair) => {
      for (const threads of [3, 2, 1]) {
        await reader.share(threads)
        const sources = [blend, post]
        for (const [index, source] of sources.entries()) {
          const block = await reader.block({
            layer: 1,
            source,
            later: sources.slice(index + 1),
            expert: null
          })
          expect(block.tensors).toEqual((await readBlock(pair, 1, source)).tensors)
          block.release()
        }
      }
      const missing = { name: 'nothing.weight', first: 0, count: 1, source: 'post', keep: [] } as const
      await reader.share(2)
      await expect(reader.read([missing, missing])).rejects.toMatchObject({ problem: { code: 'bad-file' } })
      const block = await reader.block({ layer: 0, source: post, later: [], expert: null })
      block.release()
      expect(reader.peakBuffers).toBe(1)
    })
  })

  it('reports errors of the files as a reader in this thread does, and continues', async () => {
    await withReader(async (reader) => {
      const missing = { name: 'nothing.weight', first: 0, count: 1, source: 'post', keep: [] } as const
      await expect(reader.read([missing])).rejects.toMatchObject({
        problem: { code: 'bad-file', message: expect.stringContaining('nothing.weight') }
      })
      const block = await reader.block({ layer: 0, source: post, later: [], expert: null })
      expect(block.bytesRead).toBeGreaterThan(0)
      block.release()
    })
  })

  it('reads other checkpoints in the thread of a reader that was closed', async () => {
    // Earlier readers may have left two threads.
    for (let left = 0; left < 2; left++) await takeReadingThread().terminate()
    const threadIds: number[] = []
    for (const name of ['base-bf16', 'post-bf16']) {
      const pair = await openPairWeights(goldenPath('llama3', name), goldenPath('llama3', name))
      const reader = new PrefetchReader(pair)
      const block = await reader.block({ layer: 0, source: post, later: [], expert: null })
      expect(block.tensors).toEqual((await readBlock(pair, 0, post)).tensors)
      await reader.close()
      await closePairWeights(pair)
      const thread = takeReadingThread()
      threadIds.push(thread.threadId)
      await returnReadingThread(thread)
    }
    expect(threadIds[1]).toBe(threadIds[0])
  })

  it('stops waiting when the run is cancelled', async () => {
    const controller = new AbortController()
    await withReader(async (reader) => {
      const reading = reader.block({ layer: 0, source: post, later: [], expert: null })
      controller.abort()
      await expect(reading).rejects.toMatchObject({ problem: { code: 'cancelled' } })
    }, controller.signal)
  })
})

describe('threads', () => {
  it('are one per core, not one per hyperthread', () => {
    const processor = (socket: number, core: number): string =>
      `processor\t: 0\nphysical id\t: ${socket}\ncore id\t\t: ${core}\n`
    const text = [processor(0, 0), processor(0, 1), processor(0, 0), processor(0, 1), processor(1, 0)].join('\n')
    expect(coresOfCpuinfo(text)).toBe(3)
    expect(coresOfCpuinfo('processor\t: 0\n')).toBeNull()
  })
})
