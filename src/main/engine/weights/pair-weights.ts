import { type Model, otherCheckpointsOf } from '../../../contract/model/model'
import { fileError } from '../../../contract/model/problem'
import { weightDtype, type WeightDtype } from '../../checkpoint/dtype'
import { readSameOther } from '../../checkpoint/other-checkpoint'
import { readPair } from '../../checkpoint/pair'
import type { PairMember } from '../../checkpoint/pair-member'
import { openWeightReader, type StoredTensors, type WeightReader } from '../../checkpoint/weight-reader'
import type { DecoderSpec } from '../../family'
import { type BlockSource, type Origin, type OtherOrigin, otherOrigin } from '../tries/recipe-trie'

/** A checkpoint that is open for reading weights. */
export interface StoredModel {
  readonly checkpoint: StoredTensors
  readonly reader: WeightReader
  /** Returns the dtype of a tensor. @throws WorkbenchError `bad-file` if the tensor is missing */
  dtype: (name: string) => WeightDtype
}

/** An open checkpoint, with the description of its decoder. */
export interface ModelWeights extends StoredModel {
  readonly spec: DecoderSpec
}

/** The open checkpoints of a request: the pair, and others that its models need. */
export interface Checkpoints<Stored extends StoredModel> {
  readonly base: Stored
  readonly post: Stored
  readonly others: ReadonlyMap<OtherOrigin, Stored>
}

/** Open checkpoints with the descriptions of their decoders. Close them after use. */
export type PairWeights = Checkpoints<ModelWeights>

/** Opens a pair and the other checkpoints that models need. @throws WorkbenchError for a model that cannot be read */
export async function openPairWeights(
  basePath: string,
  postPath: string,
  models: readonly Model[] = []
): Promise<PairWeights> {
  const { base, post } = await readPair(basePath, postPath)
  const others = new Map<OtherOrigin, ModelWeights>()
  const needed = new Map(
    models.flatMap(otherCheckpointsOf).map((other) => [`${other.fingerprint} ${other.path}`, other])
  )
  for (const other of needed.values()) {
    // Fails if the checkpoint has changed since the model was defined with it.
    const member = await readSameOther(post, other)
    others.set(otherOrigin(other.path), openModelWeights(member))
  }
  return { base: openModelWeights(base), post: openModelWeights(post), others }
}

export async function closePairWeights({ base, post, others }: Checkpoints<StoredModel>): Promise<void> {
  await Promise.all([base, post, ...others.values()].map(({ reader }) => reader.close()))
}

export function memberOf<Stored extends StoredModel>(checkpoints: Checkpoints<Stored>, origin: Origin): Stored {
  if (origin === 'base' || origin === 'post') return checkpoints[origin]
  const other = checkpoints.others.get(origin)
  if (other === undefined) throw new Error(`${origin} is not open`)
  return other
}

/**
 * Returns the description of the decoder by which a block (a layer of a model) is computed. Windows, RoPE and norms of
 * a stored layer follow the config of its checkpoint. Those of a recipe or a sum follow post's.
 */
export function specOf(pair: PairWeights, source: BlockSource): DecoderSpec {
  return source.kind === 'stored' ? memberOf(pair, source.origin).spec : pair.post.spec
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
        throw fileError(`${checkpoint.path}: the tensor ${name} is missing.`)
      }
      return weightDtype(entry)
    }
  }
}
