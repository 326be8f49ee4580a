import { knownPartWords } from '../../../contract/words/known-part'
import { progressStep, type WorkEvent } from '../../../contract/work/progress'
import type { SweepHistory } from '../../crc/sweep/crc-sweep'
import type { WorkRuntime } from '../../work/work-runtime'
import { remark } from '../printing/output'
import { withEngine } from './engine'
import { progressDisplay } from './progress'
import { type SavedWork, type Stoppable, untilStopped } from './stopped'

/** Runs work with an engine, its progress and remarks. Describes saved results if the user stops it. */
export function runShown<T>(
  stoppable: Stoppable,
  saved: () => SavedWork | Promise<SavedWork>,
  work: (runtime: WorkRuntime) => Promise<T>
): Promise<T> {
  return untilStopped(stoppable, saved, () => withProgress(stoppable, work))
}

/** Lends an engine to work and shows its progress and remarks. */
export async function withProgress<T>(
  { signal, quiet }: Stoppable,
  work: (runtime: WorkRuntime) => Promise<T>
): Promise<T> {
  const display = progressDisplay(quiet)
  const notify = (event: WorkEvent): void => {
    if (event.type === 'progress') display.update(progressStep(event))
    if (event.type === 'notice' && !quiet) remark(event.message)
  }
  try {
    return await withEngine((engine) => work({ engine, signal, notify }))
  } finally {
    display.stop()
  }
}

/** Describes the saved part of a stopped sweep. @param withoutHistory describes a sweep that saves no progress */
export function savedOfSweep(history: SweepHistory | null, withoutHistory: () => SavedWork): SavedWork {
  if (history === null) return withoutHistory()
  const { stored } = history.savedProgress
  if (stored === null) return { saved: 'The first part was not finished, so nothing is saved.', resumable: false }
  return { saved: `${knownPartWords(stored.known)} are saved in ${stored.path}.`, resumable: true }
}
