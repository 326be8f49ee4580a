import type { RecipeScore } from '../contract/crc'
import type { EvaluationEvent, EvaluationRun, EvaluationVariant, Task } from '../contract/evaluation'
import type { ChecksumsEvent } from '../contract/checksums'
import type { JudgeEvent, JudgeSettings } from '../contract/judge'
import type { DistancesEvent } from '../contract/distances'
import type { ExportEvent } from '../contract/export'
import type { ProbeEvent } from '../contract/probe'
import { WorkbenchError } from '../contract/problem'
import type { Recipe } from '../contract/recipe'
import type { SampledCrc, SampleEvent, SampleSettings, Variant } from '../contract/samples'
import type { SearchEvent, UnfinishedSearch } from '../contract/search'
import type { SweepEvent, SweepProgress } from '../contract/sweep-events'
import type { SweepPlan } from '../contract/sweep-plan'
import { NOTHING_DONE } from './crc/compute-sweep'
import { scoreRecipes } from './crc/score-recipes'
import { type KnownOfSweep, knownOfSweep } from './crc/crc-sweep'
import { planRestOfSweep } from './crc/plan-sweep'
import { SearchCheckpoints } from './crc/search-checkpoints'
import type { CrcSweepRequest } from './crc/prepare-sweep'
import type { Devices } from './devices'
import type { EngineHost } from './engine/host'
import { startEvaluationJob } from './evaluation-job'
import { prepareEvaluation } from './evaluation/prepare-evaluation'
import { startExportJob } from './export-job'
import { knownScores } from './export/known-scores'
import { checkTarget, prepareExport } from './export/prepare'
import { refuseExisting } from './export/target'
import { Job, type JobFailure } from './job'
import type { TellJobNews } from './job-news'
import { JobTable } from './job-table'
import { createJudgeJob } from './judge-job'
import { probeRecipe } from './next-token'
import { pairPaths } from './project/demo'
import type { EvaluationFiles } from './project/evaluation-files'
import type { Project } from './project/project'
import { projectSearchCheckpoints, writeUnfinishedSearch } from './project/search-files'
import { historyOf } from './project/sweep-history'
import { startSampleJob } from './sample-job'
import { openSampledPair, resumeGeneration, type SampledPair } from './samples/generation'
import { prepareSampleRun } from './samples/prepare-run'
import { samplePromptsOf } from './samples/project-prompts'
import { sampleCrc } from './samples/sample-crc'
import { startSearchJob } from './search-job'
import { startSweepJob } from './sweep-job'
import { startChecksumsJob, startDistancesJob } from './weights-jobs'

interface CrcProgress {
  type: 'progress'
  done: number
  total: number
}
export type RecipeScoreEvent =
  { type: 'progress'; progress: SweepProgress } | { type: 'scored'; score: RecipeScore }
export type CrcScoreEvent = CrcProgress | { type: 'scores'; result: SampledCrc }

/**
 * The jobs of all open projects. A project has at most one at a time of those that share the engine process; reading of
 * whole checkpoints goes on beside them.
 */
export class Jobs {
  readonly sweeps = new JobTable<SweepEvent>()
  readonly samples = new JobTable<SampleEvent>()
  readonly exports = new JobTable<ExportEvent>()
  readonly searches = new JobTable<SearchEvent>()
  readonly evaluations = new JobTable<EvaluationEvent>()
  private readonly recipeScores = new JobTable<RecipeScoreEvent | JobFailure>()
  readonly distances = new JobTable<DistancesEvent>()
  readonly checksums = new JobTable<ChecksumsEvent>()
  private readonly judging = new JobTable<JudgeEvent | JobFailure>()
  private readonly crcScores = new JobTable<CrcScoreEvent | JobFailure>()
  /** Those that share the engine process, and how a message names their job. */
  private readonly tables = [
    { table: this.sweeps, what: 'A sweep' },
    { table: this.searches, what: 'A search' },
    { table: this.recipeScores, what: 'The scoring of a recipe' },
    { table: this.samples, what: 'Sampling' },
    { table: this.evaluations, what: 'An evaluation' },
    { table: this.crcScores, what: 'Sampling' },
    { table: this.judging, what: 'Judging' }
  ]
  /** Those that only read weights, which go on beside the others. */
  private readonly readings = [
    { table: this.distances, what: 'A comparison' },
    { table: this.checksums, what: 'Hashing' },
    { table: this.exports, what: 'An export' }
  ]
  /** Questions that the engine is answering, see {@link ask}. */
  private readonly questions = new Set<AbortController>()
  /** Fires when the program ends. */
  private readonly closing = new AbortController()
  /** Projects whose job is being prepared. */
  private readonly starting = new Set<string>()

