import { WorkbenchError } from '../../contract/model/problem'
import type { LowRankAdapter } from '../../contract/procedures/export'
import type { LowRankResult } from '../../contract/procedures/weights'
import { sha256OfFile } from '../checkpoint/file-sha256'
import { computeLowRank } from '../readings/host'
import type { Advance } from './byte-copy'
import type { PlannedWeights } from './plan'
import type { PreparedExport } from './prepare'

/** The written file of a low-rank adapter. */
export type WrittenLowRank = LowRankResult['files'][number]

/** Counts bytes, and stops the work when the user cancels. */
interface Progress {
  readonly signal: AbortSignal
  readonly advance: Advance
}

/** Computes and writes the factors in another process. @throws WorkbenchError as `computeLowRank` */
export async function writeLowRankFile(
  { pair, strengths, weights }: Pick<PreparedExport, 'pair' | 'strengths' | 'weights'>,
  { rank, savesNorms }: LowRankAdapter,
  path: string,
  { signal, advance }: Progress
): Promise<WrittenLowRank> {
  const total = weights.reduce((sum, { bytes }) => sum + bytes, 0)
  let counted = 0
  const advanceTo = (bytes: number): void => {
    void advance(bytes - counted)
    counted = bytes
  }
  const { files } = await computeLowRank(
    {
      base: pair.base.checkpoint.path,
      post: pair.post.checkpoint.path,
      strengths: [...strengths],
      savesNorms,
      files: [{ rank, path }]
    },
    signal,
    // Progress counts the weights that are read, which is most of the work.
    ({ bytesDone, bytesTotal }) => advanceTo(Math.floor((total * bytesDone) / bytesTotal))
  )
  advanceTo(total)
  const [file] = files
  if (file === undefined) throw new Error('an adapter without a file')
  return file
}

/** Reads the file back and compares its checksum. @throws WorkbenchError `bad-file` if it differs */
export async function verifyLowRank(
  { bytes }: PlannedWeights,
  { path, ...written }: WrittenLowRank,
  { signal, advance }: Progress
): Promise<void> {
  const sha256 = await sha256OfFile(path, signal, (length) => void advance(length))
  if (written.bytes === bytes && sha256 === written.sha256) return
  throw new WorkbenchError(
    'bad-file',
    `${path} does not read back as it was written.`,
    'Nothing was exported. The disk or its connection may be failing: try another one.'
  )
}
