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
