import { decodeFloat32 } from '../checkpoint/dtype'
import { restoreValues } from '../checkpoint/restored-tensor'
import type { LayerTensorSpec, Role } from '../family'
import { layerTensors } from '../family'
import type { PairWeights } from './pair-weights'
import type { BlockSource, Origin, RecipeTrie } from './recipe-trie'

/** The float32 weights of one block, by their role in the layer. */
export interface BlockWeights {
  readonly tensors: ReadonlyMap<Role, { readonly data: Float32Array; readonly shape: readonly number[] }>
  /** Stored bytes read for them. */
  readonly bytesRead: number
}

/** Gives the stored bytes of a tensor, and how many of them had to be read from the file. */
export type StoredBytes = (origin: Origin, name: string) => Promise<{ bytes: Uint8Array; bytesRead: number }>

const fromFile =
  (pair: PairWeights): StoredBytes =>
  async (origin, name) => {
    const bytes = await pair[origin].reader.read(name)
    return { bytes, bytesRead: bytes.byteLength }
  }

/**
 * Stored bytes for one pass over a trie's blocks, each read once: blends and mixed halves of a layer are made of the
 * same tensors, which are kept from their first use to their last. Where a layer has base and post alone, nothing is.
 */
export function readOnce(pair: PairWeights, trie: RecipeTrie): StoredBytes {
  const read = fromFile(pair)
  const usesLeft = new Map<string, number>()
  for (const [layer, level] of trie.levels.entries()) {
    const tensors = layerTensors(pair.post.spec, layer)
    for (const source of level.blocks) {
      for (const { name, half } of tensors) {
        for (const origin of originsOf(source, half)) {
          const key = `${origin}/${name}`
          usesLeft.set(key, (usesLeft.get(key) ?? 0) + 1)
        }
      }
    }
  }
  const kept = new Map<string, Promise<Uint8Array>>()
  return async (origin, name) => {
    const key = `${origin}/${name}`
    const left = (usesLeft.get(key) ?? 1) - 1
    usesLeft.set(key, left)
    const known = kept.get(key)
    if (known !== undefined) {
      if (left === 0) kept.delete(key)
      return { bytes: await known, bytesRead: 0 }
    }
    const reading = read(origin, name)
    if (left > 0) {
      const bytes = reading.then((result) => result.bytes)
      // Whoever reads first is told of a failure; those after it are told when they ask.
      bytes.catch(() => undefined)
      kept.set(key, bytes)
    }
    return reading
  }
}

function originsOf(source: BlockSource, half: LayerTensorSpec['half']): Origin[] {
  if (source.kind === 'base') return ['base']
  const strength = source[half]
  return [...(strength > 0 ? ['base' as const] : []), ...(strength < 1 ? ['post' as const] : [])]
}

/**
 * Reads one block. A restored or blended tensor has the values an export would hold, see restoreValues.
 */
export async function readBlock(
  pair: PairWeights,
  layer: number,
  source: BlockSource,
  stored: StoredBytes = fromFile(pair)
): Promise<BlockWeights> {
  let bytesRead = 0
  const read: Read = async (origin, tensor) => {
    const result = await stored(origin, tensor.name)
    bytesRead += result.bytesRead
    const data = new Float32Array(tensor.shape.reduce((product, size) => product * size, 1))
    decodeFloat32(result.bytes, pair[origin].dtype(tensor.name), data)
    return data
  }
  const entries = layerTensors(pair.post.spec, layer).map(async (tensor) => {
    const data =
      source.kind === 'base'
        ? await read('base', tensor)
        : await readRestored(pair, tensor, source[tensor.half], read)
    return [tensor.role, { data, shape: tensor.shape }] as const
  })
  const tensors = new Map(await Promise.all(entries))
  return { tensors, bytesRead }
}

type Read = (origin: Origin, tensor: LayerTensorSpec) => Promise<Float32Array>

async function readRestored(
  pair: PairWeights,
  tensor: LayerTensorSpec,
  strength: number,
  readFloats: Read
): Promise<Float32Array> {
  if (strength === 0) return readFloats('post', tensor)
  const restored = await readFloats('base', tensor)
  const post = strength < 1 ? await readFloats('post', tensor) : null
  const dtypes = { base: pair.base.dtype(tensor.name), post: pair.post.dtype(tensor.name) }
  restoreValues(restored, post, strength, dtypes)
  return restored
}
