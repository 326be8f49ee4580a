import { randomUUID } from 'node:crypto'
import type { SessionRequest, SweepRequest } from '../../../contract/procedures/engine'
import { WorkbenchError } from '../../../contract/model/problem'
import type { EngineClient } from '../../engine/host'

/** Data that stays in the engine after a stage. */
export type KeptData = NonNullable<SweepRequest['session']>['keeps']

/** Engine session that keeps weights and states between the stages of a sweep. */
export class StageSession {
  /** Null before the session is opened or a stage keeps data. */
  private id: string | null = null

  constructor(private readonly engine: EngineClient) {}

  /** Starts the engine while main opens the pair, to save time. The first stage reports its errors. */
  start({ memoryBytes }: Pick<SessionRequest, 'memoryBytes'>): void {
    this.engine.ready({ memoryBytes }).catch(() => undefined)
  }

  /** Lets the engine open files and read weights while main prepares the stages. */
  open(request: Omit<SessionRequest, 'id' | 'device'> & Partial<SessionRequest>): void {
    this.id ??= randomUUID()
    this.engine.openSession({ ...request, id: this.id }).catch(() => undefined)
  }

  /** Returns the session for a stage's request; undefined if the stage keeps no data. */
  settingsFor({ keeps }: { readonly keeps?: KeptData }): SweepRequest['session'] {
    if (keeps === undefined) return undefined
    this.id ??= randomUUID()
    return { id: this.id, keeps }
  }

  /** Ends the session in the engine. A lost engine has no session. */
  async end(): Promise<void> {
    if (this.id === null) return
    try {
      await this.engine.endSession({ id: this.id })
    } catch (error) {
      if (!isLost(error)) throw error
    }
  }
}

/** Reports whether the engine process has ended. */
export function isLost(error: unknown): error is WorkbenchError {
  return error instanceof WorkbenchError && error.problem.code === 'engine-lost'
}
