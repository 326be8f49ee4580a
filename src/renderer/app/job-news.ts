import type { WindowJob } from './window-job'

const QUARTERS = 4

/**
 * Returns announcements of jobs for screen readers: start, each quarter and end. The view announces results and
 * failures.
 *
 * @param current the running job
 * @returns a function with the current announcement; empty before the first job
 */
export function jobNews(current: () => Pick<WindowJob, 'kind' | 'progress'> | null): () => string {
  let last: string | null = null
  return () => {
    const job = current()
    if (job === null || job.progress === null) return last === null ? '' : `${last}: ended`
    // Jobs without a kind are short, and their views announce them.
    if (job.kind === null) return ''
    last = job.progress.name
    // The end of the job announces its last quarter.
    const quarter = Math.min(QUARTERS - 1, Math.floor(job.progress.share * QUARTERS))
    return `${last}: ${quarter === 0 ? 'running' : `${quarter * (100 / QUARTERS)} %`}`
  }
}
