import type { LayerStrength } from '../../contract/model/recipe'
import { type WeightDtype, weightDtype } from '../checkpoint/dtype'
import { type PairMember, type SourcedPair, sourceMember } from '../checkpoint/pair-member'
import { type TensorOrigin, tensorOrigin } from '../checkpoint/restored-tensor'
import type { TensorEntry } from '../checkpoint/safetensors'
import { layerTensors, requireComponents, tensorStrength } from '../family'

/** One tensor of a restored model: post's place and type in the file, with whatever values the recipe gives it. */
export interface PlannedTensor {
  readonly origin: TensorOrigin
  /** How much of its source it takes; 0 where none. */
  readonly strength: number
  /** What the source is called; null where there is none. */
  readonly restoredTo: string | null
  readonly post: TensorEntry
  /** The source's; null where only post is needed. */
  readonly restored: TensorEntry | null
}

/** One file of weights: post's header byte for byte, then the tensors in post's order. */
export interface PlannedWeights {
  readonly name: string
  /** Post's file. */
  readonly source: string
  readonly bytes: number
  /** Bytes before the first tensor. */
  readonly headerBytes: number
  readonly tensors: readonly PlannedTensor[]
}

/**
 * What every file of weights of the restored model holds. Names, shapes, dtypes, offsets and the distribution over files
 * are post's; tensors that no layer of the decoder uses are post's too.
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

/** The tensors of the decoder's layers that are not post's alone, by canonical name: how much of its layer's source each takes. */
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

/** Whether a tensor's bytes are those of one checkpoint. */
export const isCopied = (origin: TensorOrigin): boolean => origin !== 'converted' && origin !== 'blended'

/** The stored dtypes of what a planned tensor is made of. */
export function plannedDtypes({ post, restored }: PlannedTensor): { source: WeightDtype; post: WeightDtype } {
  return { source: weightDtype(restored ?? post), post: weightDtype(post) }
}
