import { z } from 'zod'
import type { CheckProgress } from '../documents/answer-check'
import type { BytesProgress } from '../documents/distances'
import { type EvaluationProgress, evaluationShare } from '../documents/evaluation'
import type { SampleProgress } from '../documents/samples'
import type { SearchProgress } from '../documents/search'
import type { LiveEntry, SweepProgress } from '../documents/sweep-events'

/** Completed share of work and its remaining time. */
export const ProgressShare = z.object({
  /** 0 to 1. Null if it is unknown. */
  share: z.number().nullable(),
  /**
   * Remaining seconds, or null if unknown. Waiting work has the duration of similar earlier work, or an estimate from
   * the pace of a preview.
   */
  secondsLeft: z.number().nullable(),
  /** Kind of sweep that the estimate for waiting work comes from. */
  estimatedFrom: z.enum(['sweep', 'preview']).optional()
})
export type ProgressShare = z.infer<typeof ProgressShare>

/** Progress of work of any kind. */
export type WorkProgress =
  | { kind: 'sweep'; progress: SweepProgress }
  | { kind: 'check'; progress: CheckProgress }
  | { kind: 'search'; progress: SearchProgress }
  | { kind: 'sample'; progress: SampleProgress }
  | { kind: 'evaluate'; progress: EvaluationProgress }
  | { kind: 'decomposition'; progress: BytesProgress }

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
export function progressShare(work: WorkProgress): ProgressShare {
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
    case 'decomposition':
      return {
        share: work.progress.bytesDone / work.progress.bytesTotal,
        secondsLeft: work.progress.secondsLeft
      }
    case 'evaluate':
      return { share: evaluationShare(work.progress), secondsLeft: work.progress.secondsLeft }
  }
}

/** Progress before anything is known. */
export const UNKNOWN_PROGRESS: ProgressShare = { share: null, secondsLeft: null }

const rowsShare = ({ rowsDone, rowsTotal, secondsLeft }: CheckProgress): ProgressShare => ({
  share: rowsTotal === 0 ? null : rowsDone / rowsTotal,
  secondsLeft
})
