import type { QueueProgress } from '../../contract/documents/queue'
import { Job } from './job'
import { endingNews, type TellJobNews } from './job-news'

export interface ProgressJobOptions<Event> {
  /** Name for messages about defects, such as "the check". */
  name: string
  /** Shown before the first report. */
  first: Event
  /** Does the work, and resolves with the event of its end. */
  run: (report: (event: Event, progress?: QueueProgress) => void, signal: AbortSignal) => Promise<Event>
  /** Receives news for the taskbar; left out for work that only its window shows. */
  news?: { tell: TellJobNews; /** At the beginning of a sentence, such as "The check". */ job: string }
  id?: string
  /** Removes what was stored for work that was cancelled before it began. */
  abandon?: () => Promise<void>
}

/** Creates a job whose watchers see the latest progress and the end. */
export function createProgressJob<Event extends { type: string }>({
  name,
  first,
  run,
  news,
  id,
  abandon
}: ProgressJobOptions<Event>): Job<Event, Event> {
  return new Job<Event, Event>(
    {
      name,
      run: (_id, facts, signal) =>
        run((event, progress) => {
          facts.set('progress', event)
          if (progress !== undefined) news?.tell({ job: news.job, type: 'progress', ...progress })
        }, signal),
      snapshot: (_id, facts) => facts[0] ?? first,
      events: (facts) => [...facts],
      abandon: () => abandon?.() ?? Promise.resolve(),
      onEnd: (ending) => news?.tell(endingNews(news.job, ending))
    },
    id
  )
}
