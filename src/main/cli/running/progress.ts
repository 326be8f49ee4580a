import { SingleBar } from 'cli-progress'
import type { CheckProgress } from '../../../contract/documents/answer-check'
import type { BytesProgress } from '../../../contract/documents/distances'
import type { EvaluationProgress } from '../../../contract/documents/evaluation'
import type { SampleProgress } from '../../../contract/documents/samples'
import type { SearchProgress } from '../../../contract/documents/search'
import type { SweepProgress } from '../../../contract/documents/sweep-events'
import type { WorkProgress } from '../../../contract/work/progress'
import { formatDuration, plural } from '../../../contract/words/format'
import { bytes, count } from '../printing/output'

/** Progress of work. */
export interface ProgressStep {
  phase: string
  done: number
  /** 0 while unknown. */
  total: number
  /** Text beside the share. */
  status: string
}

export interface ProgressDisplay {
  update(step: ProgressStep): void
  /** Ends the display. The next output starts on a new line. */
  stop(): void
}

/** Frequent enough to show progress, rare enough for a log file. */
const PLAIN_LINE_INTERVAL_MS = 5_000

/** Shows progress on stderr: a bar on a terminal, otherwise a line every few seconds, nothing if quiet. */
export function progressDisplay(quiet: boolean): ProgressDisplay {
  if (quiet) return { update: () => undefined, stop: () => undefined }
  return process.stderr.isTTY ? barDisplay() : lineDisplay()
}

function barDisplay(): ProgressDisplay {
  const bar = new SingleBar({
    format: '{bar} {percentage} %  {status}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    linewrap: true, // leaves the terminal's setting alone, and trims the line to its width
    clearOnComplete: true,
    gracefulExit: false, // Ctrl-C goes through stop() like every other end
    stream: process.stderr
  })
  let running = false
  return {
    update: ({ done, total, status }) => {
      if (total === 0) return // the work is not known yet
      if (!running) bar.start(total, done, { status })
      running = true
      bar.setTotal(total)
      bar.update(done, { status })
    },
    stop: () => {
      if (running) bar.stop()
    }
  }
}

function lineDisplay(): ProgressDisplay {
  let nextLineAt = 0
  let lastPhase = ''
  return {
    update: ({ phase, done, total, status }) => {
      if (Date.now() < nextLineAt && phase === lastPhase) return
      nextLineAt = Date.now() + PLAIN_LINE_INTERVAL_MS
      lastPhase = phase
      process.stderr.write(`${Math.floor(total === 0 ? 0 : (100 * done) / total)} %  ${status}\n`)
    },
    stop: () => undefined
  }
}

/** Describes the progress of any work. */
export function progressStep(work: WorkProgress): ProgressStep {
  switch (work.kind) {
    case 'sweep':
      return sweepStep(work.progress)
    case 'check':
      return checkStep(work.progress)
    case 'search':
      return searchStep(work.progress)
    case 'sample':
      return sampleStep(work.progress)
    case 'evaluate':
      return evaluationStep(work.progress)
    case 'decomposition':
      return bytesStep('decomposing', work.progress)
  }
}

function sweepStep(progress: SweepProgress): ProgressStep {
  const { phase, layer, layerCount, rowsPerSecond } = progress
  const status =
    phase === 'sweeping'
      ? [
          layer === null ? 'sweeping' : `layer ${layer} of 0-${layerCount - 1}`,
          rowsPerSecond === null ? 'time left unknown' : `${count(rowsPerSecond)} rows/s`,
          ...timeLeft(progress)
        ].join(', ')
      : phase
  return { phase, done: progress.rowsDone, total: progress.rowsTotal, status }
}

function searchStep({ generation, candidates, best, sweep }: SearchProgress): ProgressStep {
  const status = [
    `generation ${generation}, ${plural(candidates, 'recipe')}`,
    ...(best === null ? [] : [`best diversity ${best.diversity.toFixed(3)}`]),
    ...timeLeft(sweep)
  ].join(', ')
  return { phase: `generation ${generation}`, done: sweep.rowsDone, total: sweep.rowsTotal, status }
}

function checkStep(progress: CheckProgress): ProgressStep {
  const { rowsDone, rowsTotal, rowsPerSecond } = progress
  const status = [
    'checking full answers',
    ...(rowsPerSecond === null ? [] : [`${count(rowsPerSecond)} rows/s`]),
    ...timeLeft(progress)
  ].join(', ')
  return { phase: 'checking', done: rowsDone, total: rowsTotal, status }
}

function sampleStep(progress: SampleProgress): ProgressStep {
  const { phase, samplesDone, samplesTotal, tokensPerSecond } = progress
  const status =
    progress.trouble ??
    (phase === 'generating'
      ? [
          `${count(samplesDone)} of ${plural(samplesTotal, 'answer')}`,
          ...(tokensPerSecond === null ? [] : [`${count(tokensPerSecond)} tokens/s`]),
          ...answerTimeLeft(progress)
        ].join(', ')
      : phase)
  return { phase, done: samplesDone, total: samplesTotal, status }
}

/** Before the first answer, only a maximum is known. */
function answerTimeLeft({ secondsLeft, mostSecondsLeft }: SampleProgress): string[] {
  if (secondsLeft !== null || mostSecondsLeft === undefined) return timeLeft({ secondsLeft })
  return [`at most ${formatDuration(mostSecondsLeft)} left`]
}

/**
 * Describes the reading of files.
 *
 * @param phase action, such as "comparing"
 * @param ofAll describes the total if it exceeds this phase
 */
export function bytesStep(phase: string, progress: BytesProgress, ofAll = ''): ProgressStep {
  const { bytesDone, bytesTotal, bytesPerSecond } = progress
  const status = [
    `${phase} ${bytes(bytesDone)} of ${bytes(bytesTotal)}${ofAll}`,
    ...(bytesPerSecond === null ? [] : [`${bytes(Math.round(bytesPerSecond))}/s`]),
    ...timeLeft(progress)
  ].join(', ')
  return { phase, done: bytesDone, total: bytesTotal, status }
}

function timeLeft({ secondsLeft }: { secondsLeft: number | null }): string[] {
  return secondsLeft === null ? [] : [`${formatDuration(secondsLeft)} left`]
}

function evaluationStep(progress: EvaluationProgress): ProgressStep {
  if (progress.phase !== 'scoring') return sampleStep({ ...progress, phase: progress.phase })
  const { promptsScored, promptsTotal } = progress
  return {
    phase: 'scoring',
    done: promptsScored,
    total: promptsTotal,
    status: `scoring answers, ${count(promptsScored)} of ${plural(promptsTotal, 'prompt')}`
  }
}
