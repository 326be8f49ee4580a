import { knownPartWords } from '../../../contract/words/known-part'
import type { CrcSweepEvent } from '../../crc/sweep/compute-sweep'
import type { SweepHistory } from '../../crc/sweep/crc-sweep'
import type { EngineClient } from '../../engine/host'
import { withEngine } from './engine'
import { remark } from '../printing/output'
import { type Kept, untilStopped } from './stopped'
import { progressDisplay, sweepStep } from './progress'

export interface WatchedSweep {
  history: SweepHistory | null
  /** What is said of a stopped one that has no history. */
  without: () => Kept
  quiet: boolean
  signal: AbortSignal
}

/** Lends an engine to a sweep and shows how it gets on; says where an interrupted one goes on from. */
export async function withSweepProgress<T>(
  { history, without, quiet, signal }: WatchedSweep,
  work: (engine: EngineClient, onEvent: (event: CrcSweepEvent) => void) => Promise<T>
): Promise<T> {
  return untilStopped(
    { signal, quiet },
    () => (history === null ? without() : keptOfSweep(history)),
    async () => {
      const progress = progressDisplay(quiet)
      try {
        return await withEngine((engine) =>
          work(engine, (event) => {
            if (event.type === 'progress') progress.update(sweepStep(event.progress))
            if (event.type === 'notice' && !quiet) remark(event.message)
          })
        )
      } finally {
        progress.stop()
      }
    }
  )
}

function keptOfSweep(history: SweepHistory): Kept {
  const { stored: kept } = history.checkpoint
  if (kept === null) return { kept: 'Its first part was not done: nothing is kept.', goesOn: false }
  return { kept: `${knownPartWords(kept.known)} are kept in ${kept.path}.`, goesOn: true }
}
