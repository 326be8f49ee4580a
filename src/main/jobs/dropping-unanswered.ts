/**
 * What the failure of the work on a run is caught by, and passed on: a run without answers would only stand empty in the list.
 */
export const droppingUnanswered =
  (runs: { dropUnanswered(id: string): Promise<void> }, id: string) =>
  async (error: unknown): Promise<never> => {
    // Should it not go away, the error of the work is still the one to tell.
    await runs.dropUnanswered(id).catch(() => undefined)
    throw error
  }
