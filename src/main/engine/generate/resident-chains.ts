import type * as ort from 'onnxruntime-node'
import type { HeldWeights } from '../../../contract/model/sampling'
import { decodeGraph } from '../../graphs/decode-graph'
import { cohortsOf, type Cohort } from '../tries/cohorts'
import type { Device } from '../device/device'
import type { DecoderSpec } from '../../family'
import { type PairWeights, specOf } from '../weights/pair-weights'
import type { BlockSource, RecipeTrie } from '../tries/recipe-trie'
import { readHeldBlock } from './resident-blocks'
import { at } from '../../../contract/model/look-up'

/**
 * Weights of one session at most, unless a single layer has more: while a session opens they lie in memory twice, as
 * read and as laid out for its products.
 */
const SESSION_BYTES = 2 ** 28

/** Consecutive blocks that the same rows go through, in one session: a step then has few runs, each with much to do. */
export interface Chain {
  readonly cohort: Cohort
  /** Numbers of the layers. */
  readonly layers: readonly number[]
  readonly sources: readonly BlockSource[]
}

/** Layers of one session at most. @param layerBytes of the largest as it is held */
export function chainLength(layerBytes: number): number {
  return Math.max(1, Math.floor(SESSION_BYTES / layerBytes))
}

/**
 * A trie's distinct blocks as chains, in an order in which rows can run through them.
 *
 * @param layerBytes of one block's weights as they are held
 */
export function chainBlocks(trie: RecipeTrie, layerBytes: number): Chain[] {
  const longest = chainLength(layerBytes)
  const cohorts = cohortsOf(trie)
  const chains: { cohort: Cohort; layers: number[]; sources: BlockSource[] }[] = []
  for (const [layer, { blocks }] of trie.levels.entries()) {
    for (const [block, source] of blocks.entries()) {
      const cohort = cohorts[layer]?.[block] ?? new Set()
      const open = chains.find(
        ({ cohort: of, layers }) => of === cohort && layers.at(-1) === layer - 1 && layers.length < longest
      )
      if (open === undefined) chains.push({ cohort, layers: [layer], sources: [source] })
      else {
        open.layers.push(layer)
        open.sources.push(source)
      }
    }
  }
  return chains
}

/** By whose config a chain is computed: models that go through the same blocks have the same. */
export function chainSpec(pair: PairWeights, sources: readonly BlockSource[]): DecoderSpec {
  return specOf(pair, at(sources, 0, 'block'))
}

/** The session of a chain, with its weights in memory. */
export async function openChain(
  device: Device,
  pair: PairWeights,
  { layers, sources }: Chain,
  weights: HeldWeights
): Promise<ort.InferenceSession> {
  const files: { path: string; data: Uint8Array }[] = []
  for (const [i, source] of sources.entries()) {
    files.push(...(await readHeldBlock(pair, at(layers, i, 'layer'), source, weights, i)))
  }
  return device.createSession(decodeGraph(chainSpec(pair, sources), weights, layers), { files })
}
