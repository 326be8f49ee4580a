import { mapGet } from '../../contract/model/look-up'
import { WorkbenchError } from '../../contract/model/problem'
import { cancelled } from '../base/files/cancelling'
import type { ProjectOfPair } from '../project/pair/project-pair'

interface WaitingJob {
  readonly project: ProjectOfPair
  readonly begin: () => void
}

/**
 * Decides which project the engine computes for. Jobs of several projects take turns, because each may fill memory.
 * Short questions of one project, such as plans, may run at once.
 */
export class EngineTurn {
  /** Project whose job computes. */
  private holder: ProjectOfPair | null = null
  private readonly waiting: WaitingJob[] = []
  /** Number of running questions by project. */
  private readonly questions = new Map<ProjectOfPair, number>()

  /** @param notify is called whenever the answer of {@link busyFor} may have changed */
  constructor(private readonly notify: () => void) {}

  /** Returns the other project that a job of this project has to wait for; null if the job could begin at once. */
  busyFor(project: ProjectOfPair): ProjectOfPair | null {
    if (this.holder !== null) return this.holder === project ? null : this.holder
    return this.waiting.some((job) => job.project === project) ? this.otherAsking(project) : null
  }

  /** Waits until the engine is free. @returns function that ends the turn @throws WorkbenchError `cancelled` */
  async takeTurn(project: ProjectOfPair, signal: AbortSignal, onWait: () => void): Promise<() => void> {
    if (signal.aborted) throw cancelled('The work')
    if (!this.isFreeFor(project)) await this.wait(project, signal, onWait)
    else this.grant(project)
    return () => {
      this.holder = null
      this.beginNext()
    }
  }

  /** Begins a question, unless another project has the engine. @returns function that ends it */
  ask(project: ProjectOfPair): () => void {
    const other = this.busyFor(project) ?? this.waiting.find((job) => job.project !== project)?.project
    if (other !== undefined) {
      throw new WorkbenchError(
        'busy',
        `The engine computes for the project “${other.name}”.`,
        'Wait for that job, or cancel it.'
      )
    }
    this.questions.set(project, (this.questions.get(project) ?? 0) + 1)
    return () => {
      const left = mapGet(this.questions, project, 'count of questions') - 1
      if (left > 0) this.questions.set(project, left)
      else this.questions.delete(project)
      this.beginNext()
    }
  }

  private isFreeFor(project: ProjectOfPair): boolean {
    return this.holder === null && this.waiting.length === 0 && this.otherAsking(project) === null
  }

  /** Returns another project with a running question. */
  private otherAsking(project: ProjectOfPair): ProjectOfPair | null {
    return [...this.questions.keys()].find((asking) => asking !== project) ?? null
  }

  private grant(project: ProjectOfPair): void {
    this.holder = project
    this.notify()
  }

  private async wait(project: ProjectOfPair, signal: AbortSignal, onWait: () => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(job), 1)
        reject(cancelled('The work'))
        this.beginNext()
      }
      const job: WaitingJob = {
        project,
        begin: () => {
          signal.removeEventListener('abort', leave)
          resolve()
        }
      }
      signal.addEventListener('abort', leave, { once: true })
      this.waiting.push(job)
      this.notify()
      onWait()
    })
  }

  private beginNext(): void {
    const [next] = this.waiting
    if (next !== undefined && this.holder === null && this.otherAsking(next.project) === null) {
      this.waiting.shift()
      this.holder = next.project
      next.begin()
    }
    this.notify()
  }
}
