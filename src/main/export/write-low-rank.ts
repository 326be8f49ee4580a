import { fileError } from '../../contract/model/problem'
import type { LowRankAdapter } from '../../contract/procedures/export'
import type { LowRankResult } from '../../contract/procedures/weights'
import { sha256OfFile } from '../checkpoint/file-sha256'
import { computeLowRank } from '../readings/host'
import type { Advance } from './byte-copy'
import type { PlannedWeights } from './plan'
import type { PreparedExport } from './prepare'

export type WrittenLowRank = LowRankResult['files'][number]

/** Counts bytes, and stops the work when the user cancels. */
interface Progress {
  readonly signal: AbortSignal
  readonly advance: Advance
  readonly expect: (bytes: number) => void
}

/** Computes and writes the factors in another process. @throws WorkbenchError as `computeLowRank` */
export async function writeLowRankFile(
  { pair, strengths }: Pick<PreparedExport, 'pair' | 'strengths'>,
  { rank, savesNormsAndBiases }: LowRankAdapter,
  path: string,
  { signal, advance, expect }: Progress
): Promise<WrittenLowRank> {
  // The weights that are read are most of the work. The other process reports its progress in total.
  let reported = { bytesDone: 0, bytesTotal: 0 }
  const reportIncrease = (now: typeof reported): void => {
    expect(now.bytesTotal - reported.bytesTotal)
    void advance(now.bytesDone - reported.bytesDone)
    reported = now
  }
  const { files } = await computeLowRank(
    {
      base: pair.base.checkpoint.path,
      post: pair.post.checkpoint.path,
      strengths: [...strengths],
      savesNormsAndBiases,
      files: [{ rank, path }]
    },
    signal,
    reportIncrease
  )
  const [file] = files
  if (file === undefined) throw new Error('an adapter without a file')
  reportIncrease({ bytesDone: reported.bytesTotal, bytesTotal: reported.bytesTotal })
  void advance(file.bytes)
  return file
}

/** Reads the file back and compares its checksum. @throws WorkbenchError `bad-file` if it differs */
export async function verifyLowRank(
  { bytes }: PlannedWeights,
  { path, ...written }: WrittenLowRank,
  { signal, advance }: Pick<Progress, 'signal' | 'advance'>
): Promise<void> {
  const sha256 = await sha256OfFile(path, signal, (length) => void advance(length))
  if (written.bytes === bytes && sha256 === written.sha256) return
  throw fileError(
    `${path} does not read back as it was written.`,
    'Nothing was exported. The disk or its connection may be failing: try another one.'
  )
}
