import { type BrowserWindow, powerMonitor } from 'electron'
import type { ShellRequests } from '../workbench/shell'
import type { JobSigns } from './job-signs'
import { confirm, UNSAVED_EDITS } from './questions'

/** Longest time that a hanging page delays the end of the window; Linux gives 5 s at a shutdown (logind.conf). */
const SAVE_LIMIT_MS = 3000

/**
 * Closes the window only after the user has agreed to stop running jobs and edits are saved. A shutdown of the system
 * does not ask about jobs.
 */
export function closeInOrder(window: BrowserWindow, requests: ShellRequests, signs: JobSigns): void {
  let closing = false
  const close = async (confirmJobs: () => Promise<boolean>): Promise<void> => {
    closing = true
    const stopsJobs = await confirmJobs()
    // `saveEdits` returns true if edits still wait for the user, and null if the page did not answer.
    const hasUnsaved = stopsJobs && (await requests.saveEdits(SAVE_LIMIT_MS)) === true
    closing = false
    // `destroy` closes the window without asking, and without calling the listener below.
    const closes = stopsJobs && (!hasUnsaved || (await confirm(window, UNSAVED_EDITS)))
    if (closes && !window.isDestroyed()) window.destroy()
  }
  window.on('close', (event) => {
    event.preventDefault()
    if (!closing) void close(() => confirmStopJobs(window, signs.describe()))
  })
  // At a log-out or shutdown a question would count as an objection, and jobs continue at the next start.
  // Electron's types omit the event of `shutdown`, which its documentation names.
  const endOfSession = (event?: Pick<Event, 'preventDefault'>): void => {
    event?.preventDefault()
    void close(async () => true)
  }
  window.on('query-session-end', endOfSession)
  // For macOS and Linux.
  powerMonitor.on('shutdown', endOfSession)
}

/** Asks whether running jobs may stop. @param running a sentence for each job */
async function confirmStopJobs(window: BrowserWindow, running: readonly string[]): Promise<boolean> {
  if (running.length === 0) return true
  return confirm(window, {
    message: running.join('\n'),
    detail: 'A sweep, a sample run or an evaluation goes on next time where it was stopped; an export starts again.',
    buttons: ['Keep running', 'Stop and quit']
  })
}
