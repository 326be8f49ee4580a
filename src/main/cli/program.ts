import { fstatSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { endSandbox } from '../sandbox/host'
import { failUnexpectedly, runCommandLine } from './command-line'
import { streamProblem } from './printing/output'
import { describeStop } from './running/stopped'

/** Runs `slr` as a process, with its streams and unexpected errors. @returns as {@link runCommandLine} */
export async function runProgram(args: readonly string[], signal: AbortSignal): Promise<number | null> {
  // A reader may close the pipe (`| head`). This is no error, and the work goes on to its end.
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
  // A process that reads a large tokenizer would hold this program for seconds.
  signal.addEventListener('abort', endSandbox, { once: true })
  return runCommandLine(args, signal)
}

/** Makes a stream into a file write all bytes or fail. Node writes once, so a full disk would cut a result silently. */
function writeWhole(stream: Writable & { readonly fd: number }): void {
  if (!isFile(stream.fd)) return
  stream._write = (chunk: Uint8Array, _, done) => {
    try {
      for (let written = 0; written < chunk.length;) written += writeSync(stream.fd, chunk, written)
      done()
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile()
  } catch {
    // The parent process closed the stream.
    return false
  }
}
