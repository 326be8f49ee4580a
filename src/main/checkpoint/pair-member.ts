import { decoderSpec, wholeModelTensors, type DecoderSpec } from '../family'
import { openCheckpoint, type Checkpoint } from './checkpoint'

/** One checkpoint of a pair, and what its decoder computes. */
export interface PairMember {
  readonly checkpoint: Checkpoint
  readonly spec: DecoderSpec
}

/** A pair, opened for its headers. */
export type PairMembers = Readonly<Record<'base' | 'post', PairMember>>

/** @throws WorkbenchError when the checkpoint cannot be opened or is of an unsupported family */
export async function openMember(path: string): Promise<PairMember> {
  const checkpoint = await openCheckpoint(path)
  const spec = decoderSpec(checkpoint.config, checkpoint.configPath)
  return { checkpoint, spec: { ...spec, tiedHead: spec.tiedHead || tiedForWant(checkpoint, spec) } }
}

/** The two configs of a text model inside another may disagree; transformers ties where there is nothing else to use. */
function tiedForWant({ config, tensors }: Checkpoint, spec: DecoderSpec): boolean {
  return config.model_type !== spec.modelType && !tensors.has(wholeModelTensors(spec).head.name)
}