  constructor(
    private readonly engine: EngineHost,
    private readonly devices: Devices,
    private readonly tell: TellJobNews = () => undefined
  ) {}

  /**
   * Starts the sweep of all ranges and kept recipes.
   *
   * @param fresh computes everything, whatever an interrupted or the last sweep has computed
   *
   * @returns its id
   * @throws WorkbenchError `busy` while a job of the project runs; `read-only` when the result could not be saved
   */
  async startSweep(project: Project, fresh: boolean): Promise<string> {
    requireWritable(project, 'A sweep')
    return this.starts(project, async () => {
      const job = startSweepJob({
        engine: this.engine.client(),
        request: await this.sweepRequestOf(project),
        history: historyOf(project, fresh),
        save: (document) => project.saveSweep(document),
        tell: this.tell
      })
      return this.sweeps.add(project, job)
    })
  }

  /** How many prompts of the next sweep an interrupted or the last sweep has computed. @throws WorkbenchError as the sweep would */
  async knownOfNextSweep(project: Project): Promise<KnownOfSweep> {
    return knownOfSweep(await this.sweepRequestOf(project), historyOf(project, false))
  }

  /**
   * What the next sweep would do, as far as it is not known already; null when there is nothing left to compute.
   *
   * @throws WorkbenchError as the sweep would; `busy` while a job of the project runs; `cancelled` when one starts
   */
  async planNextSweep(project: Project, signal?: AbortSignal): Promise<SweepPlan | null> {
    const question = this.ask(project, signal)
    try {
      const request = await this.sweepRequestOf(project)
      return await planRestOfSweep(this.engine.client(), request, historyOf(project, false), question.signal)
    } finally {
      question.over()
    }
  }

  /**
   * What post, a recipe and base would say next after a prompt.
   *
   * @throws WorkbenchError as `probeRecipe`; `busy` while a job of the project runs; `cancelled` when one starts
   */
  async *probe(
    project: Project,
    recipe: Recipe,
    prompt: string,
    signal?: AbortSignal
  ): AsyncGenerator<ProbeEvent> {
    const question = this.ask(project, signal)
    try {
      const { pair, rendering, settings } = project.document
      const folders = pairPaths(pair)
      const device = await this.devices.choose(settings.device, folders.post)
      const request = { ...folders, recipe, prompt, rendering, device }
      yield* probeRecipe(this.engine.client(), request, question.signal)
    } finally {
      question.over()
    }
  }

  /**
   * Starts growing recipes from the best ranges of a sweep.
   *
   * @param fresh computes everything, whatever an interrupted search has computed
   *
   * @throws WorkbenchError as {@link startSweep}, and as `readSweep`
   */
  async startSearch(project: Project, asked: UnfinishedSearch, fresh: boolean): Promise<void> {
    requireWritable(project, 'A search')
    await this.starts(project, async () => {
      const { sweepId, ...settings } = asked
      const sweep = await project.readSweep(sweepId)
      await writeUnfinishedSearch(project.path, asked)
      const request = { pair: pairPaths(project.document.pair), sweep, ...settings }
      const job = startSearchJob({
        engine: this.engine.client(),
        request,
        checkpoints: new SearchCheckpoints(projectSearchCheckpoints(project.path), fresh),
        save: (document) => project.saveSearch(document),
        tell: this.tell
      })
      return this.searches.add(project, job)
    })
  }

