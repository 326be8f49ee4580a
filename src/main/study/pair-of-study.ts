import { basename } from 'node:path'
import type { SweepDocument } from '../../contract/documents/crc'
import type { Report } from '../../contract/documents/report'
import { WorkbenchError } from '../../contract/model/problem'
import { writeFileAtomic } from '../base/files/atomic-file'
import { problemOf } from '../base/rpc-problems'
import { readPairState } from '../project/pair-state'
import type { ProjectPair } from '../project/pair/project-pair'
import { collectReport } from '../report/collect'
import type { PairOfPage } from '../report/side-by-side'
import { writeReport } from '../report/write'
import type { EvaluationWork } from '../work/evaluation'
import type { WorkMeans } from '../work/means'
import { NO_WORK, type StepOutput } from './step-result'
import type { StudyStep } from './steps'
import type { StudyTask } from './study-file'
import { writableReport } from './study-outputs'
import { reportPath } from './study-project'
import { type CheckedSweep, omittedVariants } from './study-variants'
import type { StudyWork } from './study-work'

/** A pair of a study in the project that takes the results. */
export class PairOfStudy {
  #report: Report | null = null
  /** Ids of the evaluations that this run has computed or reused. */
  readonly #evaluated = new Map<StudyTask, string>()

  constructor(
    private readonly means: WorkMeans,
    private readonly work: StudyWork,
    private readonly pair: ProjectPair
  ) {}

  do(step: StudyStep): Promise<StepOutput> {
    switch (step.kind) {
      case 'sweep':
        return this.#doSweep()
      case 'check':
        return this.#doCheck()
      case 'evaluate':
        if (step.task === null) throw new RangeError('an evaluation without a task')
        return this.#doEvaluation(step.task)
      case 'report':
        return this.#doReport()
    }
  }

  async #doSweep(): Promise<StepOutput> {
    const stored = await this.work.swept()
    if (stored !== null) return { work: NO_WORK, result: stored.id }
    const run = await this.work.sweep()
    const sweep = await run.compute(this.means)
    await run.keep(sweep)
    await run.forget()
    this.work.useSweep(sweep)
    const blockEvaluations = sweep.work.blockEvaluations + (sweep.followUp?.blockEvaluations ?? 0)
    return { work: { ...NO_WORK, blockEvaluations }, result: sweep.id }
  }

  async #doCheck(): Promise<StepOutput> {
    const sweep = await this.#swept()
    const check = await this.work.check(sweep)
    if (check.isComplete) return { work: NO_WORK, result: sweep.id }
    await check.keep(await check.compute(this.means))
    return { work: { ...NO_WORK, checked: check.request.recipes.length }, result: sweep.id }
  }

  #remark(message: string): void {
    this.means.notify({ type: 'notice', message })
  }

  async #doEvaluation(task: StudyTask): Promise<StepOutput> {
    const { entries, studied } = this.work
    const checkedSweep = await this.#checkedSweep()
    const evaluation = await this.work.evaluation(task, checkedSweep)
    const result = evaluation.run.id
    this.#evaluated.set(task, result)
    const omitted = checkedSweep === null ? [] : omittedVariants(entries, checkedSweep)
    for (const notice of omitted) this.#remark(`${studied.name}: ${notice}`)
    if (evaluation.isComplete) return { work: NO_WORK, result }
    for (const notice of evaluation.run.notices) this.#remark(notice)
    const { answers, tokens, scored } = await evaluation.compute(this.means)
    return { work: { ...NO_WORK, answers, answerTokens: tokens, promptsRead: scored }, result }
  }

  async #evaluationOf(task: StudyTask): Promise<EvaluationWork> {
    return this.work.evaluation(task, await this.#checkedSweep())
  }

  async #checkedSweep(): Promise<CheckedSweep | null> {
    return this.work.needsSweep ? this.work.checkedSweep(await this.#swept()) : null
  }

  /** Writes the report again each time from the current results. The models of the pair may be missing. */
  async #doReport(): Promise<StepOutput> {
    const path = await writableReport(this.work.placed, this.work.studied.name)
    await writeFileAtomic(path, writeReport(await this.#reported(), 'html'))
    return { work: NO_WORK, result: path }
  }

  /** Returns the content of this pair for the page of all pairs. Reports come last, so its results are final. */
  async pairOfPage(): Promise<PairOfPage> {
    const { placed, studied } = this.work
    const { name } = studied
    const report = await this.#reported()
    const evaluations: PairOfPage['evaluations'] = []
    for (const task of placed.study.tasks) {
      const id = await this.#evaluationId(task)
      evaluations.push(report.evaluations.find((evaluation) => evaluation.id === id) ?? null)
    }
    return { name, report, href: encodeURIComponent(basename(reportPath(placed, name))), evaluations }
  }

  async #reported(): Promise<Report> {
    this.#report ??= await collectReport(this.pair, await readPairState(this.pair), await this.#shownSweep())
    return this.#report
  }

  /** Returns the id of a task's evaluation; null if there is none, or if its request has a problem. */
  async #evaluationId(task: StudyTask): Promise<string | null> {
    const evaluationId = this.#evaluated.get(task)
    if (evaluationId !== undefined) return evaluationId
    try {
      return (await this.#evaluationOf(task)).run.id
    } catch (error) {
      if (problemOf(error) === null) throw error
      return null
    }
  }

  /** Returns the id of the sweep to report; undefined reports the newest, if the study has no readable sweep. */
  async #shownSweep(): Promise<string | undefined> {
    if (this.work.placed.study.sweep === undefined) return undefined
    try {
      return (await this.work.swept())?.id
    } catch (error) {
      if (problemOf(error) === null) throw error
      return undefined
    }
  }

  async #swept(): Promise<SweepDocument> {
    const sweep = await this.work.swept()
    if (sweep !== null) return sweep
    throw new WorkbenchError(
      'not-found',
      `${this.work.studied.name} has not been swept as the study says.`,
      'Run the step "sweep" first.'
    )
  }
}
