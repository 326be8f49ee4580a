import { WorkbenchError } from '../../../contract/model/problem'

/**
 * What work says that somebody stopped.
 *
 * @param what the work, as a sentence begins with it, such as "The sweep"
 */
export function cancelled(what: string): WorkbenchError {
  return new WorkbenchError('cancelled', `${what} was cancelled.`)
}

/** @throws WorkbenchError `cancelled` once `signal` has fired */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw cancelled(what)
}

/**
 * Does work whose steps `signal` interrupts. Whatever an interrupted step reports, the cause is the user's wish.
 *
 * @throws WorkbenchError `cancelled` in place of any error once `signal` has fired
 */
export async function cancellable<Result>(
  signal: AbortSignal,
  what: string,
  work: () => Promise<Result>
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throwIfCancelled(signal, what)
    throw error
  }
}

/**
 * Waits for work that changes nothing and cannot be stopped, for as long as somebody wants its result.
 *
 * @throws WorkbenchError `cancelled` as soon as `signal` fires; the work then ends unseen
 */
export async function unlessCancelled<Result>(
  signal: AbortSignal,
  what: string,
  work: Promise<Result>
): Promise<Result> {
  let stop = (): void => undefined
  const stopped = new Promise<never>((_, reject) => (stop = () => reject(cancelled(what))))
  signal.addEventListener('abort', stop, { once: true })
  try {
    throwIfCancelled(signal, what)
    return await Promise.race([work, stopped])
  } finally {
    signal.removeEventListener('abort', stop)
    // Nobody hears a failure that comes after the stop.
    work.catch(() => undefined)
  }
}
