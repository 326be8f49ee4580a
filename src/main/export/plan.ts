import type { LayerStrength } from '../../contract/model/recipe'
import { type WeightDtype, weightDtype } from '../checkpoint/dtype'
import { type PairMember, type SourcedPair, sourceMember } from '../checkpoint/pair-member'
import { type TensorOrigin, tensorOrigin } from '../checkpoint/restored-tensor'
import type { TensorEntry } from '../checkpoint/safetensors'
import { layerTensors, requireComponents, tensorStrength } from '../family'

/** One tensor of a restored model. It has post's position and dtype in the file, and the values of the recipe. */
export interface PlannedTensor {
  readonly origin: TensorOrigin
  /** Share of the source; 0 for none. */
  readonly strength: number
  /** Name of the source; null for none. */
  readonly restoredTo: string | null
  readonly post: TensorEntry
  /** Tensor of the source; null if only post is needed. */
  readonly restored: TensorEntry | null
}

/** One weight file: post's header byte for byte, then the tensors in post's order. */
export interface PlannedWeights {
  readonly name: string
  /** Path of post's file. */
  readonly source: string
  readonly bytes: number
  /** Bytes before the first tensor. */
  readonly headerBytes: number
  readonly tensors: readonly PlannedTensor[]
}

/**
 * Plans every weight file of the restored model. Names, shapes, dtypes, offsets and the distribution over files are
 * post's. Tensors outside the decoder layers are post's too.
 *
 * @param strengths for every layer of the pair
 * @throws WorkbenchError as `requireComponents`
 */
export function planWeights(members: SourcedPair, strengths: readonly LayerStrength[]): PlannedWeights[] {
  const { post } = members
  const restored = restoredTensors(post, strengths)
  const planned = [...post.checkpoint.tensors].map(([name, entry]): PlannedTensor => {
    const taken = restored.get(name)
    const from = taken && sourceMember(members, taken.layer).checkpoint.tensors.get(name)
    if (from === undefined || taken === undefined)
      return { origin: 'post', strength: 0, restoredTo: null, post: entry, restored: null }
    const { strength, layer } = taken
    const dtypes = { source: weightDtype(from), post: weightDtype(entry) }
    const origin = tensorOrigin(strength, dtypes, layer.source === undefined ? 'base' : 'checkpoint')
    return { origin, strength, restoredTo: layer.source?.name ?? 'base', post: entry, restored: from }
  })
  return post.checkpoint.files.map(({ name, path, bytes }) => {
    const tensors = planned
      .filter((tensor) => tensor.post.file === path)
      .sort((a, b) => a.post.offset - b.post.offset || a.post.byteLength - b.post.byteLength)
    return { name, source: path, bytes, headerBytes: tensors[0]?.post.offset ?? bytes, tensors }
  })
}

/** Returns the restored tensors of the decoder layers by canonical name, each with its share of the layer's source. */
function restoredTensors(
  { spec }: PairMember,
  strengths: readonly LayerStrength[]
): Map<string, { strength: number; layer: LayerStrength }> {
  requireComponents(spec, strengths)
  const entries = strengths.flatMap((layer, index) =>
    layerTensors(spec, index).map(
      (tensor) => [tensor.name, { strength: tensorStrength(tensor, layer), layer }] as const
    )
  )
  return new Map(entries.filter(([, { strength }]) => strength !== 0))
}

/** Returns true if a tensor's bytes are copied from one checkpoint. */
export const isCopied = (origin: TensorOrigin): boolean => origin !== 'converted' && origin !== 'blended'

/** Returns the stored dtypes that a planned tensor is computed from. */
export function plannedDtypes({ post, restored }: PlannedTensor): { source: WeightDtype; post: WeightDtype } {
  return { source: weightDtype(restored ?? post), post: weightDtype(post) }
}
