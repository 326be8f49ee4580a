import { createWriteStream, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'node:util'

/** Size above which the log becomes main.old.log at the next start. */
const MAX_LOG_BYTES = 1_000_000

/** Writes main's errors to a log file too, because a program that was not started from a terminal has no stderr. */
export function keepLog(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'main.log')
  const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 }
  if (size > MAX_LOG_BYTES) renameSync(file, join(folder, 'main.old.log'))
  const log = createWriteStream(file, { flags: 'a' })
  // If the log cannot be written, for example on a full disk, the program continues without it.
  log.on('error', () => undefined)
  const complain = console.error
  console.error = (...values: unknown[]) => {
    complain(...values)
    log.write(`${new Date().toISOString()} ${format(...values)}\n`)
  }
}
