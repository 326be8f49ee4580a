import type { WorkEvent } from '../../contract/work/progress'
import type { EngineClient } from '../engine/host'

/** Engine, stop signal and listener of work that runs. */
export interface WorkMeans {
  readonly engine: EngineClient
  readonly signal: AbortSignal
  readonly notify: (event: WorkEvent) => void
}
