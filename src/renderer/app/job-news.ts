import type { WindowJob } from './window-job'

const QUARTERS = 4

/**
 * What is said of a job to whoever does not see its bar: that it runs, each quarter of it, and that it has ended. What it found, and
 * why it failed, say the view and the complaint.
 *
 * @param current what runs now
 * @returns the words of now, which change a few times in the course of a job; empty before the first
 */
export function jobNews(current: () => Pick<WindowJob, 'kind' | 'progress'> | null): () => string {
  let last: string | null = null
  return () => {
    const job = current()
    if (job === null || job.progress === null) return last === null ? '' : `${last}: ended`
    // What main does not tell of is over at once, and is told of where it was asked for.
    if (job.kind === null) return ''
    last = job.progress.name
    // The last quarter is told by its end.
    const quarter = Math.min(QUARTERS - 1, Math.floor(job.progress.share * QUARTERS))
    return `${last}: ${quarter === 0 ? 'running' : `${quarter * (100 / QUARTERS)} %`}`
  }
}