  /**
   * Scores one recipe as a sweep scored its ranges, and adds it to that sweep, in place of one of the same name. The work
   * ends with its stream.
   *
   * @throws WorkbenchError as {@link startSweep}, and as `scoreRecipes`
   */
  async *scoreRecipe(
    project: Project,
    sweepId: string,
    recipe: Recipe,
    signal?: AbortSignal
  ): AsyncGenerator<RecipeScoreEvent> {
    this.claim(project)
    requireWritable(project, 'A score')
    const job = new Job<RecipeScoreEvent, Extract<RecipeScoreEvent, { type: 'progress' }>>({
      name: 'the scoring of a recipe',
      run: async (_id, facts, cancelled) => {
        const sweep = await project.readSweep(sweepId)
        const pair = pairPaths(project.document.pair)
        const onProgress = (progress: SweepProgress): void =>
          facts.set('progress', { type: 'progress', progress })
        const { recipes } = await scoreRecipes(
          this.engine.client(),
          pair,
          sweep,
          [recipe],
          cancelled,
          onProgress
        )
        const [score] = recipes
        if (score === undefined) throw new Error('a sweep of one recipe scored none')
        const others = sweep.recipes.filter((other) => other.recipe.name !== recipe.name)
        await project.saveSweep({ ...sweep, recipes: [...others, score] })
        return { type: 'scored', score }
      },
      snapshot: (_id, facts) => facts[0] ?? { type: 'progress', progress: NOTHING_DONE },
      events: (facts) => [...facts]
    })
    yield* streamed(this.recipeScores, project, job, signal)
  }

  /**
   * Starts a run over the project's sample prompts. What is wrong with prompts or variants shows before it begins.
   *
   * @returns its id
   * @throws WorkbenchError as {@link startSweep}, and as `prepareSampleRun`
   */
  async startSamples(project: Project, settings: SampleSettings, variants: Variant[]): Promise<string> {
    requireWritable(project, 'A sample run')
    return this.starts(project, async () => {
      const { pair, rendering } = project.document
      const { run, generation } = await prepareSampleRun({
        ...pairPaths(pair),
        prompts: await samplePromptsOf(project),
        rendering,
        variants,
        settings
      })
      await project.samples.addRun(run)
      const engine = this.engine.client()
      return this.samples.add(
        project,
        startSampleJob({ engine, project, run, generation, stored: [], tell: this.tell })
      )
    })
  }

  /**
   * Goes on with a stored run until every cell has `sampleCount` answers: more than it had, or those that a stop left out.
   *
   * @returns its id
   * @throws WorkbenchError as {@link startSweep}; `bad-input` for fewer answers than the run was asked for; `mismatch`
   *   when a checkpoint has changed
   */
  async continueSamples(project: Project, runId: string, sampleCount: number): Promise<string> {
    requireWritable(project, 'A sample run')
    return this.starts(project, async () => {
      const stored = await project.samples.readAnswers(runId)
      const asked = stored.run.settings.sampleCount
      if (sampleCount < asked) {
        throw new WorkbenchError(
          'bad-input',
          `The run was asked for ${asked} answers per prompt and variant; ${sampleCount} are fewer.`,
          `Ask for ${asked} to complete it, or for more.`
        )
      }
      const pair = await openSampledPair(pairPaths(project.document.pair))
      const settings = { ...stored.run.settings, sampleCount }
      const generation = await resumeGeneration({ ...stored.run, settings }, pair)
      const run = await project.samples.changeRun(runId, { settings })
      const engine = this.engine.client()
      return this.samples.add(
        project,
        startSampleJob({ engine, project, run, generation, stored: stored.samples, tell: this.tell })
      )
    })
  }

  /**
   * Starts an evaluation. What is wrong with task or variants shows before it begins.
   *
   * @returns its id
   * @throws WorkbenchError as {@link startSweep}, and as `prepareEvaluation`
   */
  async startEvaluation(project: Project, task: Task, variants: EvaluationVariant[]): Promise<string> {
    requireWritable(project, 'An evaluation')
    return this.starts(project, async () => {
      const { pair: location, rendering } = project.document
      const { run, pair } = await prepareEvaluation({ ...pairPaths(location), task, variants, rendering })
      await project.evaluations.add(run)
      return this.runEvaluation(project, run, pair, { samples: [], scores: [] })
    })
  }

