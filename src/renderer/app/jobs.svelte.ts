import type { FailedJob, ProjectState } from '../../contract/documents/project'
import type { JobKind } from '../../contract/model/job-kinds'
import type { WindowJob } from './window-job'

/** All kinds of job of an open project. Each adds itself in its constructor. */
export class WindowJobs {
  private readonly all: WindowJob[] = []

  /** The running job that the bar and the title show. If several run, the kind that was added first. */
  readonly current = $derived(this.all.find(({ progress }) => progress !== null) ?? null)

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
