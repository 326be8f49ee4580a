import { randomUUID } from 'node:crypto'
import type { SessionRequest, SweepRequest } from '../../../contract/procedures/engine'
import { WorkbenchError } from '../../../contract/model/problem'
import type { EngineClient } from '../../engine/host'

/** What of a stage stays in the engine. */
export type Leaves = NonNullable<SweepRequest['session']>['leaves']

/** What stages of a sweep leave in the engine for those after them. */
export class StageSession {
  /** Null before it is opened, or any stage leaves something. */
  private id: string | null = null

  constructor(private readonly engine: EngineClient) {}

  /** Has the engine start while main opens the pair: both take a process's start. What is wrong with it the first stage says. */
  start({ memoryBytes }: Pick<SessionRequest, 'memoryBytes'>): void {
    this.engine.ready({ memoryBytes }).catch(() => undefined)
  }

  /** Has the engine open what stages compute with, and read weights, while main prepares them. */
  open(request: Omit<SessionRequest, 'id' | 'device'> & Partial<SessionRequest>): void {
    this.id ??= randomUUID()
    this.engine.openSession({ ...request, id: this.id }).catch(() => undefined)
  }

  of({ leaves }: { readonly leaves?: Leaves }): SweepRequest['session'] {
    if (leaves === undefined) return undefined
    this.id ??= randomUUID()
    return { id: this.id, leaves }
  }

  /** Has the engine let go of it. With an engine that died it is gone already. */
  async end(): Promise<void> {
    if (this.id === null) return
    try {
      await this.engine.endSession({ id: this.id })
    } catch (error) {
      if (!isLost(error)) throw error
    }
  }
}

export function isLost(error: unknown): error is WorkbenchError {
  return error instanceof WorkbenchError && error.problem.code === 'engine-lost'
}