  /**
   * Goes on with a stored evaluation that was stopped.
   *
   * @returns its id
   * @throws WorkbenchError as {@link startSweep}; the job fails with `mismatch` when a checkpoint has changed
   */
  async continueEvaluation(project: Project, id: string): Promise<string> {
    requireWritable(project, 'An evaluation')
    return this.starts(project, async () => {
      const { run, ...stored } = await project.evaluations.read(id)
      const pair = await openSampledPair(pairPaths(project.document.pair))
      return this.runEvaluation(project, run, pair, stored)
    })
  }

  /**
   * Has a stored evaluation's answers marked by an endpoint; nothing is sent before. The work ends with its stream.
   *
   * @throws WorkbenchError as {@link startSweep}, and as `judgeAnswers`
   */
  async *judge(
    project: Project,
    evaluationId: string,
    settings: JudgeSettings,
    typedKey: string | undefined,
    signal?: AbortSignal
  ): AsyncGenerator<JudgeEvent> {
    this.claim(project)
    requireWritable(project, 'Judging')
    const job = createJudgeJob(project, evaluationId, settings, typedKey)
    yield* streamed(this.judging, project, job, signal)
  }

  private runEvaluation(
    project: Project,
    run: EvaluationRun,
    pair: SampledPair,
    stored: Pick<EvaluationFiles, 'samples' | 'scores'>
  ): string {
    const engine = this.engine.client()
    const job = startEvaluationJob({ engine, project, run, pair, stored, tell: this.tell })
    return this.evaluations.add(project, job)
  }

  /** Follows the project's sample run to its end; ends at once when there is none to tell of. */
  async *watchSamples(project: Project, signal?: AbortSignal): AsyncGenerator<SampleEvent> {
    for await (const event of this.samples.watch(project, signal)) {
      // Preferences may have been marked since the job began.
      yield event.type === 'snapshot' ? { ...event, run: await project.samples.readRun(event.run.id) } : event
    }
  }

  /**
   * Scores the project's CRC prompts from generated answers; the scores are kept. The work ends with its stream.
   *
   * @throws WorkbenchError as {@link startSweep}, and as `sampleCrc`
   */
  async *scoreCrc(
    project: Project,
    settings: SampleSettings,
    variants: Variant[],
    signal?: AbortSignal
  ): AsyncGenerator<CrcScoreEvent> {
    this.claim(project)
    requireWritable(project, 'A check')
    const { pair, rendering } = project.document
    const request = { ...pairPaths(pair), prompts: project.prompts, rendering, variants, settings }
    const [newest] = project.sweeps
    const job = new Job<CrcScoreEvent, CrcProgress>({
      name: 'sampled scoring',
      run: async (_id, facts, cancelled) => {
        const sweep = newest === undefined ? null : await project.readSweep(newest.id)
        const result = await sampleCrc(this.engine.client(), request, sweep, cancelled, (done, total) =>
          facts.set('progress', { type: 'progress', done, total })
        )
        await project.samples.saveCheck(result)
        return { type: 'scores', result }
      },
      snapshot: (_id, facts) => facts[0] ?? { type: 'progress', done: 0, total: 0 },
      events: (facts) => [...facts]
    })
    yield* streamed(this.crcScores, project, job, signal)
  }

  /** Starts comparing the pair. @throws WorkbenchError `busy` while that goes on; `read-only` */
  startDistances(project: Project): void {
    requireWritable(project, 'Layer distances')
    if (this.distances.isRunning(project)) throw busy('A comparison', project)
    const { tell } = this
    this.distances.add(project, startDistancesJob({ project, tell, ...pairPaths(project.document.pair) }))
  }

  /** Starts hashing the pair's weight files. @throws WorkbenchError `busy` while that goes on; `read-only` */
  startChecksums(project: Project): void {
    requireWritable(project, 'Checksums')
    if (this.checksums.isRunning(project)) throw busy('Hashing', project)
    const { tell } = this
    this.checksums.add(project, startChecksumsJob({ project, tell, ...pairPaths(project.document.pair) }))
  }

  /**
   * Starts writing a restored model. It neither needs the engine nor changes the project, so it may run beside other jobs.
   *
   * @returns its id
   * @throws WorkbenchError `busy` while another export of the project runs; as `prepareExport` and `checkTarget`
   */
  async startExport(project: Project, recipe: Recipe, target: string, overwrite: boolean): Promise<string> {
    if (this.exports.isRunning(project)) throw busy('An export', project)
    const prepared = await prepareExport(pairPaths(project.document.pair), recipe)
    const { path, exists } = await checkTarget(prepared, target)
    refuseExisting({ path, exists }, overwrite)
    const scores = await knownScores(project, prepared)
    return this.exports.add(project, startExportJob({ prepared, target: path, overwrite, scores }, this.tell))
  }

