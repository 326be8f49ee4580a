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

/** Everything that opening a project reads about a pair's results: summaries, history and separate prompts. */
export interface PairResults {
  folder: string
  sweeps: SweepSummary[]
  searches: SearchSummary[]
  sampleRuns: SampleRunSummary[]
  evaluations: EvaluationSummary[]
  history: StoredHistory
  /** Separate prompts of the pair; null if it uses the project's. */
  prompts: CrcPrompts | null
}

/**
 * Reads the summaries of a pair's results.
 *
 * @param mayWrite true to store missing summaries
 * @returns the results, and warnings about unreadable ones
 */
export async function readPairResults(
  folder: string,
  mayWrite: boolean
): Promise<Omit<PairResults, 'prompts'> & { warnings: string[] }> {
  // The trash is read first, because that completes interrupted deletions.
  const trash = await listTrash(folder, mayWrite)
  const sweeps = await SWEEP_SUMMARIES.list(folder, mayWrite)
  const searches = await SEARCH_SUMMARIES.list(folder, mayWrite)
  const samples = await SAMPLE_SUMMARIES.list(folder, mayWrite)
  const evaluations = await EVALUATION_SUMMARIES.list(folder, mayWrite)
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
