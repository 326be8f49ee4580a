interface StoredRun {
  drop(): Promise<void>
}

/** Removes a run that has no answers, without an error, because the run's own failure is reported. */
export const dropUnanswered = (run: StoredRun): Promise<void> => run.drop().catch(() => undefined)

/** Throws the failure of a run again after removing the run if it has no answers. An empty run would fill the list. */
export const droppingUnanswered =
  (run: StoredRun) =>
  async (error: unknown): Promise<never> => {
    await dropUnanswered(run)
    throw error
  }
