import { failUnexpectedly, runCommandLine } from './command-line'
import { streamProblem } from './printing/output'
import { describeStop } from './running/stopped'
import { writeWhole } from './results/whole-writes'

/** Runs `slr` as a process, with its streams and unexpected errors. @returns as {@link runCommandLine} */
export async function runProgram(args: readonly string[], signal: AbortSignal): Promise<number | null> {
  // A reader may close the pipe (`| head`). Work under way then still ends well.
  for (const [name, stream] of [
    ['stdout', process.stdout],
    ['stderr', process.stderr]
  ] as const) {
    writeWhole(stream)
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw streamProblem(name, error)
    })
  }
  process.on('uncaughtException', (error) => {
    process.exit(failUnexpectedly(error))
  })
  if (signal.aborted) {
    describeStop(args, signal)
    return null
  }
  return runCommandLine(args, signal)
}
