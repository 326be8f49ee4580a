import { mapGet } from '../../contract/model/look-up'
import type { LayerStrength } from '../../contract/model/recipe'
import { parseInPieces } from '../base/files/schema-pieces'
import { layerTensors, wholeModelTensors, type DecoderSpec, type TensorSpec } from '../family'
import { DescribedCheckpoint, openCheckpoint, specOfCheckpoint, type Checkpoint } from './checkpoint'
import { folderFacts } from './folder-facts'

/** A checkpoint of a pair, and how its decoder computes. */
export interface PairMember {
  readonly checkpoint: Checkpoint
  readonly spec: DecoderSpec
  /** Tensors that the decoder needs: of its layers, and of the whole model, such as the embeddings. */
  readonly requiredTensors: { readonly layers: readonly TensorSpec[]; readonly whole: readonly TensorSpec[] }
}

/** An opened pair: configs and weight headers were read, but no weights. */
export type PairMembers = Readonly<Record<'base' | 'post', PairMember>>

/** A pair with the other checkpoints, by path, from which a recipe restores layers. */
export interface SourcedPair extends PairMembers {
  readonly others: ReadonlyMap<string, PairMember>
}

export const membersOf = ({ base, post, others }: SourcedPair): PairMember[] => [post, base, ...others.values()]

/** Reports whether a checkpoint is quantised: whether weights are stored with scales. */
export const hasScales = ({ checkpoint }: PairMember): boolean =>
  [...checkpoint.tensors.values()].some((entry) => (entry.adapted?.weight ?? entry).scaled !== undefined)

/** Advises what to export in place of an adapter. Whole models are not written of quantised checkpoints. */
export const wholeModelAdvice = (members: readonly PairMember[]): string =>
  members.some(hasScales)
    ? 'Export the whole model from the unquantised checkpoints instead.'
    : 'Export the whole model instead.'

/** Finds the checkpoint that a layer's restored tensors come from: base, unless the recipe names another source. */
export const sourceMember = ({ base, others }: SourcedPair, { source }: LayerStrength): PairMember =>
  source === undefined ? base : mapGet(others, source.path, 'checkpoint')

/** Opens a model folder. The parameters are those of `openCheckpoint`. */
export type MemberOpener = (path: string, adapterBase?: string, namedBase?: string) => Promise<PairMember>

/** Opens a checkpoint by its description from the sandbox process. */
export const openMember: MemberOpener = async (path, adapterBase, namedBase) => {
  const facts = await folderFacts('checkpoint', path, { adapterBase, namedBase })
  const { data, error } = await parseInPieces(DescribedCheckpoint, facts)
  if (error !== undefined) throw error
  return toMember({ ...data, tensors: new Map(data.tensors) })
}

/** Opens a checkpoint in this process. */
export const readMember: MemberOpener = async (path, adapterBase, namedBase) =>
  toMember(await openCheckpoint(path, adapterBase, namedBase))

function toMember(checkpoint: Checkpoint): PairMember {
  const spec = specOfCheckpoint(checkpoint)
  return { checkpoint, spec, requiredTensors: requiredTensors(spec) }
}

function requiredTensors(spec: DecoderSpec): PairMember['requiredTensors'] {
  const { embedding, rowInputs, finalNorm, head } = wholeModelTensors(spec)
  return {
    layers: spec.layers.flatMap((_, layer) => layerTensors(spec, layer)),
    whole: [embedding, ...rowInputs, ...finalNorm, ...(head === embedding ? [] : [head])]
  }
}
