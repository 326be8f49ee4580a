import type { ChecksumsEvent } from '../../contract/documents/checksums'
import type { BytesProgress, DistancesEvent } from '../../contract/documents/distances'
import type { ValuesEvent } from '../../contract/documents/non-finite'
import { BackgroundJob, progressOnly } from './background-job.svelte'
import type { OpenProject } from './open-project.svelte'
import { doneShare } from './window-job'

type ReadingEvent = DistancesEvent | ChecksumsEvent | ValuesEvent
type Finished = Extract<ReadingEvent, { type: 'finished' }>
type ReadingKind = 'distances' | 'checksums' | 'values'

/** A job in main that reads whole checkpoints. */
export class ReadingJob extends BackgroundJob<ReadingEvent, BytesProgress> {
  private readonly ask: () => Promise<unknown>

  /** @param name names the job in the top bar @param load reads the results from the ending or from the project */
  constructor(project: OpenProject, kind: ReadingKind, name: string, load: (ending: Finished) => Promise<void> | void) {
    super(project, {
      kind,
      holdsEngine: null,
      describeProgress: ({ bytesDone, bytesTotal, secondsLeft }) => ({
        name,
        share: doneShare(bytesDone, bytesTotal),
        secondsLeft
      }),
      calls: () => project.client[kind],
      ...progressOnly<ReadingEvent, BytesProgress>(),
      async ended(ending) {
        if (ending.type !== 'finished') return
        // The pair may have changed since the project was opened.
        await project.refresh()
        await load(ending)
      }
    })
    this.ask = () => project.client[kind].start(project.here)
  }

  /** Starts the job and follows it to its end. Does nothing while it runs. */
  async start(): Promise<void> {
    if (!this.busy) await this.begin(this.ask)
  }
}
