import type { Problem } from '../../contract/model/problem'

/** News of a job for the desktop: the taskbar shows the progress, and a notification the end. */
export type JobNews = { /** Name of the job that can begin a sentence, such as "The sweep". */ job: string } & (
  | {
      type: 'progress'
      /** Completed share of the work, 0 to 1; null while it is unknown. */
      share: number | null
      /** Null while it is unknown. */
      secondsLeft: number | null
    }
  | { type: 'finished' }
  | { type: 'failed'; problem: Problem }
  | { type: 'cancelled' }
)

export type PublishJobNews = (news: JobNews) => void

export interface JobNewsTarget {
  readonly publish: PublishJobNews
  /** Name of the job at the beginning of a sentence, such as "The check". */
  readonly job: string
}

/** Returns the news of a job's last event. Any event except a failure or a cancellation means success. */
export function endingNews(job: string, ending: { type: string } | { type: 'failed'; problem: Problem }): JobNews {
  if ('problem' in ending) return { job, type: 'failed', problem: ending.problem }
  return { job, type: ending.type === 'cancelled' ? 'cancelled' : 'finished' }
}
