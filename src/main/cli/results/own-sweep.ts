import type { Shard } from '../../../contract/documents/sweep-part'
import { openPair } from '../../checkpoint/pair'
import type { CrcSweepRequest } from '../../crc/sweep/prepare-sweep'
import type { ResultFile } from './output-file'
import { requireOwnPlace } from './replaced-file'

/** @throws WorkbenchError as {@link requireOwnPlace} */
export async function requireOwnSweep(
  output: ResultFile,
  kind: 'sweep' | 'sweep-part',
  { base, post, prompts }: CrcSweepRequest,
  shard?: Shard
): Promise<void> {
  const pair = await openPair(base, post)
  requireOwnPlace(output, kind, {
    basePath: pair.base.checkpoint,
    postPath: pair.post.checkpoint,
    prompts: Array.isArray(prompts) ? prompts : prompts.task.prompts,
    shard
  })
}
