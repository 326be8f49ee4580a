import type { Problem } from '../../contract/model/problem'

/** What is told of a job outside the window's page: to the taskbar while it goes on, and to the user when it is over. */
export type JobNews = { /** As it begins a sentence, such as "The sweep". */ job: string } & (
  | {
      type: 'progress'
      /** Of the work, 0 to 1; null while that is not known. */
      share: number | null
      /** Null while that is not known. */
      secondsLeft: number | null
    }
  | { type: 'finished' }
  | { type: 'failed'; problem: Problem }
  | { type: 'cancelled' }
)

export type TellJobNews = (news: JobNews) => void

/** The news of a job's last event; only failures and cancelled jobs end otherwise than well. */
export function endingNews(
  job: string,
  ending: { type: string } | { type: 'failed'; problem: Problem }
): JobNews {
  if ('problem' in ending) return { job, type: 'failed', problem: ending.problem }
  return { job, type: ending.type === 'cancelled' ? 'cancelled' : 'finished' }
}
