import type { WeightDtype } from '../checkpoint/dtype'
import { decodeFloat32, roundFloat32 } from '../checkpoint/dtype'
import type { LayerTensorSpec, Role } from '../family'
import { layerTensors } from '../family'
import type { ModelWeights, PairWeights } from './pair-weights'
import type { BlockSource } from './recipe-trie'

/** The float32 weights of one block, by their role in the layer. */
export interface BlockWeights {
  readonly tensors: ReadonlyMap<Role, { readonly data: Float32Array; readonly shape: readonly number[] }>
  /** Stored bytes read for them. */
  readonly bytesRead: number
}

/**
 * Reads one block. A restored or blended tensor has the values an export would hold: (1 - a) post + a base in
 * float32, rounded to post's stored dtype.
 */
export async function readBlock(
  pair: PairWeights,
  layer: number,
  source: BlockSource
): Promise<BlockWeights> {
  let bytesRead = 0
  const read: Read = async (model, tensor) => {
    const bytes = await model.reader.read(tensor.name)
    bytesRead += bytes.byteLength
    const data = new Float32Array(tensor.shape.reduce((product, size) => product * size, 1))
    decodeFloat32(bytes, model.dtype(tensor.name), data)
    return data
  }
  const entries = layerTensors(pair.post.spec, layer).map(async (tensor) => {
    const data =
      source.kind === 'base'
        ? await read(pair.base, tensor)
        : await readRestored(pair, tensor, source[tensor.half], read)
    return [tensor.role, { data, shape: tensor.shape }] as const
  })
  const tensors = new Map(await Promise.all(entries))
  return { tensors, bytesRead }
}

type Read = (model: ModelWeights, tensor: LayerTensorSpec) => Promise<Float32Array>

async function readRestored(
  pair: PairWeights,
  tensor: LayerTensorSpec,
  strength: number,
  readFloats: Read
): Promise<Float32Array> {
  if (strength === 0) return readFloats(pair.post, tensor)
  const restored = await readFloats(pair.base, tensor)
  if (strength < 1) {
    const post = await readFloats(pair.post, tensor)
    for (let i = 0; i < restored.length; i++) {
      // Rounded after every step, as float32 arithmetic does.
      restored[i] =
        Math.fround(Math.fround(1 - strength) * (post[i] ?? 0)) +
        Math.fround(Math.fround(strength) * (restored[i] ?? 0))
    }
  }
  const postDtype: WeightDtype = pair.post.dtype(tensor.name)
  if (strength < 1 || pair.base.dtype(tensor.name) !== postDtype) roundFloat32(restored, postDtype)
  return restored
}
