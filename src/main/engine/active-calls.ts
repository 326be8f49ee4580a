import { os } from '@orpc/server'
import { isEventStream } from '../base/rpc-problems'

interface ActiveCall {
  readonly signal: AbortSignal | undefined
  readonly ended: Promise<void>
}

/** The calls that the engine works on, with those that were cancelled and have not stopped yet. */
export class ActiveCalls {
  private readonly calls = new Set<ActiveCall>()

  /** A middleware that knows of each call until it has ended, with its stream where it has one. */
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

  /** Waits until all calls that have been cancelled by now have ended. */
  async cancelledEnded(): Promise<void> {
    const cancelled = [...this.calls].filter(({ signal }) => signal?.aborted === true)
    await Promise.all(cancelled.map(({ ended }) => ended))
  }
}

/** The same events. No generator, whose `finally` is skipped where nobody takes the first event. */
function settling(events: AsyncIterator<unknown>, settle: () => void): AsyncIterableIterator<unknown> {
  return {
    async next() {
      try {
        const result = await events.next()
        if (result.done === true) settle()
        return result
      } catch (error) {
        settle()
        throw error
      }
    },
    async return(value: unknown) {
      try {
        return (await events.return?.(value)) ?? { done: true, value }
      } finally {
        settle()
      }
    },
    [Symbol.asyncIterator]() {
      return this
    }
  }
}
