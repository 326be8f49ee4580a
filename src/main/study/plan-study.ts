import { formatDuration, plural } from '../../contract/words/format'
import { type JudgeSettings, judgeWarning, pairQuestions } from '../../contract/documents/judge'
import type { EvaluationRun } from '../../contract/documents/evaluation'
import type { SweepPlan } from '../../contract/documents/sweep-plan'
import type { GenerationDevice } from '../../contract/model/device'
import { isExternal } from '../../contract/model/model'
import type { Problem } from '../../contract/model/problem'
import { endpointWarning } from '../../contract/model/external-model'
import { defaultMemoryBytes } from '../base/engine-memory'
import { throwIfCancelled } from '../base/files/cancelling'
import { problemOf } from '../base/rpc-problems'
import type { EngineClient } from '../engine/host'
import type { WorkEvent } from '../../contract/work/progress'
import { triedDevices } from '../work/devices'
import type { EvaluationWork } from '../work/evaluation'
import { missingVerdicts } from '../work/judging'
import type { SweepWork } from '../work/sweep'
import type { Project } from '../project/project'
import { endpointsOf, rangesChecked, type StudyStep } from './steps'
import { studiedPair } from './studied-pair'
import type { StudyTask } from './study-file'
import type { SelectedModels, StudyModel } from './study-models'
import { writableReport } from './study-outputs'
import { pairOfName, pairEntryOf, type ResolvedStudy } from './study-project'
import { type CheckedSweep, omittedVariants } from './study-variants'
import { StudyWork } from './study-work'

/* Plans a study for `slr study --dry-run`: the work and time of each step, and the data that leave this machine. */

export interface AnswerPlan {
  prompts: number
  variants: number
  /** Answers of each variant to each prompt. */
  perVariant: number
  /** Number of answers that are not stored yet. */
  missing: number
  /** Upper bound on the tokens of the missing answers. */
  mostTokens: number
  /** Tokens per second of a short trial; null without one, as for answers of endpoints only. */
  tokensPerSecond: number | null
  device: GenerationDevice
  memoryBytes: number
}

/** Plan of a step. Parts that a kind of step does not have are null or empty. */
export interface StepPlan {
  key: string
  /** Stored results: all, some or none. */
  state: 'there' | 'begun' | 'missing'
  sweep: SweepPlan | null
  /** Number of ranges that still need a full-answer check. */
  ranges: number | null
  answers: AnswerPlan | null
  /** Sentences about data that leaves this machine or this program. */
  leaves: string[]
  /** Sentences about requested variants that have no model. */
  omitted: string[]
  /** Path of a report; null for other steps. */
  file: string | null
  problem: Problem | null
}

/** Maximum number of models that a sweep selects for each of these words. */
const MAX_SELECTED: Readonly<Record<SelectedModels, number>> = { selected: 1, baselines: 4, controls: 3 }

/**
 * Plans the steps of a study, and changes nothing.
 *
 * @param project null if it does not exist yet
 * @param begins called before each step is planned
 */
export async function planStudy(
  engine: EngineClient,
  project: Project | null,
  resolved: ResolvedStudy,
  steps: readonly StudyStep[],
  signal: AbortSignal,
  begins: (step: StudyStep, index: number) => void
): Promise<StepPlan[]> {
  const devices = triedDevices(signal)
  const planners = new Map<string, PairPlanner>()
  const plannerOf = async (name: string): Promise<PairPlanner> => {
    const pair = project === null ? null : pairOfName(project, name)
    const studied = await studiedPair(resolved.study, pairEntryOf(resolved, name), resolved.folder, pair)
    return new PairPlanner(engine, new StudyWork(resolved, studied, pair, devices), signal)
  }
  const plans: StepPlan[] = []
  for (const [index, step] of steps.entries()) {
    throwIfCancelled(signal, 'The plan')
    begins(step, index)
    try {
      const { key, pair } = step
      if (pair === null) plans.push({ ...NOTHING, key, ...(await planReport(resolved, null)) })
      else {
        const planner = planners.get(pair) ?? (await plannerOf(pair))
        planners.set(pair, planner)
        plans.push(await planner.plan(step))
      }
    } catch (error) {
      const problem = problemOf(error)
      if (problem === null || problem.code === 'cancelled') throw error
      plans.push({ ...NOTHING, key: step.key, state: 'missing', problem })
    }
  }
  return plans
}

const NOTHING = {
  sweep: null,
  ranges: null,
  answers: null,
  leaves: [],
  omitted: [],
  file: null,
  problem: null
}

/** Plan of a sweep whose results are all stored. */
const THERE = { state: 'there', sweep: null } as const

class PairPlanner {
  /** Tokens per second by device, precision and weights. */
  readonly #paces = new Map<string, number | null>()

  constructor(
    private readonly engine: EngineClient,
    private readonly work: StudyWork,
    private readonly signal: AbortSignal
  ) {}

