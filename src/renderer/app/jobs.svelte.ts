import type { FailedJob, ProjectState } from '../../contract/documents/project'
import type { JobKind } from '../../contract/model/job-kinds'
import type { WindowJob } from './window-job'

/** The kinds of job of an open project: each adds itself when it is made, before any of this is asked. */
export class WindowJobs {
  private readonly all: WindowJob[] = []

  /** What runs now, for the top bar and the title; of several, the kind that was added first. */
  readonly current = $derived(this.all.find(({ progress }) => progress !== null) ?? null)

  add(job: WindowJob): void {
    this.all.push(job)
  }

  /** Hears what main does for the project, and what it could not do. */
  hear({ running, failed }: Pick<ProjectState, 'running' | 'failed'>): void {
    for (const job of this.all) {
      const isOfJob = ({ kind }: FailedJob): boolean => kind === job.kind
      job.hear?.(job.kind !== null && running.includes(job.kind), failed.find(isOfJob) ?? null)
    }
  }

  /** What another window has done and cannot be followed in this one, in words; null when nothing is. */
  elsewhere(running: readonly JobKind[]): string | null {
    const other = this.all.find(
      ({ kind, elsewhere, busy }) => kind !== null && elsewhere !== null && running.includes(kind) && !busy
    )
    return other?.elsewhere ?? null
  }

  /** Why nothing that needs the engine can begin beside what runs here; null when it can. See `OpenProject.whyNot`. */
  whyNot(then: string, own?: WindowJob): string | null {
    const running = this.all.find(({ holdsEngine, busy }) => holdsEngine !== null && busy)
    if (running === undefined) return null
    return `${running.holdsEngine}${running === own ? '.' : `; ${then} when that is done.`}`
  }
}
