import type { EvaluationRun, EvaluationSummary } from '../../../contract/documents/evaluation'
import type { AnswerForm, JudgeSettings } from '../../../contract/documents/judge'
import type { Computation, SampleLine } from '../../../contract/documents/samples'
import { requireRoom } from '../../base/files/room'
import type { EvaluationLines } from '../../evaluation/judge-evaluation'
import {
  appendEvaluationLines,
  EVALUATION_ENDINGS,
  type EvaluationFiles,
  evaluationState,
  readEvaluation,
  readForms,
  summarizeEvaluation
} from '../documents/evaluation-files'
import type { RunStorage } from '../runs/run-list'
import type { ExternalRecord } from '../../../contract/model/external-model'
import { minAnswerBytes } from '../../samples/answer-bytes'
import { withRecord } from '../../samples/external-records'
import { EVALUATIONS } from '../documents/stored-documents'

/** Adds a judge to a run, as the latest of its way of judging. */
export function withJudge(run: EvaluationRun, judge: JudgeSettings): EvaluationRun {
  const fieldsByWay = { marks: { judge }, pairs: { pairJudge: judge }, forms: { formJudge: judge } }
  return { ...run, ...fieldsByWay[judge.way] }
}

export class ProjectEvaluations {
  constructor(private readonly storage: RunStorage<EvaluationSummary>) {}

  /** Newest first. */
  get runs(): readonly EvaluationSummary[] {
    return this.storage.list.runs
  }

  read(id: string): Promise<EvaluationFiles> {
    return readEvaluation(this.storage.folder, id)
  }

  /** Reads the document of an evaluation, without its answers. */
  readRun(id: string): Promise<EvaluationRun> {
    return EVALUATIONS.read(this.storage.folder, id)
  }

  /** Returns a text that changes when any file of an evaluation changes. */
  state(id: string): Promise<string> {
    return evaluationState(this.storage.folder, id)
  }

  /** Stores a new evaluation. @throws WorkbenchError if the disk has no room for the answers */
  async add(run: EvaluationRun): Promise<void> {
    const { variants, task } = run
    const answerCount = variants.length * task.prompts.length * task.settings.sampleCount
    await requireRoom(this.storage.folder, minAnswerBytes(answerCount))
    await this.storage.change(() => this.write(run))
  }

  /** Removes an evaluation without any answer, unless the user pinned it. */
  async dropUnanswered(id: string): Promise<void> {
    await this.storage.change(async () => {
      if (this.storage.list.find(id)?.answerCount !== 0 || this.storage.isPinned(id)) return
      await EVALUATIONS.remove(this.storage.folder, id, EVALUATION_ENDINGS)
      this.storage.list.drop(id)
      this.storage.notify()
    })
  }

  async noteComputation(id: string, { precision, weights }: Computation): Promise<void> {
    await this.storage.change(async () => {
      const run = await EVALUATIONS.read(this.storage.folder, id)
      if (run.weights !== weights || run.precision !== precision) {
        await this.write({ ...run, precision, weights })
      }
    })
  }

  async noteExternal(id: string, record: ExternalRecord): Promise<void> {
    await this.storage.change(async () => {
      const run = await EVALUATIONS.read(this.storage.folder, id)
      await this.write({ ...run, external: withRecord(run.external, record) })
    })
  }

  appendSamples(id: string, lines: readonly SampleLine[]): Promise<void> {
    return this.storage.change(async () => {
      await appendEvaluationLines(this.storage.folder, id, 'samples', lines)
      const before = this.storage.list.find(id)
      if (before === undefined) return
      const summary = { ...before, answerCount: before.answerCount + lines.length }
      // The summary is written with the last answer. The answers of a stopped run are counted again when it is opened.
      if (summary.answerCount < summary.answerTotal) this.storage.list.setInMemory(summary)
      else await this.storage.list.save(summary)
    })
  }

  /** Adds lines other than answers to an evaluation's files. @throws WorkbenchError `bad-input`, `read-only` */
  append<Part extends Exclude<keyof EvaluationLines, 'samples'>>(
    id: string,
    part: Part,
    lines: readonly EvaluationLines[Part][]
  ): Promise<void> {
    return this.storage.change(() => appendEvaluationLines(this.storage.folder, id, part, lines))
  }

  async noteJudge(id: string, judge: JudgeSettings): Promise<void> {
    await this.storage.change(async () => {
      const run = await EVALUATIONS.read(this.storage.folder, id)
      await this.write(withJudge(run, judge))
    })
  }

  /** Reads the stored meanings (forms) of answers of all the pair's evaluations. @throws WorkbenchError `bad-file` */
  async knownForms(): Promise<AnswerForm[]> {
    const forms: AnswerForm[] = []
    for (const { id } of this.runs) forms.push(...(await readForms(this.storage.folder, id)))
    return forms
  }

  private async write(run: EvaluationRun): Promise<void> {
    await EVALUATIONS.write(this.storage.folder, run)
    await this.storage.list.save(summarizeEvaluation(run, this.storage.list.find(run.id)?.answerCount ?? 0))
    this.storage.notify()
  }
}
