import type { ChecksumsEvent } from '../../contract/checksums'
import type { BytesProgress, DistancesEvent } from '../../contract/distances'
import { FollowedJob, type JobCalls } from './followed-job.svelte'
import type { Workbench } from './workbench.svelte'

type ReadingEvent = DistancesEvent | ChecksumsEvent
export type ReadingJob = FollowedJob<ReadingEvent, BytesProgress>

/**
 * A job in main that reads whole checkpoints.
 *
 * @param calls main's procedures, asked for at each use: the line to main may have been made anew
 * @param load fetches what the project has of the job's results
 */
export function readingJob(
  workbench: Workbench,
  calls: () => JobCalls<ReadingEvent>,
  load: (path: string) => Promise<void>
): ReadingJob {
  return new FollowedJob<ReadingEvent, BytesProgress>(workbench, {
    calls,
    advance: (progress, event) => (event.type === 'progress' ? event.progress : progress),
    draw: (progress) => progress,
    async ended(ending, _progress, path) {
      if (ending.type !== 'finished') return
      // The pair is looked at again: it may have changed since the project was opened.
      workbench.accept(await workbench.attempt(() => workbench.client.projects.open({ path })))
      await load(path)
    }
  })
}
