import { WorkbenchError } from '../../../contract/model/problem'

/** Builds the error of cancelled work. @param what subject of a sentence, such as "The sweep" */
export function cancelled(what: string): WorkbenchError {
  return new WorkbenchError('cancelled', `${what} was cancelled.`)
}

/** Throws if the signal has fired. @throws WorkbenchError `cancelled` */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw cancelled(what)
}

/** Runs work that `signal` interrupts, and reports any error after that as `cancelled`. */
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

/** Waits for work that cannot be stopped. @throws WorkbenchError `cancelled` as soon as `signal` fires */
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
    // A failure after the cancellation is ignored.
    work.catch(() => undefined)
  }
}
