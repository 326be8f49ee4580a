import { randomUUID } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import open from 'open'
import { writeFileAtomic } from '../base/files/atomic-file'
import { projectsFolder } from '../base/files/paths'
import { markup } from '../base/markup'

/** Time for a browser that has to start first. */
const READ_LIMIT_MS = 30_000

/**
 * Shows an address in the browser by a file that redirects to it, because other users can read command lines. The file
 * is in the projects folder, where sandboxed browsers may read, and is deleted when `used` fires or after 30 seconds.
 *
 * @param start opens an address with the system's browser
 */
export async function showInBrowser(
  url: string,
  used: AbortSignal,
  start: (address: string) => Promise<EventEmitter> = open
): Promise<void> {
  const file = join(projectsFolder(), `open-${randomUUID()}.html`)
  try {
    await mkdir(projectsFolder(), { recursive: true })
    await writeFileAtomic(file, redirectPage(url), 0o600)
    const opener = await start(pathToFileURL(file).href)
    // The address was already printed, so a missing opener needs no message.
    opener.on('error', () => undefined)
    await setTimeout(READ_LIMIT_MS, undefined, { signal: used })
  } catch {
    // Ignored for the same reason; an abort also ends the waiting when the file has been used.
  } finally {
    await rm(file, { force: true }).catch(() => undefined)
  }
}

function redirectPage(url: string): string {
  return markup`<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${url}">
<title>SLR Workbench</title>
<a href="${url}">SLR Workbench</a>
`.source
}
