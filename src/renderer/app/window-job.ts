/** How far a long computation is, in the words of the top bar. */
export interface JobProgress {
  name: string
  /** Of the work; 0 to 1. */
  share: number
  secondsLeft: number | null
}

/** A kind of job of the open project, as the window tells of it. */
export interface WindowJob {
  /** How a sentence begins while it keeps the engine busy; null for one that goes on beside all others. */
  readonly holdsEngine: string | null
  readonly busy: boolean
  /** Null while it does not run, or nothing is known of it. */
  readonly progress: JobProgress | null
  readonly cancelling: boolean
  cancel(): unknown
}

export const shareOf = (done: number, total: number): number => done / Math.max(1, total)
