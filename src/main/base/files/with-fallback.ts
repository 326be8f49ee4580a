import { WorkbenchError } from '../../../contract/model/problem'

/** Does work, and returns `fallback` if the work fails with an expected error (WorkbenchError). Throws other errors. */
export async function withFallback<Result, Fallback>(
  work: () => Promise<Result>,
  fallback: Fallback
): Promise<Result | Fallback> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof WorkbenchError) return fallback
    throw error
  }
}

/** Awaits a result. @returns null if it fails with `not-found`, such as the content of a file that is missing */
export async function nullIfNotFound<Result>(work: Promise<Result>): Promise<Result | null> {
  try {
    return await work
  } catch (error) {
    if (error instanceof WorkbenchError && error.problem.code === 'not-found') return null
    throw error
  }
}
