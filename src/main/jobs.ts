import { WorkbenchError } from '../contract/problem'
import type { SampledCrc, SampleEvent, SampleSettings, Variant } from '../contract/samples'
import type { SweepEvent } from '../contract/sweep-events'
import type { Devices } from './devices'
import type { EngineHost } from './engine/host'
import { Job, type JobFailure } from './job'
import type { TellJobNews } from './job-news'
import { JobTable } from './job-table'
import { pairPaths } from './project/demo'
import type { Project } from './project/project'
import { startSampleJob } from './sample-job'
import { openSampledPair, resumeGeneration } from './samples/generation'
import { prepareSampleRun } from './samples/prepare-run'
import { samplePromptsOf } from './samples/project-prompts'
import { sampleCrc } from './samples/sample-crc'
import { startSweepJob } from './sweep-job'

interface CrcProgress {
  type: 'progress'
  done: number
  total: number
}
export type CrcScoreEvent = CrcProgress | { type: 'scores'; result: SampledCrc }

/** The jobs of all open projects, at most one of each: they share the engine process. */
export class Jobs {
  readonly sweeps = new JobTable<SweepEvent>()
  readonly samples = new JobTable<SampleEvent>()
  private readonly crcScores = new JobTable<CrcScoreEvent | JobFailure>()
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
   * @returns its id
   * @throws WorkbenchError `busy` while a job of the project runs; `read-only` when the result could not be saved
   */
  async startSweep(project: Project): Promise<string> {
    requireWritable(project, 'A sweep')
    return this.starts(project, async () => {
      const { pair, rendering, settings, recipes } = project.document
      const folders = pairPaths(pair)
      const device = await this.devices.choose(settings.device, folders.post)
      const job = startSweepJob({
        engine: this.engine.client(),
        request: {
          ...folders,
          prompts: project.prompts,
          rendering,
          rho: settings.rho,
          ranges: true,
          soupSize: settings.soupSize,
          recipes: recipes.map((kept) => kept.recipe),
          device
        },
        save: (document) => project.saveSweep(document),
        tell: this.tell
      })
      return this.sweeps.add(project, job)
    })
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
      await project.addSampleRun(run)
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
      const stored = await project.readSamples(runId)
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
      const run = await project.changeSampleRun(runId, { settings })
      const engine = this.engine.client()
      return this.samples.add(
        project,
        startSampleJob({ engine, project, run, generation, stored: stored.samples, tell: this.tell })
      )
    })
  }

  /** Follows the project's sample run to its end; ends at once when there is none to tell of. */
  async *watchSamples(project: Project, signal?: AbortSignal): AsyncGenerator<SampleEvent> {
    for await (const event of this.samples.watch(project, signal)) {
      // Preferences may have been marked since the job began.
      yield event.type === 'snapshot' ? { ...event, run: await project.readSampleRun(event.run.id) } : event
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
    this.requireIdle(project)
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
        await project.saveSampledCrc(result)
        return { type: 'scores', result }
      },
      snapshot: (_id, facts) => facts[0] ?? { type: 'progress', done: 0, total: 0 },
      events: (facts) => [...facts]
    })
    this.crcScores.add(project, job)
    try {
      for await (const event of job.watch(signal)) {
        if (event.type === 'failed') {
          const { code, message, hint } = event.problem
          throw new WorkbenchError(code, message, hint)
        }
        if (event.type === 'cancelled') throw new WorkbenchError('cancelled', 'Scoring was cancelled.')
        yield event
      }
    } finally {
      job.cancel()
    }
  }

  /** Settles when the project's running job is over; null when none runs. */
  done(project: Project): Promise<void> | null {
    return this.sweeps.done(project) ?? this.samples.done(project) ?? this.crcScores.done(project)
  }

  async cancelAll(): Promise<void> {
    await Promise.all([this.sweeps, this.samples, this.crcScores].map((table) => table.cancelAll()))
  }

  /** Keeps the project to itself while a job is prepared. */
  private async starts(project: Project, start: () => Promise<string>): Promise<string> {
    this.requireIdle(project)
    this.starting.add(project.path)
    try {
      return await start()
    } finally {
      this.starting.delete(project.path)
    }
  }

  private requireIdle(project: Project): void {
    const running =
      this.sweeps.done(project) !== null
        ? 'A sweep'
        : this.done(project) !== null || this.starting.has(project.path)
          ? 'Sampling'
          : null
    if (running === null) return
    throw new WorkbenchError(
      'busy',
      `${running} of ${project.document.name} is running.`,
      'Cancel it, or wait for it.'
    )
  }
}

function requireWritable(project: Project, what: string): void {
  if (project.readOnly === null) return
  throw new WorkbenchError('read-only', `${what} of ${project.path} could not be saved: ${project.readOnly}`)
}
