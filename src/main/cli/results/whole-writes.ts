import { fstatSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

/**
 * Has a stream of the program that goes into a file write all that it is given, or fail. Node's own writes once and does not look at how
 * many bytes the system took, so that a disk that fills up cuts a result short without an error. Pipes and terminals do look.
 */
export function writeWhole(stream: Writable & { readonly fd: number }): void {
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
    // Closed by who started the program.
    return false
  }
}
