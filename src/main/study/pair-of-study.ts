import { basename } from 'node:path'
import type { SweepDocument } from '../../contract/documents/crc'
import type { Report } from '../../contract/documents/report'
import { notFoundError, type WorkbenchError } from '../../contract/model/problem'
import { writeFileAtomic } from '../base/files/atomic-file'
import { problemOf } from '../base/rpc-problems'
import { sum } from '../base/sums'
import { judgeKey } from '../evaluation/judge'
import { readPairState } from '../project/pair-state'
import type { ProjectPair } from '../project/pair/project-pair'
import { saveFailures } from '../project/results/stored-evaluation'
import { collectReport, nameFolders } from '../report/collect'
import type { StudyPagePair } from '../report/side-by-side'
import { writeReport } from '../report/write'
import type { ComputedAnswers } from '../work/evaluation'
import { withSendingNotice, judgeStored, missingVerdicts } from '../work/judging'
import type { WorkRuntime } from '../work/work-runtime'
import type { SweepWork } from '../work/sweep'
import { NO_WORK, type StepOutput, type StepWork } from './step-result'
import type { StudyStep } from './steps'
import type { StudyTask } from './study-file'
import { writableReport } from './study-outputs'
import { reportPath } from './study-project'
import { type CheckedSweep, omittedVariants } from './study-variants'
import type { StudyWork } from './study-work'

/** Runs the steps of a study for one of its pairs, and stores the results in the study's project. */
export class PairOfStudy {
  #report: Report | null = null
  /** Ids of the evaluations that this run has computed or reused. */
  readonly #evaluated = new Map<StudyTask, string>()

  constructor(
    private readonly runtime: WorkRuntime,
    private readonly work: StudyWork,
    private readonly pair: ProjectPair,
    /** Returns the reasons why steps of the pair have failed. */
    private readonly failures: () => readonly string[]
  ) {}

  /** Does a step. Stored results are reused. */
  do(step: StudyStep): Promise<StepOutput> {
    switch (step.kind) {
      case 'sweep':
        return step.task === null ? this.#doSweep() : this.#doTaskSweep(step.task)
      case 'check':
        return this.#doCheck()
      case 'filter':
      case 'evaluate':
        if (step.task === null) throw new RangeError('an evaluation without a task')
        return step.kind === 'filter' ? this.#doFilter(step.task) : this.#doEvaluation(step.task)
      case 'report':
        return this.#doReport()
    }
  }