  /** Settles when the project's running jobs are over; null when none runs. */
  done(project: Project): Promise<void> | null {
    const running = [...this.tables, ...this.readings].flatMap(({ table }) => table.done(project) ?? [])
    return running.length === 0 ? null : Promise.all(running).then(() => undefined)
  }

  async cancelAll(): Promise<void> {
    this.closing.abort()
    await Promise.all([...this.tables, ...this.readings].map(({ table }) => table.cancelAll()))
  }

  /** @throws WorkbenchError `busy` while any job of the project runs */
  requireNone(project: Project): void {
    this.requireIdle(project)
    const reading = this.readings.find(({ table }) => table.isRunning(project))
    if (reading !== undefined) throw busy(reading.what, project)
  }

  /** The sweep of all ranges and kept recipes that a project asks for. */
  private async sweepRequestOf({ document, prompts }: Project): Promise<CrcSweepRequest> {
    const { pair, rendering, settings, recipes, otherCheckpoints } = document
    const folders = pairPaths(pair)
    return {
      ...folders,
      prompts,
      rendering,
      rho: settings.rho,
      ranges: true,
      soupSize: settings.soupSize,
      recipes: recipes.map((kept) => kept.recipe),
      checkpoints: otherCheckpoints,
      device: await this.devices.choose(settings.device, folders.post),
      memoryBytes: settings.memoryBytes
    }
  }

  /**
   * Begins a short question to the engine; the first job that starts puts an end to it, so that nobody waits for it.
   *
   * @throws WorkbenchError `busy` while a job of the project runs
   */
  private ask(project: Project, signal: AbortSignal | undefined): { signal: AbortSignal; over: () => void } {
    this.requireIdle(project)
    const stop = new AbortController()
    this.questions.add(stop)
    return {
      signal: AbortSignal.any([this.closing.signal, stop.signal, ...(signal === undefined ? [] : [signal])]),
      over: () => void this.questions.delete(stop)
    }
  }

  /** Keeps the project to itself while a job is prepared. */
  private async starts(project: Project, start: () => Promise<string>): Promise<string> {
    this.claim(project)
    this.starting.add(project.path)
    try {
      return await start()
    } finally {
      this.starting.delete(project.path)
    }
  }

  /** Makes way for a job. @throws WorkbenchError `busy` */
  private claim(project: Project): void {
    this.requireIdle(project)
    for (const question of this.questions) question.abort()
  }

  private requireIdle(project: Project): void {
    const running = this.starting.has(project.path)
      ? 'A job'
      : (this.tables.find(({ table }) => table.isRunning(project))?.what ?? null)
    if (running === null) return
    throw busy(running, project)
  }
}

/** Follows a job that ends with its stream, and fails as it fails. */
async function* streamed<Event extends { type: string }, Fact>(
  table: JobTable<Event | JobFailure>,
  project: Project,
  job: Job<Event, Fact>,
  signal: AbortSignal | undefined
): AsyncGenerator<Event> {
  table.add(project, job)
  try {
    for await (const event of job.watch(signal)) {
      if (isFailure(event)) {
        if (event.type === 'cancelled') throw new WorkbenchError('cancelled', 'The work was cancelled.')
        const { code, message, hint } = event.problem
        throw new WorkbenchError(code, message, hint)
      }
      yield event
    }
  } finally {
    job.cancel()
  }
}

function isFailure(event: { type: string } | JobFailure): event is JobFailure {
  return event.type === 'failed' || event.type === 'cancelled'
}

function busy(running: string, project: Project): WorkbenchError {
  return new WorkbenchError(
    'busy',
    `${running} of ${project.document.name} is running.`,
    'Cancel it, or wait for it.'
  )
}

function requireWritable(project: Project, what: string): void {
  if (project.readOnly === null) return
  throw new WorkbenchError('read-only', `${what} of ${project.path} could not be saved: ${project.readOnly}`)
}
