interface StoredRuns {
  dropUnanswered(id: string): Promise<void>
}

/** Removes a run that has no answers. A failure to remove it is not reported: why the run ended is. */
export const dropUnanswered = (runs: StoredRuns, id: string): Promise<void> =>
  runs.dropUnanswered(id).catch(() => undefined)

/**
 * Catches the failure of the work on a run and passes it on. A run without answers is removed: it would only be empty in the list.
 */
export const droppingUnanswered =
  (runs: StoredRuns, id: string) =>
  async (error: unknown): Promise<never> => {
    await dropUnanswered(runs, id)
    throw error
  }
