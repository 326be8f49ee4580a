import type { Shard } from '../../../contract/documents/sweep-part'
import { openPair } from '../../checkpoint/pair'
import type { CrcSweepRequest } from '../../crc/sweep/prepare-sweep'
import type { PairResultFile } from './output-file'
import { requireSameIdentity } from './replaced-file'

/** Refuses to replace the file of a sweep of other models or prompts, or of another part. */
export async function requireSameSweep(
  output: PairResultFile,
  kind: 'sweep' | 'sweep-part',
  { base, post, prompts }: CrcSweepRequest,
  shard?: Shard
): Promise<void> {
  const pair = await openPair(base, post)
  requireSameIdentity(output, kind, {
    basePath: pair.base.checkpoint,
    postPath: pair.post.checkpoint,
    prompts: Array.isArray(prompts) ? prompts : prompts.task.prompts,
    shard
  })
}
