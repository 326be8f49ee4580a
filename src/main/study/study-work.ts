import { computingFromOptions } from '../../contract/documents/samples'
import type { SweepDocument } from '../../contract/documents/crc'
import type { EvaluationVariant } from '../../contract/documents/evaluation'
import { GREEDY_VARIANTS, greedyTask } from '../../contract/documents/greedy-failures'
import type { JudgeSettings } from '../../contract/documents/judge'
import type { ScoredTask } from '../../contract/documents/scored-by'
import { type Task, TaskSettings } from '../../contract/documents/task'
import type { Prompting } from '../../contract/model/prompting'
import { absolutePath } from '../base/files/paths'
import { runCooperatively } from '../base/steps'
import { checkedSelection } from '../crc/check/checked-selection'
import { requireRightAnswers } from '../evaluation/greedy-failures'
import { judgeSettings } from '../evaluation/judging-server'
import { withPromptings } from '../evaluation/prompted-answers'
import type { EvaluationRequest } from '../evaluation/prepare-evaluation'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { CheckWork } from '../work/check'
import type { Devices } from '../work/devices'
import { EvaluationWork } from '../work/evaluation'
import { changedSampling } from '../../contract/work/settings'
import { namedTask, publishedTaskOf } from '../work/named-task'
import { SweepWork } from '../work/sweep'
import { isFromSweep, rangesChecked, variantsOf } from './steps'
import type { StudiedPair } from './studied-pair'
import { computationSettings, type Study, type StudyTask } from './study-file'
import type { StudySampler, StudyVariant } from './study-models'
import type { ResolvedStudy } from './study-project'
import { type CheckedSweep, studyVariants } from './study-variants'

/** Prepares the work of a study for one pair: its sweeps, check, evaluations and judge. Plans and runs both use it. */
export class StudyWork {
  /** Variants of the study file for this pair. */
  readonly entries: readonly StudyVariant[]
  /** True if a variant is known only after the sweep. */
  readonly needsSweep: boolean
  private sweepDocument: SweepDocument | null = null
  /** Tasks that were read. */
  private readonly tasks = new Map<StudyTask, Task>()

  /** @param devices tried at most once for the whole study @param pair null if the project has no such pair yet */
  constructor(
    readonly resolved: ResolvedStudy,
    readonly studied: StudiedPair,
    readonly pair: ProjectPair | null,
    private readonly devices: Devices
  ) {
    this.entries = variantsOf(resolved.study, studied.entry)
    this.needsSweep = this.entries.some(isFromSweep)
  }

  /** Prepares a sweep without the recipes and checkpoints of the project. @param scoring null for the main sweep */
  async sweep(scoring: StudyTask | null = null): Promise<SweepWork> {
    const { location, rendering, settings, source } = this.studied
    const scored = scoring === null ? this.studied.scored : scoredBy(await this.task(scoring))
    return SweepWork.open(
      { whatIf: true, source: source ?? 'base', ...(scoring === null ? {} : { split: false }) },
      {
        document: { location, rendering, settings, recipes: [], otherCheckpoints: [] },
        pair: this.pair,
        file: null,
        scored: () => Promise.resolve(scored)
      },
      this.devices
    )
  }

  /** Returns the main sweep of this run, or a stored one with its results; null for none. */
  async mainSweep(): Promise<SweepDocument | null> {
    if (this.pair === null) return null
    this.sweepDocument ??= await (await this.sweep()).stored()
    return this.sweepDocument
  }

  setMainSweep(sweep: SweepDocument): void {
    this.sweepDocument = sweep
  }

  check(sweep: SweepDocument): Promise<CheckWork> {
    const { location, settings } = this.studied
    const parts = { rho: settings.rho, best: rangesChecked(this.resolved.study) }
    return CheckWork.first(pairPaths(location), sweep, parts, this.pair)
  }

  /** Returns the sweep with its selection, corrected by the check. */
  async checkedSweep(sweep: SweepDocument): Promise<CheckedSweep> {
    const check = (await this.pair?.readAnswerCheck(sweep.id)) ?? null
    return {
      sweep,
      selection: await runCooperatively(checkedSelection(sweep, check, this.studied.settings.rho))
    }
  }

  /** Returns a task with the settings of the study. @throws WorkbenchError as `namedTask` and `publishedTaskOf` */
  async task(settings: StudyTask): Promise<Task> {
    const [first = {}] = this.resolved.study.samplers ?? []
    return taskWithSettings(await this.#readTask(settings), settings, first)
  }

  async #readTask(settings: StudyTask): Promise<Task> {
    const { folder } = this.resolved
    const { task: named } = settings
    const readTask = this.tasks.get(settings)
    if (readTask !== undefined) return readTask
    const task =
      typeof named === 'string'
        ? await namedTask(named, this.pair, folder)
        : await publishedTaskOf(
            named.import,
            named.import,
            named.file.map((path) => absolutePath(path, folder))
          )
    this.tasks.set(settings, task)
    return task
  }

