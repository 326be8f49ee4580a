import type { CrcPrompts } from '../../contract/documents/crc'
import type { SweepSummary } from '../../contract/documents/project'
import type { SampleRunSummary } from '../../contract/documents/samples'
import { listSampleRuns } from './sample-files'
import { listSweeps } from './sweep-summaries'

/** What a pair's folder holds, as lists show it. */
export interface PairResults {
  folder: string
  /** Newest first. */
  sweeps: SweepSummary[]
  /** Newest first. */
  sampleRuns: SampleRunSummary[]
  /** Null: it uses the project's. */
  prompts: CrcPrompts | null
}

/** What could not be read is left out, with a warning. @param keeps see `listSweeps` */
export async function readPairResults(
  folder: string,
  keeps: boolean
): Promise<Omit<PairResults, 'prompts'> & { warnings: string[] }> {
  const { sweeps, warnings } = await listSweeps(folder, keeps)
  const { sampleRuns, warnings: sampleWarnings } = await listSampleRuns(folder)
  return { folder, sweeps, sampleRuns, warnings: [...warnings, ...sampleWarnings] }
}

/** @param prompts see `PairResults` */
export const noResults = (folder: string, prompts: CrcPrompts | null): PairResults => ({
  folder,
  sweeps: [],
  sampleRuns: [],
  prompts
})
