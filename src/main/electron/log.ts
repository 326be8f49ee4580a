import { createWriteStream, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'node:util'

/** Size at which a log is renamed at the next start, replacing the previous one. */
const MAX_LOG_BYTES = 1_000_000

/** Also writes main's errors to a file, because a window that was not started from a terminal shows none. */
export function keepLog(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'main.log')
  const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 }
  if (size > MAX_LOG_BYTES) renameSync(file, join(folder, 'main.old.log'))
  const log = createWriteStream(file, { flags: 'a' })
  // Without a log, for example on a full disk, the program continues.
  log.on('error', () => undefined)
  const complain = console.error
  console.error = (...values: unknown[]) => {
    complain(...values)
    log.write(`${new Date().toISOString()} ${format(...values)}\n`)
  }
}
