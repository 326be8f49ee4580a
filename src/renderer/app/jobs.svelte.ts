import type { FailedJob, ProjectState } from '../../contract/documents/project'
import type { JobKind } from '../../contract/model/job-kinds'
import { type View, viewOfJob } from './place'
import type { WindowJob } from './window-job'

/** Reports whether a view shows the progress of a job, with a button to cancel it. */
export const showsJob = (view: View, { kind }: WindowJob): boolean => kind !== null && viewOfJob(kind) === view

/** All kinds of job of an open project. Each adds itself in its constructor. */
export class WindowJobs {
  private readonly all: WindowJob[] = []

  private readonly running = $derived(this.all.filter(({ progress }) => progress !== null))
  /** The running job that the title shows. If several run, the kind that was added first. */
  readonly current = $derived(this.running[0] ?? null)

  /** Returns the running job that the bar shows: one that the view does not show, if there is one. */
  inBar(view: View): WindowJob | null {
    return this.running.find((job) => !showsJob(view, job)) ?? this.current
  }

  add(job: WindowJob): void {
    this.all.push(job)
  }

  /** Passes main's report on running and failed jobs to each job. */
  update({ running, failed }: Pick<ProjectState, 'running' | 'failed'>): void {
    for (const job of this.all) {
      const isOfJob = ({ kind }: FailedJob): boolean => kind === job.kind
      job.onStatus?.(job.kind !== null && running.includes(job.kind), failed.find(isOfJob) ?? null)
    }
  }

  /**
   * Returns why no job of the engine can start beside the running ones; null if one can. See `OpenProject.whyNot`.
   *
   * @param reported running jobs in main, which this window may not follow yet
   */
  whyNot(reported: readonly JobKind[], then: string, starter?: WindowJob): string | null {
    const isReported = ({ kind }: WindowJob): boolean => kind !== null && reported.includes(kind)
    const running = this.all.find((job) => job.holdsEngine !== null && (job.busy || isReported(job)))
    if (running === undefined) return null
    if (!running.busy && running.otherWindowNotice !== null) return running.otherWindowNotice
    return `${running.holdsEngine}${running === starter ? '.' : `; ${then} when that is done.`}`
  }
}
