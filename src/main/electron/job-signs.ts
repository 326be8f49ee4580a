import { app, BrowserWindow, Notification, powerSaveBlocker } from 'electron'
import { formatDuration } from '../../contract/words/format'
import type { JobNews } from '../jobs/job-news'
import { bringToFront } from './window'

/** Values of Electron's progress bar for work of unknown length, and for none. */
const INDETERMINATE = 2
const NONE = -1

/** Shows in the taskbar and by notifications that jobs run and end, and keeps the machine awake for them. */
export class JobSigns {
  /** Latest progress of each running job, by its title. */
  private readonly running = new Map<string, Extract<JobNews, { type: 'progress' }>>()
  /** Electron's id of the request to stay awake; null without one. */
  private awake: number | null = null
  /** Notifications on screen. Electron would drop notifications, and their click handlers, without this reference. */
  private readonly notifications = new Set<Notification>()

  receive(news: JobNews): void {
    if (news.type === 'progress') this.running.set(news.job, news)
    else this.running.delete(news.job)
    const [first] = this.running.values()
    for (const window of BrowserWindow.getAllWindows()) {
      window.setProgressBar(first === undefined ? NONE : (first.share ?? INDETERMINATE))
    }
    this.keepAwake(this.running.size > 0)
    if (news.type === 'finished') this.announce(`${news.job} is done.`)
    else if (news.type === 'failed') this.announce(`${news.job} failed: ${news.problem.message}`)
  }

  /** Describes running jobs, a sentence each. */
  describe(): string[] {
    return Array.from(this.running.values(), ({ job, share, secondsLeft }) => {
      const done = share === null ? '' : ` (${Math.floor(share * 100)} %)`
      const left = secondsLeft === null ? '' : `, about ${formatDuration(secondsLeft)} left`
      return `${job} is running${done}${left}.`
    })
  }

  private keepAwake(wanted: boolean): void {
    if (wanted) this.awake ??= powerSaveBlocker.start('prevent-app-suspension')
    else if (this.awake !== null) {
      powerSaveBlocker.stop(this.awake)
      this.awake = null
    }
  }

  /** Shows a notification of the system, unless the window has the focus. */
  private announce(body: string): void {
    const [window] = BrowserWindow.getAllWindows()
    if (window === undefined || window.isFocused()) return
    window.flashFrame(true)
    // Linux and Windows flash until stopped.
    window.once('focus', () => window.flashFrame(false))
    app.dock?.bounce()
    if (!Notification.isSupported()) return
    const notification = new Notification({ title: 'SLR Workbench', body })
    this.notifications.add(notification)
    notification.on('click', () => bringToFront(window))
    notification.on('close', () => this.notifications.delete(notification))
    // For example in an unsigned program on macOS.
    notification.on('failed', () => this.notifications.delete(notification))
    notification.show()
  }
}
