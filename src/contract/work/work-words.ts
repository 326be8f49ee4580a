import type { PairBrief } from '../documents/project'
import type { Task } from '../documents/task'
import { DEVICE_LABELS } from '../model/device'
import type { Problem } from '../model/problem'
import { formatCount, formatDuration, formatPercent, plural } from '../words/format'
import { shellWord } from '../words/shell-word'
import type { ProgressShare } from './progress'
import type { QueuedWork, ShownJob, StudyState, StudyStepWork, WorkListState, WorkOutcome } from './work-list'

/** State of work from the click that stops it until its end. */
export const STOPPING = 'Stopping…'

/** State of work that waits for a job of another project to end. */
export const waitingForWords = (project: string): string => `Waiting for “${project}”`

export function workName({ work, taskName }: { work: QueuedWork | StudyStepWork; taskName: string | null }): string {
  switch (work.kind) {
    case 'sweep':
      return work.settings.preview === true ? 'Preview' : 'Sweep'
    case 'lineage':
      return 'Lineage'
    case 'check':
      return 'Full-answer check'
    case 'evaluate': {
      const { device = 'cpu' } = work.settings
      const task = taskName === null ? '' : ` by ${taskName}`
      return `Evaluation${task}${device === 'cpu' ? '' : ` on ${DEVICE_LABELS[device]}`}`
    }
    case 'report':
      return 'Report'
  }
}

/** Entry of a project's work, with the state that windows show. */
type ShownWork = Pick<ShownJob, 'state' | 'progress' | 'seconds' | 'problem'> & {
  work: QueuedWork | StudyStepWork
}

/** Describes the state of an entry. @param isEnded true for a step of a study that no longer runs */
export function workStateWords(entry: ShownWork, waitsFor: string | null = null, isEnded = false): string {
  const { state, progress } = entry
  switch (state) {
    case 'waiting':
      return isEnded ? 'Not started' : waitingWords(entry)
    case 'running':
      if (isEnded) return 'Started; partial results are saved'
      return waitsFor === null ? runningWords(progress) : waitingForWords(waitsFor)
    case 'stopping':
      return STOPPING
    case 'stopped':
      return entry.problem?.message ?? 'Stopped'
    default:
      return outcomeWords({ ...entry, outcome: state })
  }
}

export function outcomeWords({
  outcome,
  seconds,
  problem
}: Pick<ShownWork, 'seconds' | 'problem'> & { outcome: WorkOutcome }): string {
  const took = seconds === null ? '' : ` in ${formatDuration(seconds)}`
  const reason = problem === null ? '' : `. ${problem.message}`
  switch (outcome) {
    case 'found':
      return 'Already there'
    case 'computed':
      return `Computed${took}`
    case 'written':
      return `Written${took}`
    case 'failed':
      return `Failed${reason}`
    case 'left out':
      return `Skipped${reason}`
  }
}

function runningWords({ share, secondsLeft }: ProgressShare): string {
  const running = share === null ? 'Running' : `Running, ${formatPercent(share)}`
  return secondsLeft === null ? running : `${running}, about ${formatDuration(secondsLeft)} left`
}

function waitingWords({ work, progress: { secondsLeft, estimatedFrom } }: ShownWork): string {
  if (secondsLeft === null) return 'Waiting'
  const isSweep = work.kind === 'sweep' && work.settings.preview !== true
  const last =
    estimatedFrom === undefined
      ? 'the last one'
      : estimatedFrom === 'preview' && isSweep
        ? 'the pace of the last preview'
        : `the last ${estimatedFrom}`
  return `Waiting, about ${formatDuration(secondsLeft)} by ${last}`
}

/** Describes a stopped job. @param kept saved results, such as `8 of 40 prompts`; null for none */
export const stoppedProblem = (kept: string | null): Problem => ({
  code: 'cancelled',
  message: kept === null ? 'Stopped before there was anything to save.' : `Stopped. ${kept} are saved.`,
  hint: kept === null ? 'Go on to begin it again.' : 'Go on to compute the rest.'
})

/** Describes the remaining time of the queue; null when nothing runs or waits. */
export function timeLeftWords({ jobs, paused, waits }: WorkListState): string | null {
  const pending = jobs.filter(({ problem }) => problem === null)
  if (pending.length === 0) return null
  const times = pending.map(({ progress: { secondsLeft } }) => secondsLeft).filter((seconds) => seconds !== null)
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

/** Lists finished jobs in order, such as `Done: Preview of a, b.`; null for none. */
export function doneWords(done: WorkListState['done'], nameOf: (pair: string) => string): string | null {
  if (done.length === 0) return null
  const pairs = new Map<string, string[]>()
  for (const job of done) {
    const name = workName(job)
    pairs.set(name, [...(pairs.get(name) ?? []), nameOf(job.pair)])
  }
  return `Done: ${[...pairs].map(([name, names]) => `${name} of ${names.join(', ')}`).join('; ')}.`
}

export function studyWords({ steps, running, ended, file }: StudyState): string {
  const runningIndex = steps.findIndex(({ state }) => state === 'running')
  const now = steps[runningIndex]
  const undone = steps.filter(({ problem }) => problem !== null).length
  const lost = undone === 0 ? '' : `, ${undone} not done`
  if (running) {
    if (now === undefined) return `${plural(steps.length, 'step')}${lost}; the next starts.`
    const { secondsLeft } = now.progress
    const time = secondsLeft === null ? 'time left unknown' : `about ${formatDuration(secondsLeft)} left of it`
    return `Step ${runningIndex + 1} of ${steps.length}, ${now.id}: ${time}${lost}.`
  }
  if (ended === 'done' && undone === 0) return `Done: ${plural(steps.length, 'step')}.`
  const done = steps.filter(({ state, problem }) => state !== 'waiting' && state !== 'running' && problem === null)
  const state = ended === 'done' ? 'Ended' : 'Stopped'
  const count = `${done.length} of ${plural(steps.length, 'step')} done${lost}`
  return `${state}: ${count}. Resume with: slr study ${shellWord(file)}`
}

/** Counts the default variants of a pair's evaluation: base, post, the selected range and baselines. */
export const countDefaultVariants = ({ defaultSweep }: Pick<PairBrief, 'defaultSweep'>): number =>
  2 + (defaultSweep === null ? 0 : Number(defaultSweep.selected !== null) + defaultSweep.baselines.length)

export function evaluationSizeWords(
  { prompts, settings }: Pick<Task, 'prompts' | 'settings'>,
  pairs: readonly Pick<PairBrief, 'defaultSweep'>[]
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
