import { randomUUID } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import open from 'open'
import { writeFileAtomic } from '../base/files/atomic-file'
import { projectsFolder } from '../base/files/places'
import { markup } from '../base/markup'

/** A browser that has not been running takes its time. */
const READ_LIMIT_MS = 30_000

/**
 * Shows an address in the user's browser. Command lines can be read by every user of the machine, so the browser is given a
 * file that leads there and that only this user can read. The file lies among the projects, since browsers in a
 * sandbox of their own may not read hidden folders; it goes when `used` fires, or after a while.
 *
 * @param start has a browser show a file; resolves to the process that does
 */
export async function showInBrowser(
  url: string,
  used: AbortSignal,
  start: (address: string) => Promise<EventEmitter> = open
): Promise<void> {
  const file = join(projectsFolder(), `open-${randomUUID()}.html`)
  try {
    await mkdir(projectsFolder(), { recursive: true })
    await writeFileAtomic(file, leadingTo(url), 0o600)
    const opener = await start(pathToFileURL(file).href)
    // The address is known already, so a missing opener needs no words.
    opener.on('error', () => undefined)
    await setTimeout(READ_LIMIT_MS, undefined, { signal: used })
  } catch {
    // Same; and it is how waiting ends when the file has been used.
  } finally {
    await rm(file, { force: true }).catch(() => undefined)
  }
}

function leadingTo(url: string): string {
  return markup`<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${url}">
<title>SLR Workbench</title>
<a href="${url}">SLR Workbench</a>
`.source
}
