import { createWriteStream, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'node:util'

/** A log of this size is put aside at a start, in the place of the one before it. */
const MAX_LOG_BYTES = 1_000_000

/** Has all that main complains of written to a file as well: a window that was not started from a terminal has none. */
export function keepLog(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'main.log')
  const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 }
  if (size > MAX_LOG_BYTES) renameSync(file, join(folder, 'main.old.log'))
  const log = createWriteStream(file, { flags: 'a' })
  // On a full disk, say, there is no log, and the program goes on.
  log.on('error', () => undefined)
  const complain = console.error
  console.error = (...said: unknown[]) => {
    complain(...said)
    log.write(`${new Date().toISOString()} ${format(...said)}\n`)
  }
}
