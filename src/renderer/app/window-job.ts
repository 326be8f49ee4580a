import type { FailedJob } from '../../contract/documents/project'
import type { JobKind } from '../../contract/model/job-kinds'

/** How far a long computation is, in the words of the top bar. */
export interface JobProgress {
  name: string
  /** Of the work; 0 to 1. */
  share: number
  secondsLeft: number | null
}

/** A kind of job of the open project, as the window tells of it. */
export interface WindowJob {
  /** As main calls it; null for work that main does not tell others of. */
  readonly kind: JobKind | null
  /** How a sentence begins while it keeps the engine busy; null for one that goes on beside all others. */
  readonly holdsEngine: string | null
  /** What is said while another window has it done; null for one that every window follows. */
  readonly elsewhere: string | null
  readonly busy: boolean
  /** Null while it does not run, or nothing is known of it. */
  readonly progress: JobProgress | null
  readonly cancelling: boolean
  /** What is said in place of its phase while it stops, or waits for another project; null while it computes. */
  readonly standstill: string | null
  cancel(): unknown
  /** Hears whether main does such a job for the project, where every window follows it, and how the last one failed. */
  hear?(running: boolean, failed: FailedJob | null): void
}

export const doneShare = (done: number, total: number): number => done / Math.max(1, total)
