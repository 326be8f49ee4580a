import { SingleBar } from 'cli-progress'
import type { SweepProgress } from '../../contract/sweep-events'
import { count, duration } from './output'

export interface ProgressDisplay {
  update(progress: SweepProgress): void
  /** Ends the display; whatever is written next starts on a line of its own. */
  stop(): void
}

/** Often enough to see that it lives, seldom enough for a log file. */
const PLAIN_LINE_INTERVAL_MS = 5_000

/** How a sweep gets on, on stderr: a bar on a terminal, a line every few seconds elsewhere, nothing when quiet. */
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
    update: (progress) => {
      if (progress.rowsTotal === 0) return // the work is not known yet
      if (!running) bar.start(progress.rowsTotal, progress.rowsDone, { status: status(progress) })
      running = true
      bar.setTotal(progress.rowsTotal)
      bar.update(progress.rowsDone, { status: status(progress) })
    },
    stop: () => {
      if (running) bar.stop()
    }
  }
}

function lineDisplay(): ProgressDisplay {
  let nextLineAt = 0
  let phase: SweepProgress['phase'] | null = null
  return {
    update: (progress) => {
      if (Date.now() < nextLineAt && progress.phase === phase) return
      nextLineAt = Date.now() + PLAIN_LINE_INTERVAL_MS
      phase = progress.phase
      const share = progress.rowsTotal === 0 ? 0 : progress.rowsDone / progress.rowsTotal
      process.stderr.write(`${Math.floor(100 * share)} %  ${status(progress)}\n`)
    },
    stop: () => undefined
  }
}

function status(progress: SweepProgress): string {
  if (progress.phase !== 'sweeping') return progress.phase
  return [
    progress.layer === null ? 'sweeping' : `layer ${progress.layer} of 0-${progress.layerCount - 1}`,
    ...(progress.rowsPerSecond === null ? [] : [`${count(progress.rowsPerSecond)} rows/s`]),
    ...(progress.secondsLeft === null ? [] : [`${duration(progress.secondsLeft)} left`])
  ].join(', ')
}
