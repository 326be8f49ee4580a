import type { WorkEvent } from '../../contract/work/progress'
import type { EngineClient } from '../engine/host'

export interface WorkMeans {
  readonly engine: EngineClient
  readonly signal: AbortSignal
  readonly notify: (event: WorkEvent) => void
}
