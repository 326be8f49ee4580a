import type { CheckProgress } from '../documents/answer-check'
import { type EvaluationProgress, evaluationShare } from '../documents/evaluation'
import type { QueueProgress } from '../documents/queue'
import type { SampleProgress } from '../documents/samples'
import type { SearchProgress } from '../documents/search'
import type { LiveEntry, SweepProgress } from '../documents/sweep-events'

/** Progress of work of any kind. */
export type WorkProgress =
  | { kind: 'sweep'; progress: SweepProgress }
  | { kind: 'check'; progress: CheckProgress }
  | { kind: 'search'; progress: SearchProgress }
  | { kind: 'sample'; progress: SampleProgress }
  | { kind: 'evaluate'; progress: EvaluationProgress }

/** Events of work that runs: its progress, remarks for the user, and the scores of a sweep as they come. */
export type WorkEvent =
  | ({ type: 'progress' } & WorkProgress)
  | {
      type: 'notice'
      message: string
      /** True if a preview turns out to be a full sweep. */
      endsPreview?: boolean | undefined
    }
  | { type: 'scores'; entries: LiveEntry[] }

/** Returns the completed share of work and the time that is left, each null while it is unknown. */
export function progressShare(work: WorkProgress): QueueProgress {
  switch (work.kind) {
    case 'sweep': {
      // Other work precedes and follows the scoring of ranges.
      const { phase, rowsDone, rowsTotal, secondsLeft } = work.progress
      return phase === 'sweeping' ? { share: rowsDone / rowsTotal, secondsLeft } : UNKNOWN_PROGRESS
    }
    case 'check':
      return rowsShare(work.progress)
    case 'search':
      // The number of generations is unknown, so this is the share of one.
      return rowsShare(work.progress.sweep)
    case 'sample': {
      const { phase, samplesDone, samplesTotal, secondsLeft } = work.progress
      return { share: phase === 'generating' ? samplesDone / samplesTotal : null, secondsLeft }
    }
    case 'evaluate':
      return { share: evaluationShare(work.progress), secondsLeft: work.progress.secondsLeft }
  }
}

/** Progress before anything is known. */
export const UNKNOWN_PROGRESS: QueueProgress = { share: null, secondsLeft: null }

const rowsShare = ({ rowsDone, rowsTotal, secondsLeft }: CheckProgress): QueueProgress => ({
  share: rowsTotal === 0 ? null : rowsDone / rowsTotal,
  secondsLeft
})
