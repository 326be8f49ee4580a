import type { ProbeEvent } from '../../contract/procedures/probe'
import type { SweepPlan } from '../../contract/documents/sweep-plan'
import type { RankEvent } from '../../contract/documents/rank-table'
import type { Recipe } from '../../contract/model/recipe'
import { progressShare } from '../../contract/work/progress'
import type { Devices } from '../work/devices'
import type { EngineHost } from '../engine/host'
import type { ProjectOfPair, ProjectPair } from '../project/pair/project-pair'
import { deviceAndMemory } from '../work/device-and-memory'
import { type NextTokenRequest, probeRecipe } from '../work/next-token'
import { pairPaths } from '../project/demo'
import { scoreRanks } from '../work/rank-table'
import type { SweepWork } from '../work/sweep'
import { projectContext } from '../work/work-context'
import { Chats } from './chats'
import { Checks } from './checks'
import { EvaluationJobs } from './evaluations'
import { ExportJobs } from './exports'
import type { JobContext } from './job-context'
import type { PublishJobNews } from './job-news'
import { Lineages } from './lineages'
import { JobQueue } from './queue'
import { queuedKinds } from './queued-kinds'
import { Readings } from './readings'
import { SampleJobs } from './samples'
import { Searches } from './searches'
import { Servings } from './serving'
import { openNextSweep, Sweeps } from './sweeps'
import { JobTurns } from './turns'
import type { JobTable } from './job-table'
import { createWorkJob } from './progress-job'

/** All kinds of jobs of the open projects. Each property starts and reports jobs of one kind. */
export class ProjectJobs {
  readonly sweeps: Sweeps
  readonly questions: EngineQuestions
  readonly chats: Chats
  readonly checks: Checks
  readonly lineages: Lineages
  readonly searches: Searches
  readonly samples: SampleJobs
  readonly evaluations: EvaluationJobs
  readonly readings: Readings
  readonly exports: ExportJobs
  readonly ranks: RankJobs
  readonly serving: Servings
  readonly queue: JobQueue
  readonly turns = new JobTurns()

  constructor(engine: EngineHost, devices: Devices, publish: PublishJobNews = () => undefined) {
    const context: JobContext = { engine, devices, turns: this.turns, publish }
    this.sweeps = new Sweeps(context)
    this.questions = new EngineQuestions(context)
    this.chats = new Chats(context)
    this.checks = new Checks(context)
    this.lineages = new Lineages(context)
    this.searches = new Searches(context)
    this.samples = new SampleJobs(context)
    this.evaluations = new EvaluationJobs(context)
    this.readings = new Readings(context)
    this.exports = new ExportJobs(context)
    this.ranks = new RankJobs(context)
    this.serving = new Servings(context)
    this.queue = new JobQueue(queuedKinds(this.sweeps, this.lineages, this.evaluations), this.turns)
  }

  /** Settles when the project's queue and its jobs end, also those that begin after others; null if nothing runs. */
  done(project: ProjectOfPair): Promise<void> | null {
    const running = this.queue.done(project) ?? this.turns.done(project)
    return running?.then(() => this.done(project) ?? undefined) ?? null
  }

  async cancelAll(): Promise<void> {
    this.queue.close()
    await this.turns.cancelAll()
  }
}

/** Short questions to the engine, such as plans. A question is cancelled when a job starts. */
class EngineQuestions {
  constructor(private readonly context: JobContext) {}

  /** Plans the computation that a sweep still needs; null if it needs none. */
  async plan(pair: ProjectPair, open: () => Promise<SweepWork>, signal?: AbortSignal): Promise<SweepPlan | null> {
    const { engine, turns } = this.context
    const question = turns.ask(pair, signal)
    try {
      return await (await open()).plan(engine.client(), question.signal)
    } finally {
      question.over()
    }
  }

  /** Plans the next sweep. @param preview true to plan it as a preview */
  planSweep(pair: ProjectPair, preview: boolean, signal?: AbortSignal): Promise<SweepPlan | null> {
    return this.plan(pair, () => openNextSweep(pair, this.context.devices, { preview }), signal)
  }

  /** Streams the next tokens of post, a recipe and base after a prompt, until a job of the project starts. */
  async *probe(
    pair: ProjectPair,
    input: Pick<NextTokenRequest, 'recipe' | 'prompt' | 'top'>,
    signal?: AbortSignal
  ): AsyncGenerator<ProbeEvent> {
    const { engine, devices, turns } = this.context
    const question = turns.ask(pair, signal)
    try {
      const { location, rendering, settings } = pair.document
      const folders = pairPaths(location)
      const computing = await deviceAndMemory({}, settings)
      const device = await devices.choose(computing.device, folders.base)
      const request = { ...folders, ...input, rendering, device }
      yield* probeRecipe(engine.client(), request, question.signal)
    } finally {
      question.over()
    }
  }
}

/** Jobs that score a recipe as LoRA adapters of several ranks, so that the user can choose one. */
class RankJobs {
  readonly table: JobTable<RankEvent>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('ranks')
  }

  /** Starts scoring. @throws WorkbenchError as `JobTurns.start` */
  async start(pair: ProjectPair, recipe: Recipe): Promise<void> {
    const { turns, devices } = this.context
    const request = { recipe, savesNormsAndBiases: false, project: pair.folder }
    await turns.start(pair, this.table, 'The scoring of ranks', () =>
      Promise.resolve(
        createWorkJob<RankEvent>(this.context, {
          name: 'the scoring of ranks',
          first: { type: 'progress', progress: { phase: 'decomposing', share: null } },
          eventOf: (work) => {
            const phase = work.kind === 'decomposition' ? 'decomposing' : 'scoring'
            return { type: 'progress', progress: { phase, share: progressShare(work).share } }
          },
          run: async (runtime) => ({
            type: 'finished',
            recipe,
            table: await scoreRanks(projectContext(pair), request, devices, runtime)
          })
        })
      )
    )
  }
}
