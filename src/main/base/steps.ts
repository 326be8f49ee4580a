import { throwIfCancelled } from './files/cancelling'
import { yieldEvery20ms } from './files/yield-every-20ms'

/** Long work that yields between its steps, so that the caller may do other work there. */
export type Steps<Result> = Generator<void, Result>

export function runToEnd<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** Runs all steps, and lets waiting requests go first between them. @param stop cancels work that `what` names */
export async function runCooperatively<Result>(
  steps: Steps<Result>,
  stop?: { readonly signal: AbortSignal | undefined; readonly what: string }
): Promise<Result> {
  const yieldIfDue = yieldEvery20ms()
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    await yieldIfDue()
    if (stop !== undefined) throwIfCancelled(stop.signal, stop.what)
  }
}
