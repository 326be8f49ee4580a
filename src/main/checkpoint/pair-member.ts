import { decoderSpec, wholeModelTensors, type DecoderSpec } from '../family'
import { DescribedCheckpoint, openCheckpoint, type Checkpoint } from './checkpoint'
import { configWithoutScales } from './scaled-weights'
import { folderFacts } from './folder-facts'

/** One checkpoint of a pair, and what its decoder computes. */
export interface PairMember {
  readonly checkpoint: Checkpoint
  readonly spec: DecoderSpec
}

/** A pair, opened for its headers. */
export type PairMembers = Readonly<Record<'base' | 'post', PairMember>>

/** How a member is opened: `openMember` or `readMember`. */
export type MemberOpener = (path: string) => Promise<PairMember>

/**
 * Has the confined process open a checkpoint.
 *
 * @throws WorkbenchError when the checkpoint cannot be opened or is of an unsupported family
 */
export async function openMember(path: string): Promise<PairMember> {
  return memberOf(DescribedCheckpoint.parse(await folderFacts('checkpoint', path)))
}

/** The same in this process, which only those do that main can end. @throws WorkbenchError as {@link openMember} */
export async function readMember(path: string): Promise<PairMember> {
  return memberOf(await openCheckpoint(path))
}

function memberOf(checkpoint: Checkpoint): PairMember {
  const spec = decoderSpec(configWithoutScales(checkpoint.config), checkpoint.configPath)
  return { checkpoint, spec: { ...spec, tiedHead: spec.tiedHead || tiedForWant(checkpoint, spec) } }
}

/** The two configs of a text model inside another may disagree; transformers ties where there is nothing else to use. */
function tiedForWant({ config, tensors }: Checkpoint, spec: DecoderSpec): boolean {
  return config.model_type !== spec.modelType && !tensors.has(wholeModelTensors(spec).head.name)
}
