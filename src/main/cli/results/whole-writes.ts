import { fstatSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

/**
 * Makes a stream into a file write all bytes or fail. Node writes once and ignores how many bytes the system took, so
 * a full disk would cut a result silently. Pipes and terminals are not affected.
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
    // The parent process closed the stream.
    return false
  }
}
