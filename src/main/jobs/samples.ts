import { plural } from '../../contract/words/format'
import { inputError } from '../../contract/model/problem'
import type {
  GrowingSample,
  SampleEvent,
  SampleLine,
  SampleProgress,
  SampleRun,
  SampleSettings,
  Variant
} from '../../contract/documents/samples'
import { endpointsAmong } from '../../contract/model/model'
import { progressShare } from '../../contract/work/progress'
import { unlessCancelled } from '../base/files/cancelling'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { defaultCharacterSweep } from '../project/results/sweep-history'
import { requireConfirmed } from '../endpoint/confirmed-addresses'
import type { CrcScoreEvent } from '../../contract/procedures/groups/samples'
import { prepareSampleRun } from '../samples/prepare-run'
import { samplePromptsOf } from '../project/project-prompts'
import { sampleCrc } from '../samples/sample-crc'
import { projectAnswers, SampleWork } from '../work/sample'
import type { EngineClient } from '../engine/host'
import { sampleKeyText } from '../samples/run-samples'
import { Job, type JobFailure } from './job'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { createProgressJob } from './progress-job'
import type { PublishJobNews } from './job-news'
import { nullIfNotFound } from '../base/files/with-fallback'

/** Reads a run again, because the user may have voted since its job began, or removed it. */
async function currentRun(pair: ProjectPair, run: SampleRun): Promise<SampleRun> {
  return (await nullIfNotFound(pair.samples.readRun(run.id))) ?? run
}

/** Jobs in which variants answer the project's sample prompts, or the prompts of the character task (CRC). */
export class SampleJobs {
  readonly table: JobTable<SampleEvent>
  private readonly crcScores: JobTable<CrcScoreEvent | JobFailure>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('samples')
    this.crcScores = context.turns.jobs('character check')
  }

  /** Starts a run over the project's sample prompts. @returns id of the run */
  start(pair: ProjectPair, settings: SampleSettings, variants: Variant[]): Promise<string> {
    return this.begin(pair, async (signal) => {
      await requireConfirmed(endpointsAmong(variants))
      const { location, rendering } = pair.document
      const prompts = await samplePromptsOf(pair)
      const request = { ...pairPaths(location), prompts, rendering, variants, settings }
      const { run, planned } = await unlessCancelled(signal, 'The sample run', prepareSampleRun(request))
      await pair.samples.addRun(run)
      return this.job(new SampleWork(projectAnswers(pair, { run, samples: [] }), planned))
    })
  }

  /** Resumes a stored run until every cell has `sampleCount` answers. @returns id of the run */
  resume(pair: ProjectPair, runId: string, sampleCount: number): Promise<string> {
    return this.begin(pair, async (signal) => {
      const stored = await pair.samples.readAnswers(runId)
      const requestedCount = stored.run.settings.sampleCount
      if (sampleCount < requestedCount) {
        throw inputError(
          `The run was asked for ${plural(requestedCount, 'answer')} per prompt and variant; ${sampleCount} are fewer.`,
          `Ask for ${requestedCount} to complete it, or for more.`
        )
      }
      await requireConfirmed(endpointsAmong(stored.run.variants))
      const settings = { ...stored.run.settings, sampleCount }
      const wanted = projectAnswers(pair, { ...stored, run: { ...stored.run, settings } })
      const work = await unlessCancelled(
        signal,
        'The sample run',
        SampleWork.resume(wanted, pairPaths(pair.document.location))
      )
      await pair.samples.changeRun(runId, { settings })
      return this.job(work)
    })
  }

  private async begin(pair: ProjectPair, prepare: (signal: AbortSignal) => Promise<SampleJob>): Promise<string> {
    return (await this.context.turns.start(pair, this.table, 'A sample run', prepare)).id
  }

  private job(work: SampleWork): SampleJob {
    return createSampleJob(this.context.engine.client(), work, this.context.publish)
  }

  /** Follows the pair's sample run to its end; ends at once if there is none. */
  async *watch(pair: ProjectPair, signal?: AbortSignal): AsyncGenerator<SampleEvent> {
    for await (const event of this.table.watch(pair, signal)) {
      yield event.type === 'snapshot' ? { ...event, run: await currentRun(pair, event.run) } : event
    }
  }

  /** Scores the project's CRC prompts from generated answers and stores the scores. The work ends with its stream. */
  async *scoreCrc(
    pair: ProjectPair,
    settings: SampleSettings,
    variants: Variant[],
    signal?: AbortSignal
  ): AsyncGenerator<CrcScoreEvent> {
    const { engine, turns } = this.context
    const { location, rendering } = pair.document
    const request = { ...pairPaths(location), prompts: pair.prompts, rendering, variants, settings }
    const scored = defaultCharacterSweep(pair)
    const create = (): Job<CrcScoreEvent, CrcScoreEvent> =>
      createProgressJob<CrcScoreEvent>({
        name: 'sampled scoring',
        first: { type: 'progress', done: 0, total: 0 },
        run: async (report, cancelled) => {
          const sweep = scored === undefined ? null : await pair.readSweep(scored.id)
          const result = await sampleCrc(engine.client(), request, sweep, cancelled, (done, total) =>
            report({ type: 'progress', done, total })
          )
          await pair.samples.saveCheck(result)
          return { type: 'scores', result }
        }
      })
    yield* turns.stream(pair, 'A check', this.crcScores, create, signal)
  }
}

