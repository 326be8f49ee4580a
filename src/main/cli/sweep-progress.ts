import type { CrcSweepEvent } from '../crc/sweep/compute-sweep'
import type { SweepHistory } from '../crc/sweep/crc-sweep'
import type { EngineClient } from '../engine/host'
import { withEngine } from './engine'
import { remark } from './output'
import { progressDisplay, sweepStep } from './progress'

export interface WatchedSweep {
  history: SweepHistory | null
  quiet: boolean
  signal: AbortSignal
}

/** Lends an engine to a sweep and shows how it gets on; says where an interrupted one goes on from. */
export async function withSweepProgress<T>(
  { history, quiet, signal }: WatchedSweep,
  work: (engine: EngineClient, onEvent: (event: CrcSweepEvent) => void) => Promise<T>
): Promise<T> {
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
    const kept = history?.checkpoint.path ?? null
    if (signal.aborted && kept !== null && !quiet) remark(keptIn(kept))
  }
}

export function keptIn(path: string): string {
  return `What was computed is kept in ${path}; the same command goes on from there.`
}
