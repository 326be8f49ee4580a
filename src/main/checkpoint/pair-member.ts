import { mapGet } from '../../contract/model/look-up'
import type { LayerStrength } from '../../contract/model/recipe'
import { parseInPieces } from '../base/files/schema-pieces'
import { decoderSpec, layerTensors, wholeModelTensors, type DecoderSpec, type TensorSpec } from '../family'
import { DescribedCheckpoint, openCheckpoint, type Checkpoint } from './checkpoint'
import { configWithoutScales } from './scaled-schemes'
import { folderFacts } from './folder-facts'

/** A checkpoint of a pair, and how its decoder computes. */
export interface PairMember {
  readonly checkpoint: Checkpoint
  readonly spec: DecoderSpec
  /** Tensors that it computes with, of its layers and of the whole model. A mixture of experts has 37,000. */
  readonly requiredTensors: { readonly layers: readonly TensorSpec[]; readonly whole: readonly TensorSpec[] }
}

/** A pair whose headers were read. */
export type PairMembers = Readonly<Record<'base' | 'post', PairMember>>

export interface SourcedPair extends PairMembers {
  readonly others: ReadonlyMap<string, PairMember>
}

export const membersOf = ({ base, post, others }: SourcedPair): PairMember[] => [post, base, ...others.values()]

/** Finds the checkpoint that a layer's restored tensors come from. */
export const sourceMember = ({ base, others }: SourcedPair, { source }: LayerStrength): PairMember =>
  source === undefined ? base : mapGet(others, source.path, 'checkpoint')

export type MemberOpener = (path: string, adapterBase?: string, namedBase?: string) => Promise<PairMember>

/** Opens a checkpoint in the sandbox process. @param adapterBase the base model of an adapter */
export const openMember: MemberOpener = async (path, adapterBase, namedBase) => {
  const facts = await folderFacts('checkpoint', path, { adapterBase, namedBase })
  const { data, error } = await parseInPieces(DescribedCheckpoint, facts)
  if (error !== undefined) throw error
  return memberOf({ ...data, tensors: new Map(data.tensors) })
}

export const readMember: MemberOpener = async (path, adapterBase, namedBase) =>
  memberOf(await openCheckpoint(path, adapterBase, namedBase))

function memberOf(checkpoint: Checkpoint): PairMember {
  const spec = decoderSpec(configWithoutScales(checkpoint.config, checkpoint.configPath), checkpoint.configPath)
  const adjusted = { ...spec, tiedHead: spec.tiedHead || lacksHead(checkpoint, spec) }
  return { checkpoint, spec: adjusted, requiredTensors: usedTensors(adjusted) }
}

function usedTensors(spec: DecoderSpec): PairMember['requiredTensors'] {
  const { embedding, rowInputs, finalNorm, head } = wholeModelTensors(spec)
  return {
    layers: spec.layers.flatMap((_, layer) => layerTensors(spec, layer)),
    whole: [embedding, ...rowInputs, ...finalNorm, ...(head === embedding ? [] : [head])]
  }
}

/** Reports whether a nested text model lacks a head tensor, which transformers ties then. */
function lacksHead({ config, tensors }: Checkpoint, spec: DecoderSpec): boolean {
  return config.model_type !== spec.modelType && !tensors.has(wholeModelTensors(spec).head.name)
}
