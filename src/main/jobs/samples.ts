import { plural } from '../../contract/words/format'
import { WorkbenchError } from '../../contract/model/problem'
import type {
  SampledCrc,
  SampleEvent,
  SampleLine,
  SampleRun,
  SampleSettings,
  Variant
} from '../../contract/documents/samples'
import { endpointsAmong } from '../../contract/model/model'
import { unlessCancelled } from '../base/files/cancelling'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { answeringOfCharacters } from '../project/results/sweep-history'
import { requireConfirmed } from '../endpoint/confirmed-addresses'
import { openSampledPair } from '../samples/generation'
import { type PlannedAnswers, resumeAnswers } from '../samples/plan-answers'
import { prepareSampleRun } from '../samples/prepare-run'
import { samplePromptsOf } from '../project/project-prompts'
import { sampleCrc } from '../samples/sample-crc'
import type { Job, JobFailure } from './job'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { createProgressJob } from './progress-job'
import { createSampleJob, type SampleJob } from './sample-job'

export type CrcScoreEvent =
  { type: 'progress'; done: number; total: number } | { type: 'scores'; result: SampledCrc }

/**
 * A run as it is stored: preferences may have been marked since its job began. One that failed without an answer is gone, or goes
 * while it is read; its job tells why.
 */
async function markedRun(own: ProjectPair, run: SampleRun): Promise<SampleRun> {
  try {
    return await own.samples.readRun(run.id)
  } catch (error) {
    if (error instanceof WorkbenchError && error.problem.code === 'not-found') return run
    throw error
  }
}

/** Sample runs of open projects, and the character task scored from whole answers. */
export class Samples {
  readonly table: JobTable<SampleEvent>
  private readonly crcScores: JobTable<CrcScoreEvent | JobFailure>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('samples')
    this.crcScores = context.turns.jobs('character check')
  }

  /**
   * Starts a run over the project's sample prompts. What is wrong with prompts or variants shows before it begins.
   *
   * @returns its id
   * @throws WorkbenchError as `JobTurns.start`, `requireConfirmed` and `prepareSampleRun`
   */
  start(own: ProjectPair, settings: SampleSettings, variants: Variant[]): Promise<string> {
    return this.begin(own, async (signal) => {
      await requireConfirmed(endpointsAmong(variants))
      const { location, rendering } = own.document
      const prompts = await samplePromptsOf(own)
      const request = { ...pairPaths(location), prompts, rendering, variants, settings }
      const { run, planned } = await unlessCancelled(signal, 'The sample run', prepareSampleRun(request))
      await own.samples.addRun(run)
      return this.job(own, run, planned, [])
    })
  }

  /**
   * Goes on with a stored run until every cell has `sampleCount` answers: more than it had, or those that a stop left out.
   *
   * @returns its id
   * @throws WorkbenchError as `JobTurns.start` and `requireConfirmed`; `bad-input` for fewer answers than the run was asked for; `mismatch`
   *   when a checkpoint has changed
   */
  goOn(own: ProjectPair, runId: string, sampleCount: number): Promise<string> {
    return this.begin(own, async (signal) => {
      const stored = await own.samples.readAnswers(runId)
      const asked = stored.run.settings.sampleCount
      if (sampleCount < asked) {
        throw new WorkbenchError(
          'bad-input',
          `The run was asked for ${plural(asked, 'answer')} per prompt and variant; ${sampleCount} are fewer.`,
          `Ask for ${asked} to complete it, or for more.`
        )
      }
      await requireConfirmed(endpointsAmong(stored.run.variants))
      const settings = { ...stored.run.settings, sampleCount }
      const planned = await unlessCancelled(
        signal,
        'The sample run',
        openSampledPair(pairPaths(own.document.location)).then((pair) =>
          resumeAnswers({ ...stored.run, settings }, pair)
        )
      )
      const run = await own.samples.changeRun(runId, { settings })
      return this.job(own, run, planned, stored.samples)
    })
  }

  private async begin(
    own: ProjectPair,
    prepare: (signal: AbortSignal) => Promise<SampleJob>
  ): Promise<string> {
    return (await this.context.turns.start(own, this.table, 'A sample run', prepare)).id
  }

  private job(
    own: ProjectPair,
    run: SampleRun,
    planned: PlannedAnswers,
    stored: readonly SampleLine[]
  ): SampleJob {
    const { engine, tell } = this.context
    return createSampleJob({ engine: engine.client(), own, run, planned, stored, tell })
  }

  /** Follows the project's sample run to its end; ends at once when there is none to tell of. */
  async *watch(own: ProjectPair, signal?: AbortSignal): AsyncGenerator<SampleEvent> {
    for await (const event of this.table.watch(own, signal)) {
      yield event.type === 'snapshot' ? { ...event, run: await markedRun(own, event.run) } : event
    }
  }

  /**
   * Scores the project's CRC prompts from generated answers; the scores are kept. The work ends with its stream.
   *
   * @throws WorkbenchError as `JobTurns.start`, and as `sampleCrc`
   */
  async *scoreCrc(
    own: ProjectPair,
    settings: SampleSettings,
    variants: Variant[],
    signal?: AbortSignal
  ): AsyncGenerator<CrcScoreEvent> {
    const { engine, turns } = this.context
    const { location, rendering } = own.document
    const request = { ...pairPaths(location), prompts: own.prompts, rendering, variants, settings }
    const newest = answeringOfCharacters(own)
    const create = (): Job<CrcScoreEvent, CrcScoreEvent> =>
      createProgressJob<CrcScoreEvent>({
        name: 'sampled scoring',
        first: { type: 'progress', done: 0, total: 0 },
        run: async (report, cancelled) => {
          const sweep = newest === undefined ? null : await own.readSweep(newest.id)
          const result = await sampleCrc(engine.client(), request, sweep, cancelled, (done, total) =>
            report({ type: 'progress', done, total })
          )
          await own.samples.saveCheck(result)
          return { type: 'scores', result }
        }
      })
    yield* turns.stream(own, 'A check', this.crcScores, create, signal)
  }
}
