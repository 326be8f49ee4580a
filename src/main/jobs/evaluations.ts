import type { EvaluationEvent, EvaluationProgress, EvaluationRun } from '../../contract/documents/evaluation'
import type { JudgeEvent, JudgeProgress, JudgeSettings } from '../../contract/documents/judge'
import { endpointsAmong } from '../../contract/model/model'
import { requireConfirmed } from '../endpoint/confirmed-addresses'
import { judgeKey } from '../evaluation/judge'
import type { EvaluationRequest } from '../evaluation/prepare-evaluation'
import { unlessCancelled } from '../base/files/cancelling'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { EvaluationWork } from '../work/evaluation'
import { judgeStored } from '../work/judging'
import type { Job, JobFailure } from './job'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { createProgressJob, createWorkJob } from './progress-job'

export type EvaluationJob = Job<EvaluationEvent, EvaluationEvent>

/** Jobs that evaluate variants, and jobs in which a judge scores the answers of an evaluation. */
export class EvaluationJobs {
  readonly table: JobTable<EvaluationEvent>
  private readonly judging: JobTable<JudgeEvent | JobFailure>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('evaluation')
    this.judging = context.turns.jobs('judging')
  }

  /** Starts an evaluation. Faults of the task or variants are reported before it begins. */
  start(
    pair: ProjectPair,
    request: Pick<EvaluationRequest, 'task' | 'variants' | 'computing' | 'embeddingModel' | 'classifier'>,
    stopped?: AbortSignal
  ): Promise<EvaluationJob> {
    const prepare = async (signal: AbortSignal): Promise<EvaluationJob> => {
      await requireConfirmed(endpointsAmong(request.variants.map(({ variant }) => variant)))
      const { location, rendering } = pair.document
      const fullRequest = { ...pairPaths(location), ...request, rendering }
      // `again` computes the evaluation also if the pair has an equal one.
      const opening = EvaluationWork.open(fullRequest, pair, { again: true })
      const work = await unlessCancelled(signal, 'The evaluation', opening)
      await work.begin()
      return this.job(work)
    }
    return this.context.turns.start(pair, this.table, 'An evaluation', prepare, stopped)
  }

  /** Resumes a stored evaluation. The job fails with `mismatch` if a checkpoint has changed. */
  resume(pair: ProjectPair, id: string, stopped?: AbortSignal): Promise<EvaluationJob> {
    const prepare = async (signal: AbortSignal): Promise<EvaluationJob> => {
      const work = await unlessCancelled(signal, 'The evaluation', EvaluationWork.resume(pair, id))
      await requireConfirmed(endpointsAmong(work.run.variants.map(({ variant }) => variant)))
      return this.job(work)
    }
    return this.context.turns.start(pair, this.table, 'An evaluation', prepare, stopped)
  }

  private job(work: EvaluationWork): EvaluationJob {
    const { run } = work
    const evaluationId = run.id
    return createWorkJob<EvaluationEvent>(this.context, {
      name: 'the evaluation',
      id: evaluationId,
      first: { type: 'progress', evaluationId, progress: notStarted(run) },
      eventOf: ({ kind, progress }) => (kind === 'evaluate' ? { type: 'progress', evaluationId, progress } : null),
      async run(runtime) {
        const { seconds } = await work.compute(runtime)
        return { type: 'finished', evaluationId, seconds }
      },
      abandon: () => work.abandon()
    })
  }

  /** Has an endpoint judge the answers of a stored evaluation. The work ends with its stream. */
  async judge(
    pair: ProjectPair,
    evaluationId: string,
    settings: JudgeSettings,
    typedKey: string | undefined,
    signal?: AbortSignal
  ): Promise<AsyncGenerator<JudgeEvent>> {
    await requireConfirmed([settings])
    return this.context.turns.stream(
      pair,
      'Judging',
      this.judging,
      () => createJudgeJob(pair, evaluationId, settings, typedKey),
      signal
    )
  }
}

function notStarted({ task, variants }: EvaluationRun): EvaluationProgress {
  return {
    phase: 'preparing',
    samplesDone: 0,
    samplesTotal: variants.length * task.prompts.length * task.settings.sampleCount,
    tokensPerSecond: null,
    secondsLeft: null,
    promptsScored: 0,
    promptsTotal: task.prompts.length
  }
}

/** Creates the job that has the answers of a stored evaluation judged. Each verdict is stored at once. */
function createJudgeJob(
  pair: ProjectPair,
  evaluationId: string,
  settings: JudgeSettings,
  typedKey: string | undefined
): Job<JudgeEvent, JudgeEvent> {
  return createProgressJob<JudgeEvent>({
    name: 'judging',
    first: { type: 'progress', progress: NOTHING_JUDGED },
    async run(report, signal) {
      const apiKey = judgeKey(settings, typedKey)
      let last = NOTHING_JUDGED
      const notify = (progress: JudgeProgress): void => {
        last = progress
        report({ type: 'progress', progress })
      }
      await judgeStored(pair, evaluationId, { settings, apiKey }, notify, signal)
      return { type: 'finished', progress: last }
    }
  })
}

const NOTHING_JUDGED: JudgeProgress = { done: 0, total: 0, unreadable: 0 }
