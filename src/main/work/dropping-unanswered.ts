interface StoredRun {
  /** Removes the run if it has no answers. */
  drop(): Promise<void>
}

/** Removes a run that has no answers. A failure to remove it is not reported: why the run ended is. */
export const dropUnanswered = (run: StoredRun): Promise<void> => run.drop().catch(() => undefined)

/**
 * Catches the failure of the work on a run and passes it on. A run without answers is removed: it would only be empty in the list.
 */
export const droppingUnanswered =
  (run: StoredRun) =>
  async (error: unknown): Promise<never> => {
    await dropUnanswered(run)
    throw error
  }
