import { z } from 'zod'
import type { CheckProgress } from '../documents/answer-check'
import type { BytesProgress } from '../documents/distances'
import { type EvaluationProgress, evaluationShare } from '../documents/evaluation'
import type { JudgeProgress } from '../documents/judge'
import type { SampleProgress } from '../documents/samples'
import type { SearchProgress } from '../documents/search'
import type { LiveEntry, SweepProgress } from '../documents/sweep-events'
import type { JudgeWay } from '../model/judge-way'
import { formatBytes, formatCount, formatDuration, plural } from '../words/format'

export const ProgressShare = z.object({
  share: z.number().nullable(),
  /** Remaining seconds; null if unknown. For waiting work, the duration of earlier work of the same kind. */
  secondsLeft: z.number().nullable(),
  /** Kind of earlier sweep whose duration is used for a waiting sweep. */
  estimatedFrom: z.enum(['sweep', 'preview']).optional()
})
export type ProgressShare = z.infer<typeof ProgressShare>

export type WorkProgress =
  | { kind: 'sweep'; progress: SweepProgress }
  | { kind: 'check'; progress: CheckProgress }
  | { kind: 'search'; progress: SearchProgress }
  | { kind: 'sample'; progress: SampleProgress }
  | { kind: 'evaluate'; progress: EvaluationProgress }
  | { kind: 'judge'; way: JudgeWay; progress: JudgeProgress }
  | { kind: 'decomposition' | 'distances'; progress: BytesProgress }

/** Events of running work: its progress, notices for the user, and the scores of a sweep as they are computed. */
export type WorkEvent =
  | ({ type: 'progress' } & WorkProgress)
  | {
      type: 'notice'
      message: string
      /** True if the sweep was started as a preview, and becomes a full sweep from now on. */
      endsPreview?: boolean | undefined
    }
  | { type: 'scores'; entries: LiveEntry[] }

export interface ProgressStep {
  phase: string
  done: number
  /** 0 while unknown. */
  total: number
  /** Text that is shown beside the completed share. */
  status: string
}

interface DescribedProgress {
  share: ProgressShare
  step: ProgressStep
}

export const UNKNOWN_PROGRESS: ProgressShare = { share: null, secondsLeft: null }

/** Returns the completed share of work and the time that is left, each null while it is unknown. */
export const progressShare = (work: WorkProgress): ProgressShare => describeProgress(work).share

export const progressStep = (work: WorkProgress): ProgressStep => describeProgress(work).step

function describeProgress(work: WorkProgress): DescribedProgress {
  switch (work.kind) {
    case 'sweep':
      return describeSweep(work.progress)
    case 'check':
      return describeRows('checking', ['checking full answers'], work.progress)
    case 'search':
      return describeSearch(work.progress)
    case 'sample':
      return describeAnswers(work.progress)
    case 'evaluate':
      return describeEvaluation(work.progress)
    case 'judge':
      return describeJudge(work.way, work.progress)
    case 'decomposition':
    case 'distances': {
      const { bytesDone, bytesTotal, secondsLeft } = work.progress
      return {
        share: { share: bytesDone / bytesTotal, secondsLeft },
        step: bytesStep(work.kind === 'distances' ? 'comparing' : 'decomposing', work.progress)
      }
    }
  }
}

function describeSweep(progress: SweepProgress): DescribedProgress {
  const { phase, layer, layerCount, rowsDone, rowsTotal, rowsPerSecond, secondsLeft } = progress
  const step = { phase, done: rowsDone, total: rowsTotal }
  // The share of the whole sweep is known only while ranges are scored.
  if (phase !== 'sweeping') return { share: UNKNOWN_PROGRESS, step: { ...step, status: phase } }
  const texts = [
    layer === null ? 'sweeping' : `layer ${layer} of 0-${layerCount - 1}`,
    rowsPerSecond === null ? 'time left unknown' : `${formatCount(rowsPerSecond)} rows/s`,
    ...timeLeftTexts(progress)
  ]
  return { share: { share: rowsDone / rowsTotal, secondsLeft }, step: { ...step, status: texts.join(', ') } }
}

