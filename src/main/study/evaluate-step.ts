import { computingFromOptions } from '../../contract/documents/samples'
import type { Task } from '../../contract/documents/task'
import type { EvaluationRequest } from '../evaluation/prepare-evaluation'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { EvaluationWork } from '../work/evaluation'
import { variantsOf } from './steps'
import { type StudiedPair, taskOfStudy } from './studied-pair'
import { evaluatingAsked, type Study, type StudyTask } from './study-file'
import { fileOfStudy } from './study-places'
import type { PlacedStudy } from './study-project'
import { type Found, studyVariants } from './study-variants'

/** A task as a study asks it: a part of its prompts, another number of answers, another seed. */
function taskAsAsked(task: Task, { n, seed, prompts }: StudyTask): Task {
  const { settings } = task
  return {
    ...task,
    prompts: task.prompts.slice(0, prompts),
    settings: { ...settings, sampleCount: n ?? settings.sampleCount, seed: seed ?? settings.seed }
  }
}

/** What a task says of how its answers are made and read, else the study. @param folder of the study's file */
function evaluatingOf(
  { evaluate }: Study,
  asked: StudyTask,
  folder: string
): Pick<EvaluationRequest, 'computing' | 'embeddingModel' | 'classifier'> {
  const { 'embedding-model': embeddingModel, classifier } = { ...evaluate, ...asked }
  const placed = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : fileOfStudy(folder, path)
  return {
    computing: computingFromOptions(evaluatingAsked(evaluate, asked)),
    embeddingModel: placed(embeddingModel),
    classifier: placed(classifier)
  }
}

/**
 * What a study evaluates of a pair on a task.
 *
 * @param pair null: there is no project yet
 * @param found null where no variant is what a sweep finds
 * @throws WorkbenchError as `taskOfStudy`, `studyVariants` and `prepareEvaluation`
 */
export async function evaluationOf(
  { study, folder }: PlacedStudy,
  { entry, location, rendering }: StudiedPair,
  pair: ProjectPair | null,
  asked: StudyTask,
  found: Found | null
): Promise<EvaluationWork> {
  const paths = pairPaths(location)
  const task = taskAsAsked(await taskOfStudy(folder, asked.task, pair), asked)
  const { sampling } = task.settings
  const place = { folder, pair: paths }
  const variants = await studyVariants(variantsOf(study, entry), study.samplers, sampling, place, found)
  const { computing, ...models } = evaluatingOf(study, asked, folder)
  return EvaluationWork.open({ ...paths, task, variants, rendering, computing, ...models }, pair)
}
