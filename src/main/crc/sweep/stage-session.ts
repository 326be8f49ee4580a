import { randomUUID } from 'node:crypto'
import type { SweepRequest } from '../../../contract/procedures/engine'
import { WorkbenchError } from '../../../contract/model/problem'
import type { EngineClient } from '../../engine/host'

/** What stages of a sweep leave in the engine for those after them. */
export class StageSession {
  /** Null before any leaves something. */
  private id: string | null = null

  of({ leaves }: { readonly leaves?: 'weights' | 'states' }): SweepRequest['session'] {
    if (leaves === undefined) return undefined
    this.id ??= randomUUID()
    return { id: this.id, leaves }
  }

  /** Has the engine let go of it. With an engine that died it is gone already. */
  async end(engine: EngineClient): Promise<void> {
    if (this.id === null) return
    try {
      await engine.endSession({ id: this.id })
    } catch (error) {
      if (!isLost(error)) throw error
    }
  }
}

export function isLost(error: unknown): error is WorkbenchError {
  return error instanceof WorkbenchError && error.problem.code === 'engine-lost'
}