  async plan(step: StudyStep): Promise<StepPlan> {
    return { ...NOTHING, key: step.key, ...(await this.#planStep(step)) }
  }

  async #planStep(step: StudyStep): Promise<Pick<StepPlan, 'state'> & Partial<StepPlan>> {
    switch (step.kind) {
      case 'sweep':
        return step.task === null ? this.#planSweep() : this.#planTaskSweep(step.task)
      case 'check':
        return this.#planCheck()
      case 'filter':
        return this.#planFilter(step)
      case 'evaluate':
        return this.#planEvaluation(step).catch((error: unknown) => this.#planFailing(error))
      case 'report':
        return planReport(this.work.resolved, step.pair)
    }
  }

  async #planSweep(): Promise<Pick<StepPlan, 'state' | 'sweep'>> {
    const { work } = this
    return (await work.mainSweep()) === null ? this.#planMissing(await work.sweep()) : THERE
  }

  async #planTaskSweep(task: StudyTask): Promise<Pick<StepPlan, 'state' | 'sweep'>> {
    const run = await this.work.sweep(task)
    return (await run.stored()) === null ? this.#planMissing(run) : THERE
  }

  async #planMissing(run: SweepWork): Promise<Pick<StepPlan, 'state' | 'sweep'>> {
    const storedPart = (await run.computedShare())?.known ?? null
    const sweep = await run.plan(this.engine, this.signal)
    const isBegun = sweep === null || (storedPart !== null && (storedPart.prompts > 0 || storedPart.begun !== null))
    return { state: isBegun ? 'begun' : 'missing', sweep }
  }

  async #planFilter({ task }: StudyStep): Promise<Pick<StepPlan, 'state' | 'answers'>> {
    if (task === null) throw new RangeError('a filter without a task')
    if ((await this.work.failures(task)) !== null) return { state: 'there', answers: null }
    const { run, stored } = await this.work.filter(task)
    const storedCount = stored?.samples.length ?? 0
    return {
      state: storedCount > 0 ? 'begun' : 'missing',
      answers: await this.#withPace(task, run, planAnswers(run, 1, storedCount))
    }
  }

  async #planCheck(): Promise<Pick<StepPlan, 'state' | 'ranges'>> {
    const sweep = await this.work.mainSweep()
    if (sweep === null) return { state: 'missing', ranges: rangesChecked(this.work.resolved.study) }
    const { isComplete, request } = await this.work.check(sweep)
    return { state: stateOf(isComplete, request.earlier !== null), ranges: request.recipes.length }
  }

  async #planEvaluation({ task }: StudyStep): Promise<Omit<StepPlan, 'key' | 'sweep' | 'ranges' | 'file' | 'problem'>> {
    if (task === null) throw new RangeError('an evaluation without a task')
    const { entries, needsSweep } = this.work
    const checkedSweep = needsSweep ? await this.#checkedSweep() : null
    const evaluation = await this.work.evaluation(task, checkedSweep)
    const { run } = evaluation
    const isFiltered = task['failed-by-post'] === undefined || (await this.work.failures(task)) !== null
    // Variants or prompts are unknown until earlier steps have results. Problems of known variants are reported above.
    if ((checkedSweep === null && needsSweep) || !isFiltered) return this.#planOfUnknown(task, run)
    const { variants } = run
    const storedSamples = evaluation.stored?.samples ?? []
    const answers = planAnswers(run, variants.length, storedSamples.length)
    const leaves = variants.flatMap(({ variant }) => {
      if (variant.kind !== 'endpoint') return []
      const answered = storedSamples.filter((sample) => sample.variant === variant.name).length
      return endpointDataWords(variant, answers.prompts, answers.prompts * answers.perVariant - answered)
    })
    const judge = await this.work.judge(task)
    const questions = judge === null ? 0 : questionCount(judge, evaluation, answers)
    return {
      state: stateOf(evaluation.isComplete && questions === 0, storedSamples.length > 0),
      answers: await this.#withPace(task, run, answers),
      leaves: [...leaves, ...judgeDataWords(judge, questions)],
      omitted: checkedSweep === null ? [] : omittedVariants(entries, checkedSweep)
    }
  }

  /** Adds the pace of a short trial, if the engine has answers to generate. */
  async #withPace(task: StudyTask, run: EvaluationRun, answers: AnswerPlan): Promise<AnswerPlan> {
    if (answers.missing === 0 || run.variants.every(({ variant }) => isExternal(variant))) return answers
    const key = JSON.stringify(run.computing)
    const pace = this.#paces.get(key) ?? (await this.#trialPace(task))
    this.#paces.set(key, pace)
    return { ...answers, tokensPerSecond: pace }
  }

  /** Measures how fast post answers one prompt; null if the trial fails. */
  async #trialPace(task: StudyTask): Promise<number | null> {
    const { engine, signal } = this
    let pace: number | null = null
    const notify = (event: WorkEvent): void => {
      if (event.type === 'progress' && event.kind === 'evaluate') pace = event.progress.tokensPerSecond ?? pace
    }
    try {
      const { tokens, seconds } = await (await this.work.trial(task)).compute({ engine, signal, notify })
      return pace ?? tokens / seconds
    } catch (error) {
      const problem = problemOf(error)
      if (problem === null || problem.code === 'cancelled') throw error
      return null
    }
  }

  /** Plans a step that would fail. Such a step sends no text to endpoints. */
  #planFailing(error: unknown): Pick<StepPlan, 'state' | 'leaves' | 'problem'> {
    const problem = problemOf(error)
    if (problem === null || problem.code === 'cancelled') throw error
    const leaves = endpointsOf(this.work.resolved.study, this.work.studied.entry).map(
      ({ endpoint }) => `${endpointWarning(endpoint)} Not before this step would no longer fail.`
    )
    return { state: 'missing', leaves, problem }
  }

  /** Plans an evaluation whose variants or prompts are not all known. @param run run of the known variants */
  async #planOfUnknown(
    task: StudyTask,
    run: EvaluationRun
  ): Promise<Pick<StepPlan, 'state' | 'answers' | 'leaves' | 'omitted'>> {
    const { entries, resolved } = this.work
    const samplers = resolved.study.samplers?.length ?? 1
    const models = entries.reduce(
      (sum, { model }) => sum + (model.kind === 'from sweep' ? MAX_SELECTED[model.models] : 1),
      0
    )
    const settings = samplers * (1 + this.work.promptings(task).length)
    const answers = planAnswers(run, models * settings, 0)
    const perModel = settings * answers.prompts * answers.perVariant
    const leaves = entries.flatMap(({ model, name }) =>
      model.kind === 'endpoint'
        ? endpointDataWords({ ...model, name: name ?? model.name }, answers.prompts, perModel)
        : []
    )
    const judge = await this.work.judge(task)
    return {
      state: 'missing',
      answers: await this.#withPace(task, run, answers),
      leaves: [...leaves, ...judgeDataWords(judge, judge === null ? 0 : mostQuestions(judge, answers))],
      omitted: []
    }
  }

  /** Returns the main sweep with its check; null if one of them is not computed yet. */
  async #checkedSweep(): Promise<CheckedSweep | null> {
    const { work } = this
    const sweep = await work.mainSweep()
    if (sweep === null) return null
    if (work.resolved.study.check !== undefined && (await this.#planCheck()).state !== 'there') return null
    return work.checkedSweep(sweep)
  }
}

