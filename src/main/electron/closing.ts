import { type BrowserWindow, dialog } from 'electron'
import type { ShellRequests } from '../workbench/shell'
import type { JobSigns } from './job-signs'
import { leavesUnsaved } from './window'

/** A page that hangs cannot keep the window open for longer. */
const SETTLE_LIMIT_MS = 3000

/** Before the window closes its page saves what is being edited, and the user says what becomes of work that runs. */
export function closeInOrder(window: BrowserWindow, requests: ShellRequests, signs: JobSigns): void {
  let closing = false
  window.on('close', (event) => {
    // It is destroyed below, which asks nobody.
    event.preventDefault()
    if (closing) return
    closing = true
    void mayClose(window, requests, signs).then((may) => {
      closing = false
      if (may) window.destroy()
    })
  })
}

async function mayClose(window: BrowserWindow, requests: ShellRequests, signs: JobSigns): Promise<boolean> {
  const running = signs.describe()
  if (running.length > 0 && !(await stopsJobs(window, running))) return false
  const waits = await requests.settle(SETTLE_LIMIT_MS)
  return waits !== true || leavesUnsaved(window)
}

async function stopsJobs(window: BrowserWindow, running: readonly string[]): Promise<boolean> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'question',
    message: running.join('\n'),
    detail:
      'A sweep, a sample run or an evaluation goes on next time where it was stopped; an export starts again.',
    buttons: ['Keep running', 'Stop and quit'],
    defaultId: 0,
    cancelId: 0
  })
  return response === 1
}