  async #doSweep(): Promise<StepOutput> {
    const stored = await this.work.mainSweep()
    if (stored !== null) return { work: NO_WORK, result: stored.id }
    const sweep = await this.#compute(await this.work.sweep())
    this.work.setMainSweep(sweep)
    return sweepOutput(sweep)
  }

  /** Scores all ranges by a task. The report correlates these scores with those of the main sweep. */
  async #doTaskSweep(task: StudyTask): Promise<StepOutput> {
    const run = await this.work.sweep(task)
    const stored = await run.stored()
    return stored === null ? sweepOutput(await this.#compute(run)) : { work: NO_WORK, result: stored.id }
  }

  async #compute(run: SweepWork): Promise<SweepDocument> {
    const sweep = await run.compute(this.runtime)
    await run.keep(sweep)
    await run.removeProgress()
    return sweep
  }

  async #doCheck(): Promise<StepOutput> {
    const sweep = await this.#requireMainSweep()
    const check = await this.work.check(sweep)
    if (check.isComplete) return { work: NO_WORK, result: sweep.id }
    await check.keep(await check.compute(this.runtime))
    return { work: { ...NO_WORK, checked: check.request.recipes.length }, result: sweep.id }
  }

  #remark(message: string): void {
    this.runtime.notify({ type: 'notice', message })
  }

  /** Chooses the prompts that greedy decoding of post fails, and stores them as a task of the project. */
  async #doFilter(task: StudyTask): Promise<StepOutput> {
    const filter = await this.work.filter(task)
    const result = filter.run.id
    if ((await this.work.failures(task)) !== null) return { work: NO_WORK, result }
    const work = filter.isComplete ? NO_WORK : answerWork(await filter.compute(this.runtime))
    await saveFailures(this.pair, result)
    return { work, result }
  }

  async #doEvaluation(task: StudyTask): Promise<StepOutput> {
    const { entries, studied } = this.work
    const checkedSweep = await this.#checkedSweep()
    if (task['failed-by-post'] !== undefined && (await this.work.failures(task)) === null)
      throw missingStep(studied.name, 'filter', 'has no prompts that post fails yet')
    const evaluation = await this.work.evaluation(task, checkedSweep)
    const result = evaluation.run.id
    this.#evaluated.set(task, result)
    const omitted = checkedSweep === null ? [] : omittedVariants(entries, checkedSweep)
    for (const notice of omitted) this.#remark(`${studied.name}: ${notice}`)
    if (!evaluation.isComplete) for (const notice of evaluation.run.notices) this.#remark(notice)
    const work = evaluation.isComplete ? NO_WORK : answerWork(await evaluation.compute(this.runtime))
    return { work: { ...work, verdicts: await this.#judge(task, result) }, result }
  }

  /** Asks the judge of a task the questions without a stored verdict. @returns number of new verdicts */
  async #judge(task: StudyTask, evaluationId: string): Promise<number> {
    const settings = await this.work.judge(task)
    if (settings === null) return 0
    const missing = missingVerdicts(await this.pair.evaluations.read(evaluationId), settings)
    if (missing === 0) return 0
    const { notify, signal } = this.runtime
    const apiKey = judgeKey(settings, undefined)
    const progress = withSendingNotice(
      settings,
      (notice) => this.#remark(notice),
      (progress) => notify({ type: 'progress', kind: 'judge', way: settings.way, progress })
    )
    await judgeStored(this.pair, evaluationId, { settings, apiKey }, progress, signal)
    return missing
  }

  async #checkedSweep(): Promise<CheckedSweep | null> {
    return this.work.needsSweep ? this.work.checkedSweep(await this.#requireMainSweep()) : null
  }

  /** Writes the report from the current results. The models of the pair may be missing. */
  async #doReport(): Promise<StepOutput> {
    const path = await writableReport(this.work.resolved, this.work.studied.name)
    await writeFileAtomic(path, writeReport(await this.#collectReport(), 'html'))
    return { work: NO_WORK, result: path }
  }

  /** Returns the content of this pair for the page of all pairs. Reports come last, so its results are final. */
  async pairOfPage(): Promise<StudyPagePair> {
    const { resolved, studied } = this.work
    const { name } = studied
    const report = await this.#collectReport()
    const evaluations: StudyPagePair['evaluations'] = []
    for (const task of resolved.study.tasks) {
      const id = await this.#evaluationId(task)
      evaluations.push(report.evaluations.find((evaluation) => evaluation.id === id) ?? null)
    }
    return { name, report, href: encodeURIComponent(basename(reportPath(resolved, name))), evaluations }
  }

  /** Collects the pair's report, once. */
  async #collectReport(): Promise<Report> {
    if (this.#report === null) {
      const report = await collectReport(this.pair, await readPairState(this.pair), await this.#shownSweep())
      const failures = this.failures().map((reason) => nameFolders(reason, this.pair))
      this.#report = { ...report, warnings: [...failures, ...report.warnings] }
    }
    return this.#report
  }

  /** Returns the id of a task's evaluation; null if there is none, or if its request has a problem. */
  async #evaluationId(task: StudyTask): Promise<string | null> {
    const evaluationId = this.#evaluated.get(task)
    if (evaluationId !== undefined) return evaluationId
    try {
      return (await this.work.evaluation(task, await this.#checkedSweep())).run.id
    } catch (error) {
      if (problemOf(error) === null) throw error
      return null
    }
  }

  /** Returns the id of the sweep to report; undefined reports the newest, if the study has no readable sweep. */
  async #shownSweep(): Promise<string | undefined> {
    if (this.work.resolved.study.sweep === undefined) return undefined
    try {
      return (await this.work.mainSweep())?.id
    } catch (error) {
      if (problemOf(error) === null) throw error
      return undefined
    }
  }

  async #requireMainSweep(): Promise<SweepDocument> {
    const sweep = await this.work.mainSweep()
    if (sweep !== null) return sweep
    throw missingStep(this.work.studied.name, 'sweep', 'has not been swept as the study says')
  }
}

const missingStep = (pair: string, step: string, problem: string): WorkbenchError =>
  notFoundError(`${pair} ${problem}.`, `Run the step "${step}" first.`)

function sweepOutput({ id, work, followUp, fewShot }: SweepDocument): StepOutput {
  const parts = [work, followUp, fewShot?.work]
  const blockEvaluations = sum(parts.flatMap((part) => (part ? [part.blockEvaluations] : [])))
  return { work: { ...NO_WORK, blockEvaluations }, result: id }
}

const answerWork = ({ answers, tokens, scored }: ComputedAnswers): StepWork => ({
  ...NO_WORK,
  answers,
  answerTokens: tokens,
  promptsRead: scored
})
