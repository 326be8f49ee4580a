import { decoderSpec, type DecoderSpec } from '../family'
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
  return { checkpoint, spec: decoderSpec(checkpoint.config, checkpoint.configPath) }
}
