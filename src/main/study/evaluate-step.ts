import type { EvaluationProgress, EvaluationRun } from '../../contract/documents/evaluation'
import { computingFromOptions } from '../../contract/documents/samples'
import type { Task } from '../../contract/documents/task'
import type { EngineClient } from '../engine/host'
import { type EvaluationRequest, prepareEvaluation } from '../evaluation/prepare-evaluation'
import { runEvaluation } from '../evaluation/run-evaluation'
import { droppingUnanswered } from '../jobs/dropping-unanswered'
import type { EvaluationFiles } from '../project/documents/evaluation-files'
import { pairPaths } from '../project/demo'
import type { ProjectPair } from '../project/pair/project-pair'
import { isComplete, sameEvaluation } from '../project/results/stored-evaluation'
import type { SampledPair } from '../samples/generation'
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

/** An evaluation, and what the project has of it. */
export interface FoundEvaluation {
  run: EvaluationRun
  pair: SampledPair
  /** Null: nothing yet. */
  stored: EvaluationFiles | null
  complete: boolean
}

/**
 * What a study evaluates of a pair on a task.
 *
 * @param own null: there is no project yet
 * @param found null where no variant is what a sweep finds
 * @throws WorkbenchError as `taskOfStudy`, `studyVariants` and `prepareEvaluation`
 */
export async function evaluationOf(
  { study, folder }: PlacedStudy,
  { entry, location, rendering }: StudiedPair,
  own: ProjectPair | null,
  asked: StudyTask,
  found: Found | null
): Promise<FoundEvaluation> {
  const paths = pairPaths(location)
  const task = taskAsAsked(await taskOfStudy(folder, asked.task, own), asked)
  const { sampling } = task.settings
  const place = { folder, pair: paths }
  const variants = await studyVariants(variantsOf(study, entry), study.samplers, sampling, place, found)
  const { computing, ...models } = evaluatingOf(study, asked, folder)
  const { run, pair } = await prepareEvaluation({ ...paths, task, variants, rendering, computing, ...models })
  const stored = own === null ? null : await sameEvaluation(own, run)
  return { run: stored?.run ?? run, pair, stored, complete: stored !== null && isComplete(stored) }
}

/** What an evaluation has computed now. */
export interface ComputedEvaluation {
  answers: number
  tokens: number
  /** Prompts whose answers were read. */
  scored: number
}

/** Generates and reads what an evaluation lacks, and keeps it as it comes. @throws WorkbenchError as `runEvaluation` */
export async function completeEvaluation(
  engine: EngineClient,
  own: ProjectPair,
  { run, pair, stored }: FoundEvaluation,
  signal: AbortSignal,
  onProgress: (progress: EvaluationProgress) => void
): Promise<ComputedEvaluation> {
  if (stored === null) await own.evaluations.add(run)
  const computed: ComputedEvaluation = { answers: 0, tokens: 0, scored: 0 }
  await runEvaluation(
    engine,
    { run, pair, stored: stored ?? { samples: [], scores: [] } },
    {
      learned: (record) => own.evaluations.noteOutside(run.id, record),
      planned: (computation) => own.evaluations.noteComputation(run.id, computation),
      async keepSamples(lines) {
        await own.evaluations.appendSamples(run.id, lines)
        computed.answers += lines.length
        computed.tokens += lines.reduce((sum, { tokens }) => sum + tokens.length, 0)
      },
      async keepScores(scores) {
        await own.evaluations.appendScores(run.id, scores)
        computed.scored += 1
      },
      progress: onProgress
    },
    signal
  ).catch(droppingUnanswered(own.evaluations, run.id))
  return computed
}
