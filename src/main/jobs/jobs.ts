import type { Devices } from '../work/devices'
import type { EngineHost } from '../engine/host'
import type { ProjectOfPair } from '../project/pair/project-pair'
import { Chats } from './chats'
import { Checks } from './checks'
import { EvaluationJobs } from './evaluations'
import { ExportJobs } from './exports'
import type { JobContext } from './job-context'
import type { TellJobNews } from './job-news'
import { JobQueue } from './queue'
import { queuedKinds } from './queued-kinds'
import { EngineQuestions } from './questions'
import { RankJobs } from './ranks'
import { Readings } from './readings'
import { SampleJobs } from './samples'
import { Searches } from './searches'
import { Sweeps } from './sweeps'
import { JobTurns } from './turns'

/** The jobs of all open projects. */
export class ProjectJobs {
  readonly sweeps: Sweeps
  readonly questions: EngineQuestions
  readonly chats: Chats
  readonly checks: Checks
  readonly searches: Searches
  readonly samples: SampleJobs
  readonly evaluations: EvaluationJobs
  readonly readings: Readings
  readonly exports: ExportJobs
  readonly ranks: RankJobs
  readonly queue: JobQueue
  /** State of the jobs, and which of them may begin. */
  readonly turns = new JobTurns()

  constructor(engine: EngineHost, devices: Devices, tell: TellJobNews = () => undefined) {
    const context: JobContext = { engine, devices, turns: this.turns, tell }
    this.sweeps = new Sweeps(context)
    this.questions = new EngineQuestions(context)
    this.chats = new Chats(context)
    this.checks = new Checks(context)
    this.searches = new Searches(context)
    this.samples = new SampleJobs(context)
    this.evaluations = new EvaluationJobs(context)
    this.readings = new Readings(context)
    this.exports = new ExportJobs(context)
    this.ranks = new RankJobs(context)
    this.queue = new JobQueue(queuedKinds(this.sweeps, this.evaluations), this.turns)
  }

  /** Settles when all running and queued jobs of a project are over; null if none runs. */
  done(project: ProjectOfPair): Promise<void> | null {
    return this.queue.done(project) ?? this.turns.done(project)
  }

  async cancelAll(): Promise<void> {
    this.queue.close()
    await this.turns.cancelAll()
  }
}
