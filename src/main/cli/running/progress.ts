import type { BytesProgress } from '../../../contract/documents/distances'
import { SingleBar } from 'cli-progress'
import { type ProgressStep, bytesStep } from '../../../contract/work/progress'

/** Shows the progress of long work. */
interface ProgressDisplay {
  update(step: ProgressStep): void
  /** Ends the display. The next output starts on a new line. */
  stop(): void
}

/** Time between lines: frequent enough to show progress, and rare enough for a log file. */
const PLAIN_LINE_INTERVAL_MS = 5_000

/** Shows progress on stderr: as a bar on a terminal, else as a line every few seconds. @param quiet shows nothing */
export function progressDisplay(quiet: boolean): ProgressDisplay {
  if (quiet) return { update: () => undefined, stop: () => undefined }
  return process.stderr.isTTY ? barDisplay() : lineDisplay()
}

/** Shows the progress of work that reads bytes. @param phase such as "hashing" */
export async function withBytesShown<T>(
  quiet: boolean,
  phase: string,
  read: (onProgress: (progress: BytesProgress) => void) => Promise<T>
): Promise<T> {
  const display = progressDisplay(quiet)
  try {
    return await read((progress) => display.update(bytesStep(phase, progress)))
  } finally {
    display.stop()
  }
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
