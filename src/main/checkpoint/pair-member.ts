import { mapGet } from '../../contract/model/look-up'
import type { LayerStrength } from '../../contract/model/recipe'
import { parseInPieces } from '../base/files/schema-pieces'
import { decoderSpec, layerTensors, wholeModelTensors, type DecoderSpec, type TensorSpec } from '../family'
import { DescribedCheckpoint, openCheckpoint, type Checkpoint } from './checkpoint'
import { configWithoutScales } from './scaled-schemes'
import { folderFacts } from './folder-facts'

/** One checkpoint of a pair, and what its decoder computes. */
export interface PairMember {
  readonly checkpoint: Checkpoint
  readonly spec: DecoderSpec
  /** What it computes with: tensors of its layers, then of the whole model. A mixture of experts has 37,000. */
  readonly used: { readonly layers: readonly TensorSpec[]; readonly whole: readonly TensorSpec[] }
}

/** A pair, opened for its headers. */
export type PairMembers = Readonly<Record<'base' | 'post', PairMember>>

/** A pair with the other checkpoints that layers of a recipe are taken from, by their folders. */
export interface SourcedPair extends PairMembers {
  readonly others: ReadonlyMap<string, PairMember>
}

/** All of them, post first. */
export const membersOf = ({ base, post, others }: SourcedPair): PairMember[] => [
  post,
  base,
  ...others.values()
]

/** Whose tensors a layer takes that is not post's. */
export const sourceMember = ({ base, others }: SourcedPair, { source }: LayerStrength): PairMember =>
  source === undefined ? base : mapGet(others, source.path, 'checkpoint')

/** How a member is opened: `openMember` or `readMember`. */
export type MemberOpener = (path: string) => Promise<PairMember>

/**
 * Has the confined process open a checkpoint.
 *
 * @throws WorkbenchError when the checkpoint cannot be opened or is of an unsupported family
 */
export async function openMember(path: string): Promise<PairMember> {
  const { data, error } = await parseInPieces(DescribedCheckpoint, await folderFacts('checkpoint', path))
  if (error !== undefined) throw error
  return memberOf({ ...data, tensors: new Map(data.tensors) })
}

/** The same in this process, which only those do that main can end. @throws WorkbenchError as {@link openMember} */
export async function readMember(path: string): Promise<PairMember> {
  return memberOf(await openCheckpoint(path))
}

function memberOf(checkpoint: Checkpoint): PairMember {
  const spec = decoderSpec(
    configWithoutScales(checkpoint.config, checkpoint.configPath),
    checkpoint.configPath
  )
  const own = { ...spec, tiedHead: spec.tiedHead || tiedForWant(checkpoint, spec) }
  return { checkpoint, spec: own, used: usedTensors(own) }
}

function usedTensors(spec: DecoderSpec): PairMember['used'] {
  const { embedding, finalNorm, head } = wholeModelTensors(spec)
  return {
    layers: spec.layers.flatMap((_, layer) => layerTensors(spec, layer)),
    whole: [embedding, ...finalNorm, ...(head === embedding ? [] : [head])]
  }
}

/** The two configs of a text model inside another may disagree; transformers ties where there is nothing else to use. */
function tiedForWant({ config, tensors }: Checkpoint, spec: DecoderSpec): boolean {
  return config.model_type !== spec.modelType && !tensors.has(wholeModelTensors(spec).head.name)
}