async function planReport(resolved: ResolvedStudy, pair: string | null): Promise<Pick<StepPlan, 'state' | 'file'>> {
  return { state: 'missing', file: await writableReport(resolved, pair) }
}

function stateOf(isComplete: boolean, isBegun: boolean): StepPlan['state'] {
  if (isComplete) return 'there'
  return isBegun ? 'begun' : 'missing'
}

/** @param storedCount number of answers that are stored */
function planAnswers(
  { task: { prompts, settings }, computing }: EvaluationRun,
  variants: number,
  storedCount: number
): AnswerPlan {
  const missing = prompts.length * variants * settings.sampleCount - storedCount
  return {
    prompts: prompts.length,
    variants,
    perVariant: settings.sampleCount,
    missing,
    mostTokens: missing * settings.maxTokens,
    tokensPerSecond: null,
    device: computing.device,
    memoryBytes: defaultMemoryBytes()
  }
}

/** Describes the data that an endpoint receives. @param answers number of answers that are still to be requested */
function endpointDataWords(
  variant: Extract<StudyModel, { kind: 'endpoint' }>,
  prompts: number,
  answers: number
): string[] {
  if (answers === 0) return []
  return [
    `${endpointWarning(variant.endpoint)} ` +
      `${plural(prompts, 'prompt')}, for ${plural(answers, 'answer')} as ${variant.name}.`
  ]
}

/** Describes the data that a judge receives. @param questions upper bound on the questions without a reply */
function judgeDataWords(judge: JudgeSettings | null, questions: number): string[] {
  if (judge === null || questions === 0) return []
  const minutes = questions / judge.requestsPerMinute
  return [
    `${judgeWarning(judge)} At most ${plural(questions, 'request')}, ` +
      `which take at least ${formatDuration(60 * minutes)}.`
  ]
}

/** Returns the number of questions to a judge without a stored verdict; an upper bound if answers are missing. */
const questionCount = (judge: JudgeSettings, { stored, isComplete }: EvaluationWork, answers: AnswerPlan): number =>
  stored !== null && isComplete ? missingVerdicts(stored, judge) : mostQuestions(judge, answers)

/** Returns the number of a judge's questions if all answers differ. */
const mostQuestions = (
  { way, answersPerPrompt }: JudgeSettings,
  { prompts, variants, perVariant }: AnswerPlan
): number =>
  way === 'pairs'
    ? pairQuestions(variants, prompts)
    : prompts * variants * (way === 'marks' ? Math.min(perVariant, answersPerPrompt) : perVariant)