  /** Prepares post's greedy answers to a task. @throws WorkbenchError as `EvaluationWork.open` */
  async filter(settings: StudyTask): Promise<EvaluationWork> {
    const task = await this.task(settings)
    requireRightAnswers(task)
    return this.#evaluation(settings, greedyTask(task), GREEDY_VARIANTS)
  }

  /** Returns the prompts that post fails; null before the filter has chosen them. */
  async failures(settings: StudyTask): Promise<Task | null> {
    const { run, isComplete } = await this.filter(settings)
    if (!isComplete || this.pair === null) return null
    const tasks = await this.pair.project.tasks.list()
    const chosen = tasks.find(({ task }) => task.chosen?.evaluationId === run.id)?.task
    if (chosen === undefined) return null
    const prompts = chosen.prompts.slice(0, settings['failed-by-post'])
    return { ...chosen, prompts, settings: (await this.task(settings)).settings }
  }

  /** Prepares the evaluation of a task. If the task's filter has not run, its first prompts are planned instead. */
  async evaluation(settings: StudyTask, checkedSweep: CheckedSweep | null): Promise<EvaluationWork> {
    const { study, folder } = this.resolved
    const maxFailures = settings['failed-by-post']
    const completeTask = await this.task(settings)
    const failures = maxFailures === undefined ? null : await this.failures(settings)
    const task = failures ?? { ...completeTask, prompts: completeTask.prompts.slice(0, maxFailures) }
    const folders = pairPaths(this.studied.location)
    const variants = await studyVariants(
      this.entries,
      study.samplers,
      (await this.#readTask(settings)).settings.sampling,
      { folder, folders, checkpoints: [] },
      checkedSweep
    )
    return this.#evaluation(settings, task, withPromptings(variants, this.promptings(settings)))
  }

  /** Returns the ways of prompting in which each variant is also evaluated. */
  promptings({ prompting }: StudyTask): readonly Prompting[] {
    return prompting ?? this.resolved.study.evaluate.prompting ?? []
  }

  /** Prepares a few short answers of post to the first prompt, in memory, to measure the speed. */
  async trial(settings: StudyTask): Promise<EvaluationWork> {
    const task = await this.task(settings)
    const short = { ...task.settings, sampleCount: 16, maxTokens: 16 }
    const trialTask = { ...task, prompts: task.prompts.slice(0, 1), settings: short }
    const { location, rendering } = this.studied
    const computing = computingFromOptions(computationSettings(this.resolved.study.evaluate, settings))
    const models = { ...pairPaths(location), variants: GREEDY_VARIANTS, rendering, computing }
    return EvaluationWork.open({ ...models, task: trialTask }, null)
  }

  async judge(settings: StudyTask): Promise<JudgeSettings | null> {
    const judge = settings.judge ?? this.resolved.study.evaluate.judge
    return judge === undefined ? null : judgeSettings(judge, (await this.task(settings)).kind)
  }

  #evaluation(settings: StudyTask, task: Task, variants: EvaluationVariant[]): Promise<EvaluationWork> {
    const { study, folder } = this.resolved
    const { location, rendering } = this.studied
    const computed = measureSettings(study, settings, folder)
    return EvaluationWork.open({ ...pairPaths(location), task, variants, rendering, ...computed }, this.pair)
  }
}

const scoredBy = (task: Task): ScoredTask => ({
  kind: 'task',
  task,
  sampling: task.settings.sampling,
  draws: task.settings.sampleCount
})

/** Applies the settings of a study to a task. The task's sampler is the first sampler of the study. */
function taskWithSettings(task: Task, { n, seed, prompts }: StudyTask, first: StudySampler): Task {
  const { settings } = task
  return {
    ...task,
    prompts: task.prompts.slice(0, prompts),
    // Parsing puts the fields into the order of stored runs, because runs are recognised by their JSON text.
    settings: TaskSettings.parse({
      ...settings,
      sampling: changedSampling(first, settings.sampling),
      sampleCount: n ?? settings.sampleCount,
      seed: seed ?? settings.seed
    })
  }
}

/** Returns how answers are computed and measured, as the task says, else the study. @param folder start of paths */
function measureSettings(
  { evaluate }: Study,
  task: StudyTask,
  folder: string
): Pick<EvaluationRequest, 'computing' | 'embeddingModel' | 'classifier'> {
  const { 'embedding-model': embeddingModel, classifier } = { ...evaluate, ...task }
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : absolutePath(path, folder)
  return {
    computing: computingFromOptions(computationSettings(evaluate, task)),
    embeddingModel: absolute(embeddingModel),
    classifier: absolute(classifier)
  }
}
