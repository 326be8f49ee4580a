import type { ChecksumsEvent } from '../../contract/documents/checksums'
import type { BytesProgress, DistancesEvent } from '../../contract/documents/distances'
import type { ValuesEvent } from '../../contract/documents/non-finite'
import { FollowedJob, type JobCalls } from './followed-job.svelte'
import { shareOf } from './window-job'
import type { Workbench } from './workbench.svelte'

type ReadingEvent = DistancesEvent | ChecksumsEvent | ValuesEvent
export type ReadingJob = FollowedJob<ReadingEvent, BytesProgress>
type Finished = Extract<ReadingEvent, { type: 'finished' }>

/**
 * A job in main that reads whole checkpoints.
 *
 * @param name of the top bar
 * @param calls main's procedures, asked for at each use: the line to main may have been made anew
 * @param load takes the job's results from how it ended, or fetches what the project has of them
 */
export function readingJob(
  workbench: Workbench,
  name: string,
  calls: () => JobCalls<ReadingEvent>,
  load: (path: string, ending: Finished) => Promise<void> | void
): ReadingJob {
  return new FollowedJob<ReadingEvent, BytesProgress>(workbench, {
    holdsEngine: null,
    tell: ({ bytesDone, bytesTotal, secondsLeft }) => ({
      name,
      share: shareOf(bytesDone, bytesTotal),
      secondsLeft
    }),
    calls,
    advance: (progress, event) => (event.type === 'progress' ? event.progress : progress),
    draw: (progress) => progress,
    async ended(ending, _progress, path) {
      if (ending.type !== 'finished') return
      // The pair is looked at again: it may have changed since the project was opened.
      workbench.accept(await workbench.attempt(() => workbench.client.projects.open({ path })))
      await load(path, ending)
    }
  })
}
