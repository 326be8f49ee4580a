import { WorkbenchError } from '../../contract/problem'
import { weightDtype, type WeightDtype } from '../checkpoint/dtype'
import { openPair, type PairMember } from '../checkpoint/pair'
import { openWeightReader, type StoredTensors, type WeightReader } from '../checkpoint/weight-reader'
import { layerTensors, type DecoderSpec } from '../family'
import type { Origin, Sharing } from './recipe-trie'

/** Stored tensors, open for reading. */
export interface StoredModel {
  readonly checkpoint: StoredTensors
  readonly reader: WeightReader
  /** The stored dtype of a tensor. */
  dtype(name: string): WeightDtype
}

/** One checkpoint, open for reading weights. */
export interface ModelWeights extends StoredModel {
  readonly spec: DecoderSpec
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

function openModelWeights({ spec, checkpoint }: PairMember): ModelWeights {
  return { spec, ...openStoredModel(checkpoint) }
}

export function openStoredModel(checkpoint: StoredTensors): StoredModel {
  return {
    checkpoint,
    reader: openWeightReader(checkpoint),
    dtype: (name) => {
      const entry = checkpoint.tensors.get(name)
      if (entry === undefined) {
        throw new WorkbenchError('bad-file', `${checkpoint.path}: the tensor ${name} is missing.`)
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
  const first = await Promise.all(names.map((name) => samePiece(pair, name, 0, SAMPLE_BYTES)))
  if (first.includes(false)) return false
  for (const name of names) {
    const { byteLength } = pair.post.checkpoint.tensors.get(name) ?? { byteLength: 0 }
    // In pieces: a tensor of a large model would take hundreds of megabytes, twice.
    for (let offset = 0; offset < byteLength; offset += PIECE_BYTES) {
      if (!(await samePiece(pair, name, offset, PIECE_BYTES))) return false
    }
  }
  return true
}

const SAMPLE_BYTES = 4096
const PIECE_BYTES = 4 * 2 ** 20

async function samePiece(pair: PairWeights, name: string, offset: number, size: number): Promise<boolean> {
  const { byteLength } = pair.post.checkpoint.tensors.get(name) ?? { byteLength: 0 }
  const base = new Uint8Array(Math.min(size, byteLength - offset))
  const post = new Uint8Array(base.byteLength)
  await Promise.all([
    pair.base.reader.readInto(name, offset, base),
    pair.post.reader.readInto(name, offset, post)
  ])
  return Buffer.compare(base, post) === 0
}
