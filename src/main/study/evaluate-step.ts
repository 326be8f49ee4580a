import { computingFromOptions } from '../../contract/documents/samples'
import type { Task } from '../../contract/documents/task'
import type { EvaluationRequest } from '../evaluation/prepare-evaluation'
import { pairPaths } from '../project/demo'
import { absolutePath } from '../base/files/places'
import type { ProjectPair } from '../project/pair/project-pair'
import { EvaluationWork } from '../work/evaluation'
import { variantsOf } from './steps'
import { namedTask } from '../work/named-task'
import type { StudiedPair } from './studied-pair'
import { evaluatingAsked, type Study, type StudyTask } from './study-file'
import type { PlacedStudy } from './study-project'
import { type CheckedSweep, studyVariants } from './study-variants'

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

/**
 * Prepares the evaluation of a pair on a task of a study.
 *
 * @param settings settings of the study for the task
 * @param pair pair of the project; null if there is no project yet
 * @param checkedSweep sweep with its checked selection; null if no variant needs it
 * @throws WorkbenchError as `taskOfStudy`, `studyVariants` and `prepareEvaluation`
 */
export async function evaluationOf(
  { study, folder }: PlacedStudy,
  { entry, location, rendering }: StudiedPair,
  pair: ProjectPair | null,
  settings: StudyTask,
  checkedSweep: CheckedSweep | null
): Promise<EvaluationWork> {
  const paths = pairPaths(location)
  const task = taskWithSettings(await namedTask(settings.task, pair, folder), settings)
  const { sampling } = task.settings
  const place = { folder, folders: paths, checkpoints: [] }
  const variants = await studyVariants(
    variantsOf(study, entry),
    study.samplers,
    sampling,
    place,
    checkedSweep
  )
  const { computing, ...models } = evaluatingOf(study, settings, folder)
  return EvaluationWork.open({ ...paths, task, variants, rendering, computing, ...models }, pair)
}
