interface StoredRun {
  /** Removes the run unless it has answers. */
  drop(): Promise<void>
}

/** Removes a run without answers. Errors are ignored, because the run's own failure is already reported. */
export const dropUnanswered = (run: StoredRun): Promise<void> => run.drop().catch(() => undefined)

/** Creates an error handler that removes the run if it has no answers, and throws the error again. */
export const droppingUnanswered =
  (run: StoredRun) =>
  async (error: unknown): Promise<never> => {
    await dropUnanswered(run)
    throw error
  }
