import { throwIfCancelled } from './files/cancelling'
import { breather } from './files/breather'

/** Long work that stops between its steps, so that whoever has it done may do something else there. */
export type Steps<Result> = Generator<void, Result>

/** Does all of it. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/**
 * Does all of it on the thread that answers requests, which have their turn between the steps.
 *
 * @param stop what ends it between them; @throws then WorkbenchError `cancelled`, naming the work
 */
export async function inTurns<Result>(
  steps: Steps<Result>,
  stop?: { readonly signal: AbortSignal | undefined; readonly what: string }
): Promise<Result> {
  const breathe = breather()
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    await breathe()
    if (stop !== undefined) throwIfCancelled(stop.signal, stop.what)
  }
}
