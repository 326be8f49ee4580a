import type { LayerStrength } from '../../contract/model/recipe'
import { type WeightDtype, weightDtype } from '../checkpoint/dtype'
import type { PairMember, PairMembers } from '../checkpoint/pair-member'
import { type TensorOrigin, tensorOrigin } from '../checkpoint/restored-tensor'
import type { TensorEntry } from '../checkpoint/safetensors'
import { layerTensors, requireComponents, tensorStrength } from '../family'

/** One tensor of a restored model: post's place and type in the file, with whatever values the recipe gives it. */
export interface PlannedTensor {
  readonly origin: TensorOrigin
  /** How much of base it takes; 0 where none. */
  readonly strength: number
  readonly post: TensorEntry
  /** Null where base is not needed. */
  readonly base: TensorEntry | null
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
export function planWeights(
  { base, post }: PairMembers,
  strengths: readonly LayerStrength[]
): PlannedWeights[] {
  const strengthOf = tensorStrengths(post, strengths)
  const planned = [...post.checkpoint.tensors].map(([name, entry]): PlannedTensor => {
    const strength = strengthOf.get(name) ?? 0
    const source = strength === 0 ? undefined : base.checkpoint.tensors.get(name)
    if (source === undefined) return { origin: 'post', strength: 0, post: entry, base: null }
    const origin = tensorOrigin(strength, weightDtype(source), weightDtype(entry))
    return { origin, strength, post: entry, base: source }
  })
  return post.checkpoint.files.map(({ name, path, bytes }) => {
    const tensors = planned
      .filter((tensor) => tensor.post.file === path)
      .sort((a, b) => a.post.offset - b.post.offset || a.post.byteLength - b.post.byteLength)
    return { name, source: path, bytes, headerBytes: tensors[0]?.post.offset ?? bytes, tensors }
  })
}

/** By canonical name, of the decoder's layers. */
function tensorStrengths({ spec }: PairMember, strengths: readonly LayerStrength[]): Map<string, number> {
  requireComponents(spec, strengths)
  const entries = strengths.flatMap((strength, layer) =>
    layerTensors(spec, layer).map((tensor) => [tensor.name, tensorStrength(tensor, strength)] as const)
  )
  return new Map(entries)
}

/** The stored dtypes of a planned tensor's two sources. */
export function plannedDtypes({ post, base }: PlannedTensor): { base: WeightDtype; post: WeightDtype } {
  return { base: weightDtype(base ?? post), post: weightDtype(post) }
}
