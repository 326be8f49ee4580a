import { knownPartWords } from '../../../contract/words/known-part'
import type { WorkEvent } from '../../../contract/work/progress'
import type { SweepHistory } from '../../crc/sweep/crc-sweep'
import type { WorkMeans } from '../../work/means'
import { remark } from '../printing/output'
import { withEngine } from './engine'
import { progressDisplay, progressStep } from './progress'
import { type Kept, type Stoppable, untilStopped } from './stopped'

/**
 * Runs work with an engine, its progress and remarks. Describes saved results if the user stops it.
 *
 * @param kept is called if the work was stopped
 */
export function runShown<T>(
  stoppable: Stoppable,
  kept: () => Kept | Promise<Kept>,
  work: (means: WorkMeans) => Promise<T>
): Promise<T> {
  return untilStopped(stoppable, kept, () => withProgress(stoppable, work))
}

/** Lends an engine to work and shows its progress and remarks. */
export async function withProgress<T>(
  { signal, quiet }: Stoppable,
  work: (means: WorkMeans) => Promise<T>
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

/** Describes the saved part of a stopped sweep. @param without is called for a sweep that saves nothing */
export function keptOfSweep(history: SweepHistory | null, without: () => Kept): Kept {
  if (history === null) return without()
  const { stored } = history.checkpoint
  if (stored === null) return { kept: 'Its first part was not done: nothing is kept.', goesOn: false }
  return { kept: `${knownPartWords(stored.known)} are kept in ${stored.path}.`, goesOn: true }
}
