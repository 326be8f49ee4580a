import type { ChecksumsEvent } from '../../contract/documents/checksums'
import type { BytesProgress, DistancesEvent } from '../../contract/documents/distances'
import type { ValuesEvent } from '../../contract/documents/non-finite'
import { FollowedJob, type JobCalls } from './followed-job.svelte'
import type { JobKind } from '../../contract/model/job-kinds'
import type { OpenProject } from './open-project.svelte'
import { shareOf } from './window-job'

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
  project: OpenProject,
  kind: JobKind,
  name: string,
  calls: () => JobCalls<ReadingEvent>,
  load: (ending: Finished) => Promise<void> | void
): ReadingJob {
  return new FollowedJob<ReadingEvent, BytesProgress>(project, {
    kind,
    holdsEngine: null,
    tell: ({ bytesDone, bytesTotal, secondsLeft }) => ({
      name,
      share: shareOf(bytesDone, bytesTotal),
      secondsLeft
    }),
    calls,
    advance: (progress, event) => (event.type === 'progress' ? event.progress : progress),
    draw: (progress) => progress,
    async ended(ending) {
      if (ending.type !== 'finished') return
      // The pair is looked at again: it may have changed since the project was opened.
      await project.refresh()
      await load(ending)
    }
  })
}
