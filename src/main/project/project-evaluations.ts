import type { EvaluationRun, EvaluationSummary, PromptScores } from '../../contract/documents/evaluation'
import type { JudgeSettings, JudgeVerdict, PairVerdict } from '../../contract/documents/judge'
import type { SampleLine } from '../../contract/documents/samples'
import {
  appendEvaluationSamples,
  appendPairVerdict,
  appendPromptScores,
  appendVerdict,
  type EvaluationFiles,
  listEvaluations,
  readEvaluation
} from './evaluation-files'
import { EVALUATIONS } from './stored-documents'
import type { Change } from '../base/files/serial-queue'

/** The evaluations of a pair. They are read when they are asked for: they are looked at in one view only. */
export class ProjectEvaluations {
  constructor(
    private readonly folder: string,
    private readonly change: Change
  ) {}

  /** Newest first, with what could not be read. */
  list(): Promise<{ evaluations: EvaluationSummary[]; warnings: string[] }> {
    return listEvaluations(this.folder)
  }

  /** @throws WorkbenchError `not-found`, `bad-file` or `newer-version` */
  read(id: string): Promise<EvaluationFiles> {
    return readEvaluation(this.folder, id)
  }

  /** @throws WorkbenchError `bad-input`, `read-only` */
  add(run: EvaluationRun): Promise<void> {
    return this.change(() => EVALUATIONS.write(this.folder, run))
  }

  /** Notes how the engine holds the weights. @throws WorkbenchError `read-only` */
  async noteWeights(id: string, weights: EvaluationRun['weights']): Promise<void> {
    await this.change(async () => {
      const run = await EVALUATIONS.read(this.folder, id)
      if (run.weights !== weights) await EVALUATIONS.write(this.folder, { ...run, weights })
    })
  }

  /** @throws WorkbenchError `bad-input`, `read-only` */
  appendSamples(id: string, lines: readonly SampleLine[]): Promise<void> {
    return this.change(() => appendEvaluationSamples(this.folder, id, lines))
  }

  /** @throws WorkbenchError `bad-input`, `read-only` */
  appendScores(id: string, scores: PromptScores): Promise<void> {
    return this.change(() => appendPromptScores(this.folder, id, scores))
  }

  /** Notes whose marks, or choices in pairs, the results show. @throws WorkbenchError `not-found`, `read-only` */
  async noteJudge(id: string, judge: JudgeSettings): Promise<void> {
    await this.change(async () => {
      const noted = judge.pairs ? { pairJudge: judge } : { judge }
      await EVALUATIONS.write(this.folder, { ...(await EVALUATIONS.read(this.folder, id)), ...noted })
    })
  }

  /** @throws WorkbenchError `bad-input`, `read-only` */
  appendVerdict(id: string, verdict: JudgeVerdict): Promise<void> {
    return this.change(() => appendVerdict(this.folder, id, verdict))
  }

  /** @throws WorkbenchError `bad-input`, `read-only` */
  appendPairVerdict(id: string, verdict: PairVerdict): Promise<void> {
    return this.change(() => appendPairVerdict(this.folder, id, verdict))
  }
}
