import type { EvaluationEvent, EvaluationRun } from '../../contract/documents/evaluation'
import type { JudgeEvent, JudgeSettings } from '../../contract/documents/judge'
import { type EvaluationRequest, prepareEvaluation } from '../evaluation/prepare-evaluation'
import { pairPaths } from '../project/demo'
import type { EvaluationFiles } from '../project/documents/evaluation-files'
import type { ProjectPair } from '../project/pair/project-pair'
import { openSampledPair, type SampledPair } from '../samples/generation'
import { startEvaluationJob } from './evaluation-job'
import type { JobFailure } from './job'
import type { JobTable } from './job-table'
import type { JobContext } from './job-context'
import { createJudgeJob } from './judge-job'

/** Evaluations of open projects, and the judging of their answers. */
export class Evaluations {
  readonly table: JobTable<EvaluationEvent>
  private readonly judging: JobTable<JudgeEvent | JobFailure>

  constructor(private readonly context: JobContext) {
    this.table = context.turns.jobs('evaluation')
    this.judging = context.turns.jobs('judging')
  }

  /**
   * Starts an evaluation. What is wrong with task or variants shows before it begins.
   *
   * @returns its id
   * @throws WorkbenchError as `JobTurns.start`, and as `prepareEvaluation`
   */
  start(
    own: ProjectPair,
    request: Pick<EvaluationRequest, 'task' | 'variants' | 'computing' | 'embeddingModel' | 'classifier'>
  ): Promise<string> {
    return this.context.turns.start(own, 'An evaluation', async () => {
      const { location, rendering } = own.document
      const { run, pair } = await prepareEvaluation({ ...pairPaths(location), ...request, rendering })
      await own.evaluations.add(run)
      return this.run(own, run, pair, { samples: [], scores: [] })
    })
  }

  /**
   * Goes on with a stored evaluation that was stopped.
   *
   * @returns its id
   * @throws WorkbenchError as `JobTurns.start`; the job fails with `mismatch` when a checkpoint has changed
   */
  goOn(own: ProjectPair, id: string): Promise<string> {
    return this.context.turns.start(own, 'An evaluation', async () => {
      const { run, ...stored } = await own.evaluations.read(id)
      const pair = await openSampledPair(pairPaths(own.document.location))
      return this.run(own, run, pair, stored)
    })
  }

  private run(
    own: ProjectPair,
    run: EvaluationRun,
    pair: SampledPair,
    stored: Pick<EvaluationFiles, 'samples' | 'scores'>
  ): string {
    const { engine, tell } = this.context
    const job = startEvaluationJob({ engine: engine.client(), own, run, pair, stored, tell })
    return this.table.add(own, job)
  }

  /**
   * Has a stored evaluation's answers marked by an endpoint; nothing is sent before. The work ends with its stream.
   *
   * @throws WorkbenchError as `JobTurns.start`, and as `judgeAnswers`
   */
  async *judge(
    own: ProjectPair,
    evaluationId: string,
    settings: JudgeSettings,
    typedKey: string | undefined,
    signal?: AbortSignal
  ): AsyncGenerator<JudgeEvent> {
    yield* this.context.turns.stream(
      own,
      'Judging',
      this.judging,
      () => createJudgeJob(own, evaluationId, settings, typedKey),
      signal
    )
  }
}
