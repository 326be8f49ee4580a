import { DEVICE_LABELS } from '../model/device'
import type { QueuedWork, QueueProgress, QueueState } from '../documents/queue'
import type { PairBrief } from '../documents/project'
import type { Task } from '../documents/task'
import type { Problem } from '../model/problem'
import { runningWords, STOPPING, waitingForWords } from './job-words'
import { formatCount, formatDuration, plural } from './format'

type QueuedJobState = QueueState['jobs'][number]

export function queuedWorkName(work: QueuedWork): string {
  if (work.kind === 'sweep') return work.preview ? 'Preview' : 'Sweep'
  const { task, computing } = work
  const device = computing.device === 'cpu' ? '' : ` on ${DEVICE_LABELS[computing.device]}`
  return `Evaluation by ${task.name}${device}`
}

/** Describes the state of a job. @param waitsFor project whose job it waits for; null for none */
export function jobStateWords(
  { work, state, problem, progress }: QueuedJobState,
  waitsFor: string | null = null
): string {
  if (state === 'stopping') return STOPPING
  if (state === 'running' && waitsFor !== null) return waitingForWords(waitsFor)
  if (problem !== null) return state === 'stopped' ? problem.message : `Failed: ${problem.message}`
  if (state === 'running') return runningWords(progress)
  const { secondsLeft, toldBy } = progress
  return secondsLeft === null
    ? 'Waiting'
    : `Waiting, about ${formatDuration(secondsLeft)} by ${lastWords(work, toldBy)}`
}

/** Names the earlier job that the time of a waiting job is estimated from. */
const lastWords = (work: QueuedWork, toldBy: QueueProgress['toldBy']): string =>
  toldBy === undefined
    ? 'the last one'
    : toldBy === 'preview' && work.kind === 'sweep' && !work.preview
      ? 'the pace of the last preview'
      : `the last ${toldBy}`

/** Describes a stopped job. @param kept saved results, such as `8 of 40 prompts`; null for none */
export const stoppedProblem = (kept: string | null): Problem => ({
  code: 'cancelled',
  message: kept === null ? 'Stopped before there was anything to save.' : `Stopped. ${kept} are saved.`,
  hint: kept === null ? 'Go on to begin it again.' : 'Go on to compute the rest.'
})

/**
 * Describes the remaining time of the queue.
 *
 * @returns null when nothing runs or waits
 */
export function timeLeftWords({ jobs, paused, waits }: QueueState): string | null {
  const pending = jobs.filter(({ state }) => state !== 'failed' && state !== 'stopped')
  if (pending.length === 0) return null
  const times = pending.flatMap(({ progress: { secondsLeft } }) => secondsLeft ?? [])
  const total = formatDuration(times.reduce((sum, seconds) => sum + seconds, 0))
  const unknown = pending.length - times.length
  const left =
    times.length === 0
      ? 'time left unknown'
      : unknown === 0
        ? `about ${total} left`
        : `about ${total} left for ${times.length} of them, unknown for ${unknown}`
  const reason = paused ? 'Paused: ' : waits ? 'Waiting for a job started by hand: ' : ''
  return `${reason}${plural(pending.length, 'job')}, ${left}`
}

/**
 * Lists finished jobs in order, such as `Done: Preview of a, b.` @param nameOf names a pair by its id @returns null
 * for none
 */
export function doneWords(done: QueueState['done'], nameOf: (pair: string) => string): string | null {
  if (done.length === 0) return null
  const pairs = new Map<string, string[]>()
  for (const { pair, work } of done) {
    const what = queuedWorkName(work)
    pairs.set(what, [...(pairs.get(what) ?? []), nameOf(pair)])
  }
  return `Done: ${[...pairs].map(([what, names]) => `${what} of ${names.join(', ')}`).join('; ')}.`
}

/** Counts the default variants of a pair's evaluation: base, post, the selected range and baselines. */
export const countDefaultVariants = ({ answeringSweep }: Pick<PairBrief, 'answeringSweep'>): number =>
  2 +
  (answeringSweep === null ? 0 : Number(answeringSweep.selected !== null) + answeringSweep.baselines.length)

export function evaluationSizeWords(
  { prompts, settings }: Pick<Task, 'prompts' | 'settings'>,
  pairs: readonly Pick<PairBrief, 'answeringSweep'>[]
): string {
  const { sampleCount, maxTokens } = settings
  const each = prompts.length * sampleCount
  const variants = pairs.reduce((sum, pair) => sum + countDefaultVariants(pair), 0)
  const answers = `${plural(prompts.length, 'prompt')} × ${formatCount(sampleCount)} = ${plural(each, 'answer')}`
  const all = `${plural(each * variants, 'answer')} of at most ${plural(maxTokens, 'token')}`
  return (
    `${answers} of each variant. ${formatCount(variants)} variants in ${plural(pairs.length, 'pair')}: ${all}. ` +
    'Variants are base, post, the selected range and baselines. Kept recipes and checkpoints are extra.'
  )
}
