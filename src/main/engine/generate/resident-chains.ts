import type * as ort from 'onnxruntime-node'
import type { WeightStorage } from '../../../contract/model/sampling'
import { decodeGraph } from '../../graphs/decode-graph'
import { cohortsOf, type Cohort } from '../tries/cohorts'
import type { Device } from '../device/device'
import type { DecoderSpec } from '../../family'
import { type PairWeights, specOf } from '../weights/pair-weights'
import type { BlockSource, RecipeTrie } from '../tries/recipe-trie'
import { readResidentBlock } from './resident-blocks'
import { elementAt } from '../../../contract/model/look-up'

/** The maximum bytes of one session's weights, unless a single layer has more. An opening session holds them twice. */
const SESSION_BYTES = 2 ** 28

/**
 * Consecutive blocks (layers with their weights) that the same answers go through, in one session. A step then has few
 * runs, each with much work.
 */
export interface Chain {
  /** Indices of the models that go through these blocks. */
  readonly cohort: Cohort
  readonly layers: readonly number[]
  readonly sources: readonly BlockSource[]
}

/** Returns the maximum layers of one session. @param layerBytes bytes of the largest layer as a session receives it */
export function chainLength(layerBytes: number): number {
  return Math.max(1, Math.floor(SESSION_BYTES / layerBytes))
}

/** Divides a trie's distinct blocks into chains, in an order in which rows can run through them. */
export function chainBlocks(trie: RecipeTrie, layerBytes: number): Chain[] {
  const longest = chainLength(layerBytes)
  const cohorts = cohortsOf(trie)
  const chains: { cohort: Cohort; layers: number[]; sources: BlockSource[] }[] = []
  for (const [layer, { blocks }] of trie.levels.entries()) {
    for (const [block, source] of blocks.entries()) {
      const cohort = cohorts[layer]?.[block] ?? new Set()
      const open = chains.find(
        ({ cohort: chainCohort, layers }) =>
          chainCohort === cohort && layers.at(-1) === layer - 1 && layers.length < longest
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

/** Returns the spec of a chain. Models that go through the same blocks have the same spec. */
export function chainSpec(pair: PairWeights, sources: readonly BlockSource[]): DecoderSpec {
  return specOf(pair, elementAt(sources, 0, 'block'))
}

export async function openChain(
  device: Device,
  pair: PairWeights,
  { layers, sources }: Chain,
  storage: WeightStorage
): Promise<ort.InferenceSession> {
  const files: { path: string; data: Uint8Array }[] = []
  for (const [i, source] of sources.entries()) {
    files.push(...(await readResidentBlock(pair, elementAt(layers, i, 'layer'), source, storage, i)))
  }
  return device.createSession(decodeGraph(chainSpec(pair, sources), storage, layers), { files })
}
