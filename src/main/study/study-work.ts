import { computingFromOptions } from '../../contract/documents/samples'
import type { SweepDocument } from '../../contract/documents/crc'
import type { Task } from '../../contract/documents/task'
import { absolutePath } from '../base/files/places'
import { runCooperatively } from '../base/steps'
import { checkedSelection } from '../crc/check/checked-selection'
import type { EvaluationRequest } from '../evaluation/prepare-evaluation'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { CheckWork } from '../work/check'
import type { Devices } from '../work/devices'
import { EvaluationWork } from '../work/evaluation'
import { namedTask } from '../work/named-task'
import { SweepWork } from '../work/sweep'
import { isFromSweep, rangesChecked, variantsOf } from './steps'
import type { StudiedPair } from './studied-pair'
import { evaluatingAsked, type Study, type StudyTask } from './study-file'
import type { StudyVariant } from './study-models'
import type { PlacedStudy } from './study-project'
import { type CheckedSweep, studyVariants } from './study-variants'

export class StudyWork {
  readonly entries: readonly StudyVariant[]
  /** True if a variant is known only after the sweep. */
  readonly needsSweep: boolean
  private stored: SweepDocument | null = null

  /** @param devices tried at most once for the whole study @param pair null if the project has no such pair yet */
  constructor(
    readonly placed: PlacedStudy,
    readonly studied: StudiedPair,
    readonly pair: ProjectPair | null,
    private readonly devices: Devices
  ) {
    this.entries = variantsOf(placed.study, studied.entry)
    this.needsSweep = this.entries.some(isFromSweep)
  }

  /** Prepares the sweep, without recipes and checkpoints that the project keeps. */
  sweep(): Promise<SweepWork> {
    const { location, rendering, settings, source, scored } = this.studied
    return SweepWork.open(
      { whatIf: true, source: source ?? 'base' },
      {
        document: { location, rendering, settings, recipes: [], otherCheckpoints: [] },
        pair: this.pair,
        file: null,
        scored: () => Promise.resolve(scored)
      },
      this.devices
    )
  }

  /** Returns the sweep of this run, or a stored one with its results; null for none. */
  async swept(): Promise<SweepDocument | null> {
    if (this.pair === null) return null
    this.stored ??= await (await this.sweep()).stored()
    return this.stored
  }

  useSweep(sweep: SweepDocument): void {
    this.stored = sweep
  }

  check(sweep: SweepDocument): Promise<CheckWork> {
    const { location, settings } = this.studied
    const parts = { rho: settings.rho, best: rangesChecked(this.placed.study) }
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

  /** Prepares the evaluation on a task. @param checkedSweep null if no variant needs it */
  async evaluation(settings: StudyTask, checkedSweep: CheckedSweep | null): Promise<EvaluationWork> {
    const { study, folder } = this.placed
    const { location, rendering } = this.studied
    const folders = pairPaths(location)
    const task = taskWithSettings(await namedTask(settings.task, this.pair, folder), settings)
    const variants = await studyVariants(
      this.entries,
      study.samplers,
      task.settings.sampling,
      { folder, folders, checkpoints: [] },
      checkedSweep
    )
    const computed = evaluatingOf(study, settings, folder)
    return EvaluationWork.open({ ...folders, task, variants, rendering, ...computed }, this.pair)
  }
}

/** Applies the settings of a study to a task: number of prompts, number of answers, and seed. */
function taskWithSettings(task: Task, { n, seed, prompts }: StudyTask): Task {
  const { settings } = task
  return {
    ...task,
    prompts: task.prompts.slice(0, prompts),
    settings: { ...settings, sampleCount: n ?? settings.sampleCount, seed: seed ?? settings.seed }
  }
}

/** Returns the computation of answers that a task sets, else the study. @param folder folder of the study's file */
function evaluatingOf(
  { evaluate }: Study,
  task: StudyTask,
  folder: string
): Pick<EvaluationRequest, 'computing' | 'embeddingModel' | 'classifier'> {
  const { 'embedding-model': embeddingModel, classifier } = { ...evaluate, ...task }
  const placed = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : absolutePath(path, folder)
  return {
    computing: computingFromOptions(evaluatingAsked(evaluate, task)),
    embeddingModel: placed(embeddingModel),
    classifier: placed(classifier)
  }
}
