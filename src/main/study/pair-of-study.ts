import { basename } from 'node:path'
import type { SweepDocument } from '../../contract/documents/crc'
import type { Report } from '../../contract/documents/report'
import { WorkbenchError } from '../../contract/model/problem'
import { writeFileAtomic } from '../base/files/atomic-file'
import { problemOf } from '../base/rpc-problems'
import { runCooperatively } from '../base/steps'
import { checkedSelection } from '../crc/check/checked-selection'
import type { EngineClient } from '../engine/host'
import type { Devices } from '../work/devices'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { collectReport } from '../report/collect'
import type { PairOfPage } from '../report/side-by-side'
import { writeReport } from '../report/write'
import { CheckWork } from '../work/check'
import type { WorkMeans } from '../work/means'
import type { EvaluationWork } from '../work/evaluation'
import { readPairState } from '../project/pair-state'
import { evaluationOf } from './evaluate-step'
import { NO_WORK, type StepResult, type StepWork, type StepListener } from './step-result'
import { isFromSweep, rangesChecked, type StudyStep, variantsOf } from './steps'
import type { StudiedPair } from './studied-pair'
import type { StudyTask } from './study-file'
import { writableReport } from './study-outputs'
import { type PlacedStudy, reportPath } from './study-project'
import { type CheckedSweep, omittedVariants } from './study-variants'
import { openStudySweep } from './sweep-step'

/** Result of a step that did not fail. */
export type StepOutput = Pick<StepResult, 'result'> & { work: StepWork }

/** Services that all pairs of a study share while it runs. */
export interface StudyMeans {
  readonly engine: EngineClient
  /** Devices are tried at most once for the whole study. */
  readonly devices: Devices
  readonly signal: AbortSignal
  readonly listener: StepListener
}

/** A pair of a study in the project that takes the results. */
export class PairOfStudy {
  #sweep: SweepDocument | null = null
  #report: Report | null = null
  /** Ids of the evaluations that this run has computed or reused. */
  readonly #evaluated = new Map<StudyTask, string>()

  constructor(
    private readonly means: StudyMeans,
    private readonly placed: PlacedStudy,
    private readonly studied: StudiedPair,
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
    const run = await openStudySweep(this.studied, this.pair, this.means.devices)
    const stored = await run.stored()
    if (stored !== null) {
      this.#sweep = stored
      return { work: NO_WORK, result: stored.id }
    }
    const sweep = await run.compute(this.#means())
    await run.keep(sweep)
    await run.forget()
    this.#sweep = sweep
    const blockEvaluations = sweep.work.blockEvaluations + (sweep.followUp?.blockEvaluations ?? 0)
    return { work: { ...NO_WORK, blockEvaluations }, result: sweep.id }
  }

  async #doCheck(): Promise<StepOutput> {
    const sweep = await this.#swept()
    const { settings, location } = this.studied
    const parts = { rho: settings.rho, best: rangesChecked(this.placed.study) }
    const check = await CheckWork.first(pairPaths(location), sweep, parts, this.pair)
    if (check.isComplete) return { work: NO_WORK, result: sweep.id }
    await check.keep(await check.compute(this.#means()))
    return { work: { ...NO_WORK, checked: check.request.recipes.length }, result: sweep.id }
  }

  #means(): WorkMeans {
    const { engine, signal, listener } = this.means
    return { engine, signal, notify: (event) => listener.notify(event) }
  }

  #remark(message: string): void {
    this.means.listener.notify({ type: 'notice', message })
  }

  async #doEvaluation(task: StudyTask): Promise<StepOutput> {
    const evaluation = await this.#evaluationOf(task)
    const result = evaluation.run.id
    this.#evaluated.set(task, result)
    for (const notice of await this.#omitted()) this.#remark(`${this.studied.name}: ${notice}`)
    if (evaluation.isComplete) return { work: NO_WORK, result }
    for (const notice of evaluation.run.notices) this.#remark(notice)
    const computed = await evaluation.compute(this.#means())
    const { answers, tokens, scored } = computed
    return { work: { ...NO_WORK, answers, answerTokens: tokens, promptsRead: scored }, result }
  }

  async #evaluationOf(task: StudyTask): Promise<EvaluationWork> {
    const needsSweep = variantsOf(this.placed.study, this.studied.entry).some(isFromSweep)
    return evaluationOf(
      this.placed,
      this.studied,
      this.pair,
      task,
      needsSweep ? await this.#checkedSweep() : null
    )
  }

  async #omitted(): Promise<string[]> {
    const entries = variantsOf(this.placed.study, this.studied.entry)
    return entries.some(isFromSweep) ? omittedVariants(entries, await this.#checkedSweep()) : []
  }

  /** Writes the report again each time from the current results. The models of the pair may be missing. */
  async #doReport(): Promise<StepOutput> {
    const path = await writableReport(this.placed, this.studied.name)
    await writeFileAtomic(path, writeReport(await this.#reported(), 'html'))
    return { work: NO_WORK, result: path }
  }

  /** Returns the content of this pair for the page of all pairs. Reports come last, so its results are final. */
  async pairOfPage(): Promise<PairOfPage> {
    const { name } = this.studied
    const report = await this.#reported()
    const evaluations: PairOfPage['evaluations'] = []
    for (const task of this.placed.study.tasks) {
      const id = await this.#evaluationId(task)
      evaluations.push(report.evaluations.find((evaluation) => evaluation.id === id) ?? null)
    }
    return { name, report, href: encodeURIComponent(basename(reportPath(this.placed, name))), evaluations }
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
    if (this.placed.study.sweep === undefined) return undefined
    try {
      return (await this.#sweptIfAny())?.id
    } catch (error) {
      if (problemOf(error) === null) throw error
      return undefined
    }
  }

  async #sweptIfAny(): Promise<SweepDocument | null> {
    this.#sweep ??= await (await openStudySweep(this.studied, this.pair, this.means.devices)).stored()
    return this.#sweep
  }

  async #swept(): Promise<SweepDocument> {
    const sweep = await this.#sweptIfAny()
    if (sweep !== null) return sweep
    throw new WorkbenchError(
      'not-found',
      `${this.studied.name} has not been swept as the study says.`,
      'Run the step "sweep" first.'
    )
  }

  /** Returns the sweep with its selection, corrected by the check. */
  async #checkedSweep(): Promise<CheckedSweep> {
    const sweep = await this.#swept()
    const check = await this.pair.readAnswerCheck(sweep.id)
    return {
      sweep,
      selection: await runCooperatively(checkedSelection(sweep, check, this.studied.settings.rho))
    }
  }
}
