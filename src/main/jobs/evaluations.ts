import type { EvaluationEvent } from '../../contract/documents/evaluation'
import type { JudgeEvent, JudgeSettings } from '../../contract/documents/judge'
import { endpointsAmong } from '../../contract/model/model'
import { requireConfirmed } from '../endpoint/confirmed-addresses'
import type { EvaluationRequest } from '../evaluation/prepare-evaluation'
import { unlessCancelled } from '../base/files/cancelling'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { EvaluationWork } from '../work/evaluation'
import { createEvaluationJob, type EvaluationJob } from './evaluation-job'
import type { JobFailure } from './job'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { createJudgeJob } from './judge-job'

/** Evaluations of open projects, and the judging of their answers. */
export class EvaluationJobs {
  readonly table: JobTable<EvaluationEvent>
  private readonly judging: JobTable<JudgeEvent | JobFailure>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('evaluation')
    this.judging = context.turns.jobs('judging')
  }

  /**
   * Starts an evaluation. Faults of the task or variants are reported before it begins.
   *
   * @param stopped stops the evaluation at any moment
   * @throws WorkbenchError as `JobTurns.start`, `requireConfirmed` and `prepareEvaluation`
   */
  start(
    pair: ProjectPair,
    request: Pick<EvaluationRequest, 'task' | 'variants' | 'computing' | 'embeddingModel' | 'classifier'>,
    stopped?: AbortSignal
  ): Promise<EvaluationJob> {
    const prepare = async (signal: AbortSignal): Promise<EvaluationJob> => {
      await requireConfirmed(endpointsAmong(request.variants.map(({ variant }) => variant)))
      const { location, rendering } = pair.document
      const fullRequest = { ...pairPaths(location), ...request, rendering }
      const work = await unlessCancelled(
        signal,
        'The evaluation',
        EvaluationWork.open(fullRequest, pair, { again: true })
      )
      await work.begin()
      return this.job(work)
    }
    return this.context.turns.start(pair, this.table, 'An evaluation', prepare, stopped)
  }

  /**
   * Resumes a stored evaluation that was stopped. The job fails with `mismatch` if a checkpoint has changed.
   *
   * @param stopped stops the evaluation at any moment
   * @throws WorkbenchError as `JobTurns.start` and `requireConfirmed`
   */
  goOn(pair: ProjectPair, id: string, stopped?: AbortSignal): Promise<EvaluationJob> {
    const prepare = async (signal: AbortSignal): Promise<EvaluationJob> => {
      const work = await unlessCancelled(signal, 'The evaluation', EvaluationWork.resume(pair, id))
      await requireConfirmed(endpointsAmong(work.run.variants.map(({ variant }) => variant)))
      return this.job(work)
    }
    return this.context.turns.start(pair, this.table, 'An evaluation', prepare, stopped)
  }

  private job(work: EvaluationWork): EvaluationJob {
    return createEvaluationJob(this.context.engine.client(), work, this.context.tell)
  }

  /**
   * Has an endpoint judge the answers of a stored evaluation. The work ends with its stream.
   *
   * @throws WorkbenchError as `JobTurns.start`, `requireConfirmed` and `judgeAnswers`
   */
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
