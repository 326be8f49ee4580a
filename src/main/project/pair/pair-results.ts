import type { CrcPrompts } from '../../../contract/documents/crc'
import type { EvaluationSummary } from '../../../contract/documents/evaluation'
import type { SweepSummary } from '../../../contract/documents/project'
import type { SampleRunSummary } from '../../../contract/documents/samples'
import type { SearchSummary } from '../../../contract/documents/search'
import { EVALUATION_SUMMARIES } from '../documents/evaluation-files'
import { NO_HISTORY, type StoredHistory } from './pair-history'
import { readAnnotations } from '../runs/run-annotations'
import { listTrash } from '../runs/run-trash'
import { SAMPLE_SUMMARIES } from '../documents/sample-files'
import { SEARCH_SUMMARIES } from '../documents/search-files'
import { SWEEP_SUMMARIES } from '../documents/sweep-files'

export interface PairResults {
  folder: string
  sweeps: SweepSummary[]
  searches: SearchSummary[]
  sampleRuns: SampleRunSummary[]
  evaluations: EvaluationSummary[]
  history: StoredHistory
  /** Null if the pair uses the project's prompts. */
  prompts: CrcPrompts | null
}

/** Reads the summaries of a pair's results. Unreadable documents give warnings. @param keeps writes new summaries */
export async function readPairResults(
  folder: string,
  keeps: boolean
): Promise<Omit<PairResults, 'prompts'> & { warnings: string[] }> {
  // The trash comes first, because it completes interrupted deletions.
  const trash = await listTrash(folder, keeps)
  const sweeps = await SWEEP_SUMMARIES.list(folder, keeps)
  const searches = await SEARCH_SUMMARIES.list(folder, keeps)
  const samples = await SAMPLE_SUMMARIES.list(folder, keeps)
  const evaluations = await EVALUATION_SUMMARIES.list(folder, keeps)
  const annotations = await readAnnotations(folder)
  return {
    folder,
    sweeps: sweeps.runs,
    searches: searches.runs,
    sampleRuns: samples.runs,
    evaluations: evaluations.runs,
    history: { ...annotations, deleted: trash.deleted },
    warnings: [
      ...[trash, sweeps, searches, samples, evaluations].flatMap(({ warnings }) => warnings),
      ...(annotations.unread === null ? [] : [`Names and notes of runs were left out. ${annotations.unread}`])
    ]
  }
}

/** Returns the results of a new pair. @param prompts see `PairResults` */
export const noResults = (folder: string, prompts: CrcPrompts | null): PairResults => ({
  folder,
  sweeps: [],
  searches: [],
  sampleRuns: [],
  evaluations: [],
  history: NO_HISTORY,
  prompts
})
