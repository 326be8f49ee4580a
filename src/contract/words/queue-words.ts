import { DEVICE_LABELS } from '../model/device'
import type { QueuedWork, QueueProgress, QueueState } from '../documents/queue'
import type { PairBrief } from '../documents/project'
import type { Task } from '../documents/task'
import type { Problem } from '../model/problem'
import { STOPPING, waitingForWords } from './job-words'
import { formatCount, formatDuration, formatPercent, plural } from './format'

type QueuedJobState = QueueState['jobs'][number]

/** What is done, as it stands in a list. */
export function workWords(work: QueuedWork): string {
  if (work.kind === 'sweep') return work.preview ? 'Preview' : 'Sweep'
  const { task, computing } = work
  const device = computing.device === 'cpu' ? '' : ` on ${DEVICE_LABELS[computing.device]}`
  return `Evaluation by ${task.name}${device}`
}

/** How far a job is. @param waitsFor name of the project whose job one that runs waits for; null for none */
export function jobStateWords(
  { work, state, problem, progress: { share, secondsLeft, toldBy } }: QueuedJobState,
  waitsFor: string | null = null
): string {
  if (state === 'stopping') return STOPPING
  if (state === 'running' && waitsFor !== null) return waitingForWords(waitsFor)
  if (problem !== null) return state === 'stopped' ? problem.message : `Failed: ${problem.message}`
  const about = secondsLeft === null ? '' : `about ${formatDuration(secondsLeft)}`
  if (state === 'waiting') return about === '' ? 'Waits' : `Waits, ${about} by ${lastWords(work, toldBy)}`
  const done = share === null ? 'Running' : `Running, ${formatPercent(share)}`
  return about === '' ? done : `${done}, ${about} left`
}

/** What the time of a job that waits is told by. */
const lastWords = (work: QueuedWork, toldBy: QueueProgress['toldBy']): string =>
  toldBy === undefined
    ? 'the last one'
    : toldBy === 'preview' && work.kind === 'sweep' && !work.preview
      ? 'the pace of the last preview'
      : `the last ${toldBy}`

/** What is said of a job that was stopped, and how it goes on. @param kept what it has kept, as in `8 of 40 prompts`; null for nothing */
export const stoppedProblem = (kept: string | null): Problem => ({
  code: 'cancelled',
  message: kept === null ? 'Stopped before it had anything to keep.' : `Stopped; ${kept} are kept.`,
  hint: kept === null ? 'Go on to begin it again.' : 'Go on to compute the rest.'
})

/**
 * How long the line takes still: what is known of the jobs in it, and of how many nothing is known.
 *
 * @returns null when nothing runs or waits
 */
export function timeLeftWords({ jobs, paused, waits }: QueueState): string | null {
  const ahead = jobs.filter(({ state }) => state !== 'failed' && state !== 'stopped')
  if (ahead.length === 0) return null
  const known = ahead.flatMap(({ progress: { secondsLeft } }) => secondsLeft ?? [])
  const total = formatDuration(known.reduce((sum, seconds) => sum + seconds, 0))
  const unknown = ahead.length - known.length
  const left =
    known.length === 0
      ? 'time left not known yet'
      : unknown === 0
        ? `about ${total} left`
        : `about ${total} left for ${known.length} of them, not known for ${unknown}`
  const held = paused ? 'Paused: ' : waits ? 'Waiting for a job started by hand: ' : ''
  return `${held}${plural(ahead.length, 'job')}, ${left}`
}

/**
 * What was finished, in the order of its end: `Done: Preview of a, b; Sweep of c.`
 *
 * @param nameOf a pair, by its id
 * @returns null when nothing was
 */
export function doneWords(done: QueueState['done'], nameOf: (pair: string) => string): string | null {
  if (done.length === 0) return null
  const pairs = new Map<string, string[]>()
  for (const { pair, work } of done) {
    const what = workWords(work)
    pairs.set(what, [...(pairs.get(what) ?? []), nameOf(pair)])
  }
  return `Done: ${[...pairs].map(([what, names]) => `${what} of ${names.join(', ')}`).join('; ')}.`
}

/** How many variants an evaluation of a pair begins with, but for kept recipes and checkpoints: base, post, the selected range and baselines. */
export const variantsOf = ({ answeringSweep }: Pick<PairBrief, 'answeringSweep'>): number =>
  2 +
  (answeringSweep === null ? 0 : Number(answeringSweep.selected !== null) + answeringSweep.baselines.length)

/** How much an evaluation of several pairs asks for, before it is begun. */
export function evaluationSizeWords(
  { prompts, settings }: Pick<Task, 'prompts' | 'settings'>,
  pairs: readonly Pick<PairBrief, 'answeringSweep'>[]
): string {
  const { sampleCount, maxTokens } = settings
  const each = prompts.length * sampleCount
  const variants = pairs.reduce((sum, pair) => sum + variantsOf(pair), 0)
  return (
    `${plural(prompts.length, 'prompt')} × ${formatCount(sampleCount)} = ${plural(each, 'answer')} of each variant; ` +
    `${formatCount(variants)} variants in ${plural(pairs.length, 'pair')} (base, post, selected range, baselines): ` +
    `${plural(each * variants, 'answer')} of at most ${plural(maxTokens, 'token')}. Kept recipes and checkpoints come on top.`
  )
}
