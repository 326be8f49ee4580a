import type { TrackedPrompt } from '../contract/procedures/engine'
import type { Model } from '../contract/model/model'
import { readBlock, type BlockStep, type BlockWeights } from '../main/engine/weights/block-weights'
import type { Device } from '../main/engine/device/device'
import { forward } from '../main/engine/forward/forward'
import { openLanguageHead, readSlice, valuesOf } from '../main/engine/forward/language-head'
import { closePairWeights, openPairWeights } from '../main/engine/weights/pair-weights'
import { blockKey } from '../main/engine/tries/recipe-trie'
import type { PairFolders } from '../main/crc/sweep/score-recipes'
import { packTokens, trieOf } from './workload'

/**
 * Computes a sweep without shared parts: one model after the other, over one prompt or all packed prompts. All layers
 * stay in memory. Only the time of layers and head counts.
 */
interface PlainWay {
  /** Computes the scores of a model on prompts. @returns milliseconds */
  pass(model: Model, prompts: readonly TrackedPrompt[]): Promise<number>
  close(): Promise<void>
}

/** Opens a pair for {@link PlainWay}. Layers are read when a model first uses them. */
export async function openPlainWay(device: Device, folders: PairFolders): Promise<PlainWay> {
  const pair = await openPairWeights(folders.base, folders.post)
  const slices = new Map<number, ReturnType<typeof readSlice>>()
  const head = await openLanguageHead(device, pair.post, (slice) => {
    const weights = slices.get(slice.first) ?? readSlice(pair.post, slice)
    slices.set(slice.first, weights)
    return weights
  })
  const { layerCount } = pair.post.spec
  const cache = new Map<string, Promise<BlockWeights>>()
  const blocks = ({ layer, source }: Pick<BlockStep, 'layer' | 'source'>): Promise<BlockWeights> => {
    const key = `${layer}/${blockKey(source)}`
    const weights = cache.get(key) ?? readBlock(pair, layer, source)
    cache.set(key, weights)
    return weights
  }

  // The head converts its weights when it first runs.
  await valuesOf(head.logSums(new Float32Array(pair.post.spec.hiddenSize)))

  return {
    pass: async (model, prompts) => {
      const trie = trieOf([model], layerCount)
      // Layers that this model is the first to use must not be read inside the measured pass.
      for (const [layer, level] of trie.levels.entries()) {
        for (const source of level.blocks) await blocks({ layer, source })
      }
      const tokens = [...new Set(prompts.flatMap((prompt) => prompt.groups.flat(2)))]
      const run = { device, precision: 'fp32', pair, trie, packed: packTokens(prompts), blocks } as const
      let startedMs = 0
      for await (const event of forward(run)) {
        if (event.type === 'block' && startedMs === 0) startedMs = performance.now()
        if (event.type !== 'final') continue
        await valuesOf(head.logSums(event.hidden))
        await head.logitsOf(event.hidden, tokens)
      }
      return performance.now() - startedMs
    },
    close: async () => {
      await head.close()
      await closePairWeights(pair)
    }
  }
}
