import type { EvaluationRun, EvaluationSummary, PromptScores } from '../../../contract/documents/evaluation'
import type { AnswerForm, JudgeSettings, JudgeVerdict, PairVerdict } from '../../../contract/documents/judge'
import type { Computation, SampleLine } from '../../../contract/documents/samples'
import { requireRoom } from '../../base/files/room'
import {
  addressesOfOldVerdicts,
  appendEvaluationSamples,
  appendForms,
  appendPairVerdict,
  appendPromptScores,
  appendVerdict,
  EVALUATION_LINES,
  type EvaluationFiles,
  readEvaluation,
  readForms,
  summarizeEvaluation
} from '../documents/evaluation-files'
import type { KeptRuns } from '../runs/run-list'
import type { ExternalRecord } from '../../../contract/model/external-model'
import { minAnswerBytes } from '../../samples/answer-bytes'
import { withRecord } from '../../samples/external-records'
import { EVALUATIONS } from '../documents/stored-documents'

/** A run that notes its last judge of the judge's kind, and to which address older verdicts belong. */
export function withJudge(run: EvaluationRun, judge: JudgeSettings): EvaluationRun {
  const noted = { marks: { judge }, pairs: { pairJudge: judge }, forms: { formJudge: judge } }
  return { ...run, addressesOfOldVerdicts: addressesOfOldVerdicts(run), ...noted[judge.way] }
}

/** The evaluations of a pair. */
export class ProjectEvaluations {
  constructor(private readonly kept: KeptRuns<EvaluationSummary>) {}

  /** Newest first. */
  get runs(): readonly EvaluationSummary[] {
    return this.kept.list.runs
  }

  /** @throws WorkbenchError `not-found`, `bad-file` or `newer-version` */
  read(id: string): Promise<EvaluationFiles> {
    return readEvaluation(this.kept.folder, id)
  }

  /** @throws WorkbenchError `bad-input`, `read-only` */
  async add(run: EvaluationRun): Promise<void> {
    const { variants, task } = run
    const answerCount = variants.length * task.prompts.length * task.settings.sampleCount
    await requireRoom(this.kept.folder, minAnswerBytes(answerCount))
    await this.kept.change(() => this.write(run))
  }

  /** Removes a run unless it has answers, or is pinned. @throws WorkbenchError `read-only` */
  async dropUnanswered(id: string): Promise<void> {
    await this.kept.change(async () => {
      if (this.kept.list.find(id)?.answerCount !== 0 || this.kept.isPinned(id)) return
      await EVALUATIONS.remove(this.kept.folder, id, EVALUATION_LINES)
      this.kept.list.drop(id)
      this.kept.tell()
    })
  }

  /** Notes how the engine computes. @throws WorkbenchError `read-only` */
  async noteComputation(id: string, { precision, weights }: Computation): Promise<void> {
    await this.kept.change(async () => {
      const run = await EVALUATIONS.read(this.kept.folder, id)
      if (run.weights !== weights || run.precision !== precision) {
        await this.write({ ...run, precision, weights })
      }
    })
  }

  /** Notes who answers outside the engine. @throws WorkbenchError `read-only` */
  async noteExternal(id: string, record: ExternalRecord): Promise<void> {
    await this.kept.change(async () => {
      const run = await EVALUATIONS.read(this.kept.folder, id)
      await this.write({ ...run, external: withRecord(run.external, record) })
    })
  }

  /** @throws WorkbenchError `bad-input`, `read-only` */
  appendSamples(id: string, lines: readonly SampleLine[]): Promise<void> {
    return this.kept.change(async () => {
      await appendEvaluationSamples(this.kept.folder, id, lines)
      const known = this.kept.list.find(id)
      if (known === undefined) return
      const summary = { ...known, answerCount: known.answerCount + lines.length }
      // As for sample runs: one that is stopped before its end has its file of answers counted once more.
      if (summary.answerCount < summary.answerTotal) this.kept.list.note(summary)
      else await this.kept.list.put(summary)
    })
  }

  /** @throws WorkbenchError `bad-input`, `read-only` */
  appendScores(id: string, scores: PromptScores): Promise<void> {
    return this.kept.change(() => appendPromptScores(this.kept.folder, id, scores))
  }

  /** Notes whose marks, or choices in pairs, the results show. @throws WorkbenchError `not-found`, `read-only` */
  async noteJudge(id: string, judge: JudgeSettings): Promise<void> {
    await this.kept.change(async () => {
      const run = await EVALUATIONS.read(this.kept.folder, id)
      await this.write(withJudge(run, judge))
    })
  }

  /** @throws WorkbenchError `bad-input`, `read-only` */
  appendVerdict(id: string, verdict: JudgeVerdict): Promise<void> {
    return this.kept.change(() => appendVerdict(this.kept.folder, id, verdict))
  }

  /** @throws WorkbenchError `bad-input`, `read-only` */
  appendPairVerdict(id: string, verdict: PairVerdict): Promise<void> {
    return this.kept.change(() => appendPairVerdict(this.kept.folder, id, verdict))
  }

  /** @throws WorkbenchError `bad-input`, `read-only` */
  appendForms(id: string, forms: readonly AnswerForm[]): Promise<void> {
    return this.kept.change(() => appendForms(this.kept.folder, id, forms))
  }

  /** What judges have read the answers of all evaluations to mean. @throws WorkbenchError `bad-file` naming the line that is wrong */
  async knownForms(): Promise<AnswerForm[]> {
    const known: AnswerForm[] = []
    for (const { id } of this.runs) known.push(...(await readForms(this.kept.folder, id)))
    return known
  }

  private async write(run: EvaluationRun): Promise<void> {
    await EVALUATIONS.write(this.kept.folder, run)
    await this.kept.list.put(summarizeEvaluation(run, this.kept.list.find(run.id)?.answerCount ?? 0))
    this.kept.tell()
  }
}
