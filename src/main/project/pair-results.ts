import type { SweepSummary } from '../../contract/documents/project'
import type { SampleRunSummary } from '../../contract/documents/samples'
import { newestFirst } from '../base/files/newest-first'
import { listSampleRuns } from './sample-files'
import { SWEEPS } from './stored-documents'
import { summarizeSweep } from './sweep-files'

/** What a pair's folder holds, as lists show it. */
export interface PairResults {
  folder: string
  /** Newest first. */
  sweeps: SweepSummary[]
  /** Newest first. */
  sampleRuns: SampleRunSummary[]
}

/** What could not be read is left out, with a warning. */
export async function readPairResults(folder: string): Promise<PairResults & { warnings: string[] }> {
  const { entries: sweeps, warnings } = await SWEEPS.list(folder, summarizeSweep)
  const { sampleRuns, warnings: sampleWarnings } = await listSampleRuns(folder)
  return { folder, sweeps: newestFirst(sweeps), sampleRuns, warnings: [...warnings, ...sampleWarnings] }
}

export const noResults = (folder: string): PairResults => ({ folder, sweeps: [], sampleRuns: [] })
