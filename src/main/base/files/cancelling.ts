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
