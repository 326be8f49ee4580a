import { WorkbenchError } from '../../contract/problem'
import { weightDtype, type WeightDtype } from '../checkpoint/dtype'
import { openPair, type PairMember } from '../checkpoint/pair'
import { openWeightReader, type WeightReader } from '../checkpoint/weight-reader'
import { layerTensors, type DecoderSpec } from '../family'
import type { Origin, Sharing } from './recipe-trie'

/** One checkpoint, open for reading weights. */
export interface ModelWeights {
  readonly spec: DecoderSpec
  readonly reader: WeightReader
  /** The stored dtype of a tensor. */
  dtype(name: string): WeightDtype
}

/** A pair, open for reading weights; close it after use. */
export type PairWeights = Readonly<Record<Origin, ModelWeights>>

export async function openPairWeights(basePath: string, postPath: string): Promise<PairWeights> {
  const { base, post } = await openPair(basePath, postPath)
  return { base: openModelWeights(base), post: openModelWeights(post) }
}

export async function closePairWeights(pair: PairWeights): Promise<void> {
  await Promise.all([pair.base.reader.close(), pair.post.reader.close()])
}

function openModelWeights(member: PairMember): ModelWeights {
  return {
    spec: member.spec,
    reader: openWeightReader(member.checkpoint),
    dtype: (name) => {
      const entry = member.checkpoint.tensors.get(name)
      if (entry === undefined) {
        throw new WorkbenchError('bad-file', `${member.checkpoint.path}: the tensor ${name} is missing.`)
      }
      return weightDtype(entry)
    }
  }
}

/**
 * Which blocks of a pair are one and the same. Layers that post-training left alone (frozen ones, say) are compared
 * by a sample first, so that an ordinary pair costs a few kilobytes here.
 */
export async function findSharing(pair: PairWeights): Promise<Sharing> {
  const { layerCount } = pair.post.spec
  const identical: boolean[] = []
  let lossless = true
  for (let layer = 0; layer < layerCount; layer++) {
    const names = layerTensors(pair.post.spec, layer).map((tensor) => tensor.name)
    const sameDtypes = names.every((name) => pair.base.dtype(name) === pair.post.dtype(name))
    lossless &&= sameDtypes
    identical.push(sameDtypes && (await sameBytes(pair, names)))
  }
  return { layerCount, identical: (layer) => identical[layer] ?? false, lossless }
}

async function sameBytes(pair: PairWeights, names: readonly string[]): Promise<boolean> {
  for (const name of names) {
    const [base, post] = await Promise.all([
      pair.base.reader.readRows(name, 0, 1),
      pair.post.reader.readRows(name, 0, 1)
    ])
    if (Buffer.compare(base, post) !== 0) return false
  }
  for (const name of names) {
    const [base, post] = await Promise.all([pair.base.reader.read(name), pair.post.reader.read(name)])
    if (Buffer.compare(base, post) !== 0) return false
  }
  return true
}
