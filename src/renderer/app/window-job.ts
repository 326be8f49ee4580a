import type { FailedJob } from '../../contract/documents/project'
import type { JobKind } from '../../contract/model/job-kinds'

/** Progress of a long computation, as the top bar shows it. */
export interface JobProgress {
  name: string
  /** Completed share of the work, 0 to 1. */
  share: number
  secondsLeft: number | null
}

/** A kind of job of the open project. */
export interface WindowJob {
  /** Kind of the job in main; null for work that main does not report to other windows. */
  readonly kind: JobKind | null
  /** Start of a sentence shown while the job keeps the engine busy; null if the job does not. */
  readonly holdsEngine: string | null
  /** Sentence shown while another window runs such a job; null for a kind of job that every window can follow. */
  readonly otherWindowNotice: string | null
  readonly busy: boolean
  /** Null while the job does not run or its progress is unknown. */
  readonly progress: JobProgress | null
  readonly cancelling: boolean
  /** Sentence shown while the job stops or waits for another project; null while it computes. */
  readonly pauseNotice: string | null
  cancel(): unknown
  /** Called with each state of the project. @param failed failure of the last job of this kind; null for none */
  onStatus?(running: boolean, failed: FailedJob | null): void
}

/** Returns the finished share of some work, 0 to 1; 0 while its amount is unknown. */
export const doneShare = (done: number, total: number): number => done / Math.max(1, total)