type SampleFact =
  | Extract<SampleEvent, { type: 'progress' }>
  | { type: 'finished'; line: SampleLine }
  | { type: 'growing'; sample: GrowingSample }

type SampleJob = Job<SampleEvent, SampleFact>

/** Creates a job that generates the missing answers of a stored run. The job has the run's id. */
function createSampleJob(engine: EngineClient, work: SampleWork, publish: PublishJobNews): SampleJob {
  const { store } = work
  const { id } = store.run
  return new Job<SampleEvent, SampleFact>(
    {
      name: 'the sample run',
      async run(_id, facts, signal) {
        for (const [index, line] of store.answers.entries()) facts.set(`stored ${index}`, { type: 'finished', line })
        await work.compute(
          {
            engine,
            signal,
            notify(event) {
              if (event.type !== 'progress' || event.kind !== 'sample') return
              const { weights, precision } = store.run
              const progress = { type: 'progress', progress: event.progress, weights, precision } as const
              facts.set('progress', progress, progressShare(event))
            }
          },
          (finished, growing) => {
            // A finished answer replaces its partial text.
            for (const { key, line } of finished) facts.set(sampleKeyText(key), { type: 'finished', line })
            for (const { key, sample } of growing) facts.set(sampleKeyText(key), { type: 'growing', sample })
          }
        )
        return { type: 'finished' }
      },
      snapshot: (_id, facts) => ({
        type: 'snapshot',
        run: store.run,
        samples: finishedOf(facts),
        progress: facts.find((fact) => fact.type === 'progress')?.progress ?? NOT_STARTED
      }),
      events(facts) {
        const progress = facts.filter((fact) => fact.type === 'progress')
        const finished = finishedOf(facts)
        const growing = facts.flatMap((fact) => (fact.type === 'growing' ? [fact.sample] : []))
        if (finished.length + growing.length === 0) return progress
        return [...progress, { type: 'samples', finished, growing }]
      },
      abandon: () => work.abandon(),
      news: { publish, job: 'The sample run' }
    },
    id
  )
}

const NOT_STARTED: SampleProgress = {
  phase: 'preparing',
  samplesDone: 0,
  samplesTotal: 0,
  tokensPerSecond: null,
  secondsLeft: null
}

function finishedOf(facts: readonly SampleFact[]): SampleLine[] {
  return facts.flatMap((fact) => (fact.type === 'finished' ? [fact.line] : []))
}
