import { os } from '@orpc/server'
import { isEventStream, settling } from '../base/rpc-problems'

interface ActiveCall {
  readonly signal: AbortSignal | undefined
  readonly ended: Promise<void>
}

/** Tracks the calls that the engine process is computing, so that main can wait for the cancelled ones. */
export class ActiveCalls {
  private readonly calls = new Set<ActiveCall>()

  /** Middleware that tracks each call until the call and its stream, if it returns one, have ended. */
  readonly track = os.middleware(async ({ next, signal }) => {
    let end = (): void => undefined
    const ended = new Promise<void>((resolve) => (end = resolve))
    const call = { signal, ended }
    this.calls.add(call)
    const settle = (): void => {
      this.calls.delete(call)
      end()
    }
    try {
      const result = await next()
      if (isEventStream(result.output)) return { ...result, output: settling(result.output, settle) }
      settle()
      return result
    } catch (error) {
      settle()
      throw error
    }
  })

  /** Waits until all calls that are cancelled now have ended. */
  async cancelledEnded(): Promise<void> {
    const cancelled = [...this.calls].filter(({ signal }) => signal?.aborted === true)
    await Promise.all(cancelled.map(({ ended }) => ended))
  }
}
