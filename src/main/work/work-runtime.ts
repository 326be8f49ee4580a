import type { WorkEvent } from '../../contract/work/progress'
import type { EngineClient } from '../engine/host'

/** The engine that computes work, the signal that stops it, and the receiver of its progress. */
export interface WorkRuntime {
  readonly engine: EngineClient
  readonly signal: AbortSignal
  readonly notify: (event: WorkEvent) => void
}
