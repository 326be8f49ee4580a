import type { WorkEvent } from '../../contract/work/progress'
import type { EngineClient } from '../engine/host'

/** Means of work that runs: where it computes, how it is stopped, and who hears of it. */
export interface WorkMeans {
  readonly engine: EngineClient
  readonly signal: AbortSignal
  readonly notify: (event: WorkEvent) => void
}
