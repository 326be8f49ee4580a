import { progressShare, type ProgressShare, type WorkProgress } from '../../contract/work/progress'
import type { EngineHost } from '../engine/host'
import type { WorkRuntime } from '../work/work-runtime'
import { Job } from './job'
import type { JobNewsTarget, PublishJobNews } from './job-news'

type ProgressJobOptions<Event> = ProgressJobParts<Event> & {
  run: (report: (event: Event, progress?: ProgressShare) => void, signal: AbortSignal) => Promise<Event>
  news?: JobNewsTarget
}

interface ProgressJobParts<Event> {
  name: string
  /** Event before any progress. */
  first: Event
  id?: string
  /** Removes stored data of work that was cancelled before it began. */
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
      run: (_id, facts, signal) => run((event, progress) => facts.set('progress', event, progress), signal),
      snapshot: (_id, facts) => facts[0] ?? first,
      events: (facts) => [...facts],
      abandon: () => abandon?.() ?? Promise.resolve(),
      news
    },
    id
  )
}

/**
 * Creates the job of work that computes, such as a sweep or a search.
 *
 * @param parts.eventOf converts progress to an event of the job; null for progress that the job does not report
 */
export function createWorkJob<Event extends { type: string }>(
  { engine, publish }: { engine: EngineHost; publish: PublishJobNews },
  {
    eventOf,
    run,
    ...job
  }: ProgressJobParts<Event> & {
    eventOf: (work: WorkProgress) => Event | null
    run: (runtime: WorkRuntime) => Promise<Event>
  }
): Job<Event, Event> {
  return createProgressJob<Event>({
    ...job,
    news: { publish, job: job.name.replace(/^t/, 'T') },
    run: (report, signal) =>
      run({
        engine: engine.client(),
        signal,
        notify(event) {
          const jobEvent = event.type === 'progress' ? eventOf(event) : null
          if (event.type === 'progress' && jobEvent !== null) report(jobEvent, progressShare(event))
        }
      })
  })
}