/** Describes work that scores rows. The total number of rows is 0 until it is known. */
function describeRows(
  phase: string,
  texts: string[],
  { rowsDone, rowsTotal, rowsPerSecond, secondsLeft }: CheckProgress
): DescribedProgress {
  const pace = rowsPerSecond === null ? [] : [`${formatCount(rowsPerSecond)} rows/s`]
  const status = [...texts, ...pace, ...timeLeftTexts({ secondsLeft })].join(', ')
  return {
    share: { share: rowsTotal === 0 ? null : rowsDone / rowsTotal, secondsLeft },
    step: { phase, done: rowsDone, total: rowsTotal, status }
  }
}

/** Describes the current generation of a search. The number of generations is not known in advance. */
function describeSearch({ generation, candidates, best, sweep }: SearchProgress): DescribedProgress {
  const phase = `generation ${generation}`
  const bestText = best === null ? [] : [`best diversity ${best.diversity.toFixed(3)}`]
  return describeRows(phase, [`${phase}, ${plural(candidates, 'recipe')}`, ...bestText], {
    ...sweep,
    rowsPerSecond: null
  })
}

function describeAnswers(progress: SampleProgress): DescribedProgress {
  const { phase, samplesDone, samplesTotal, tokensPerSecond, secondsLeft, mostSecondsLeft } = progress
  const isGenerating = phase === 'generating'
  // Before the first answer, only a maximum is known.
  const isAtMost = secondsLeft === null && mostSecondsLeft !== undefined
  const texts = [
    `${formatCount(samplesDone)} of ${plural(samplesTotal, 'answer')}`,
    ...(tokensPerSecond === null ? [] : [`${formatCount(tokensPerSecond)} tokens/s`]),
    ...(isAtMost ? [`at most ${formatDuration(mostSecondsLeft)} left`] : timeLeftTexts({ secondsLeft }))
  ]
  const status = progress.trouble ?? (isGenerating ? texts.join(', ') : phase)
  return {
    share: { share: isGenerating ? samplesDone / samplesTotal : null, secondsLeft },
    step: { phase, done: samplesDone, total: samplesTotal, status }
  }
}

function describeEvaluation(progress: EvaluationProgress): DescribedProgress {
  const share = { share: evaluationShare(progress), secondsLeft: progress.secondsLeft }
  if (progress.phase !== 'scoring') return { share, step: describeAnswers({ ...progress, phase: progress.phase }).step }
  const { promptsScored, promptsTotal } = progress
  const status = `scoring answers, ${formatCount(promptsScored)} of ${plural(promptsTotal, 'prompt')}`
  return { share, step: { phase: 'scoring', done: promptsScored, total: promptsTotal, status } }
}

const JUDGED: Record<JudgeWay, { done: string; no: string }> = {
  marks: { done: 'different answers', no: 'no verdict' },
  pairs: { done: 'pairs in one order', no: 'no verdict' },
  forms: { done: 'different answers', no: 'no form of an answer' }
}

/** Describes the progress of a judge. A problem counts as a new phase, because new phases are printed at once. */
function describeJudge(way: JudgeWay, { done, total, unreadable, trouble }: JudgeProgress): DescribedProgress {
  const share = { share: total === 0 ? null : done / total, secondsLeft: null }
  if (trouble !== undefined) return { share, step: { phase: 'waiting for the judge', done, total, status: trouble } }
  const words = JUDGED[way]
  const no =
    unreadable === 0
      ? ''
      : `, ${unreadable === 1 ? '1 reply was' : `${formatCount(unreadable)} replies were`} ${words.no}`
  const judged = way === 'forms' ? 'read' : 'judged'
  const status = `${judged} ${formatCount(done)} of ${formatCount(total)} ${words.done}${no}`
  return { share, step: { phase: 'judging', done, total, status } }
}

/** Describes the reading of files. @param totalSuffix text after the total number of bytes */
export function bytesStep(phase: string, progress: BytesProgress, totalSuffix = ''): ProgressStep {
  const { bytesDone, bytesTotal, bytesPerSecond } = progress
  const status = [
    `${phase} ${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}${totalSuffix}`,
    ...(bytesPerSecond === null ? [] : [`${formatBytes(Math.round(bytesPerSecond))}/s`]),
    ...timeLeftTexts(progress)
  ].join(', ')
  return { phase, done: bytesDone, total: bytesTotal, status }
}

/** Lists the remaining time, unless it is unknown. */
const timeLeftTexts = ({ secondsLeft }: { secondsLeft: number | null }): string[] =>
  secondsLeft === null ? [] : [`${formatDuration(secondsLeft)} left`]
