import { isDeepStrictEqual } from 'node:util'
import { rejectedRanges } from '../../../contract/documents/answer-check'
import type { SweepDocument } from '../../../contract/documents/crc'
import {
  type EvaluationResults,
  type EvaluationRun,
  EvaluationVariant,
  type EvaluationView,
  type TaskEntry,
  type VariantResult
} from '../../../contract/documents/evaluation'
import { PAPER_SAMPLING } from '../../../contract/documents/samples'
import { freeTaskId } from '../../../contract/model/free-name'
import { sweptRangeModel } from '../../../contract/model/model'
import type { RestorationRange } from '../../../contract/model/recipe'
import { WorkbenchError } from '../../../contract/model/problem'
import { taskKindFacts } from '../../../contract/model/task-kinds'
import type { EvaluationFiles } from '../documents/evaluation-files'
import type { ProjectPair } from '../pair/project-pair'
import { answeringOfCharacters } from './sweep-history'
import { selectRange } from '../../crc/selection/select-range'
import { builtinTasks, suits } from '../../evaluation/builtin-tasks'
import { failuresTask } from '../../evaluation/greedy-failures'
import { judgeMarks } from '../../evaluation/judge'
import { judgingOf } from '../../evaluation/judging'
import type { EvaluationFinding } from '../../../contract/documents/verdict'
import { evaluates, evaluationFinding } from '../../../contract/words/evaluation-finding'
import { isJudged, judgingNotices } from '../../../contract/words/judging-words'
import { judgedForms } from '../../evaluation/judge-forms'
import { judgedPairs } from '../../evaluation/judge-pairs'
import { measureEvaluation } from '../../measures/host'
import { type Proxies, withoutPromptScores } from '../../measures/proxy-correlation'
import type { Task } from '../../../contract/documents/task'

/** Every task that can be run, in one order whichever pair is shown: a project's own first, then those that suit its first pair. */
export async function allTasks(own: ProjectPair | null): Promise<TaskEntry[]> {
  const pair = own?.project.pairs[0]?.document.location.kind === 'demo' ? 'demo' : 'full-size'
  const builtin = (await builtinTasks()).toSorted((a, b) => Number(suits(b, pair)) - Number(suits(a, pair)))
  return [
    ...((await own?.project.tasks.list()) ?? []),
    ...builtin.map((task): TaskEntry => ({ task, origin: 'builtin' }))
  ]
}

/**
 * A project's task, or one that is built in.
 *
 * @param orElse what else could have been named, to end the sentence that lists the tasks
 * @throws WorkbenchError `not-found` naming those that there are
 */
export async function taskOf(pair: ProjectPair | null, id: string, orElse = ''): Promise<Task> {
  const tasks = await allTasks(pair)
  const found = tasks.find(({ task }) => task.id === id)
  if (found !== undefined) return found.task
  throw new WorkbenchError(
    'not-found',
    `There is no task "${id}".`,
    `Tasks are ${tasks.map(({ task }) => task.id).join(', ')}${orElse}.`
  )
}

/**
 * Keeps the prompts that post failed, as a stored evaluation of its greedy answers found, as a task of the project: sampled as
 * the task that was asked is by now, or as its kind is where that is gone. The same evaluation's task of before is replaced.
 *
 * @returns its id
 * @throws WorkbenchError as `failuresTask` and {@link evaluationView}
 */
export async function saveFailures(pair: ProjectPair, evaluationId: string): Promise<string> {
  const { samples } = await pair.evaluations.read(evaluationId)
  const view = await evaluationView(pair, evaluationId)
  const { task: asked } = view.run
  const tasks = (await allTasks(pair)).map(({ task }) => task)
  const known = tasks.find(({ id, prompts }) => id === asked.id && isDeepStrictEqual(prompts, asked.prompts))
  const { sampled } = taskKindFacts(asked.kind)
  const task = known ?? {
    ...asked,
    settings: { ...asked.settings, sampling: PAPER_SAMPLING, sampleCount: sampled.sampleCount }
  }
  const others = tasks.filter(({ chosen }) => chosen?.evaluationId !== evaluationId)
  const wanted = `${asked.id.slice(0, 56)}-failed`
  const id = freeTaskId(
    wanted,
    others.map((other) => other.id)
  )
  await pair.project.tasks.save(failuresTask({ view, samples }, { id, task }))
  return id
}

/**
 * The newest stored run of the same evaluation: same checkpoints, prompts as the models see them, variants and settings. Its
 * answers are those that the run would generate.
 *
 * @returns null when there is none
 */
export async function sameEvaluation(pair: ProjectPair, run: EvaluationRun): Promise<EvaluationFiles | null> {
  for (const { id, taskId } of pair.evaluations.runs) {
    if (taskId !== run.task.id) continue
    const stored = await pair.evaluations.read(id)
    if (identity(stored.run) === identity(run)) return stored
  }
  return null
}

function identity({
  basePath,
  postPath,
  task,
  variants,
  promptSets,
  stopTokens,
  embeddingModel,
  classifier,
  computing
}: EvaluationRun): string {
  const models = [basePath, postPath, embeddingModel, classifier].map((model) => model?.fingerprint)
  return JSON.stringify([models, task, variants.map(withoutMark), promptSets, stopTokens, computing])
}

/** What a project keeps a model as changes no answer of it. Parsed, so that fields have one order however they were given. */
const withoutMark = ({ variant, ...entry }: EvaluationVariant): EvaluationVariant =>
  EvaluationVariant.parse({
    ...entry,
    variant: 'kept' in variant ? { ...variant, kept: undefined } : variant
  })

/**
 * A stored evaluation with what its answers say so far.
 *
 * @param sweepId of the sweep whose scores stand for the proxy; the newest of the character task when left out
 * @param against name of the variant that others are compared with; post, or else the first, when left out
 * @throws WorkbenchError `not-found`, `bad-file` or `newer-version`
 */
export async function evaluationView(
  pair: ProjectPair,
  id: string,
  {
    sweepId,
    against,
    signal
  }: { sweepId?: string; against?: string | undefined; signal?: AbortSignal | undefined } = {}
): Promise<EvaluationView> {
  const stored = await pair.evaluations.read(id)
  return viewEvaluation(stored, await proxiesOf(pair, stored.run, sweepId), against, signal)
}

/**
 * The finding of the newest complete evaluation of a range.
 *
 * @returns null where none has asked the range as it is, or there is no such sweep
 * @throws WorkbenchError as {@link evaluationView}
 */
export async function findingOfRange(
  pair: ProjectPair,
  sweepId: string,
  range: RestorationRange
): Promise<EvaluationFinding | null> {
  const sweep = pair.sweeps.find(({ id }) => id === sweepId)
  if (sweep === undefined) return null
  const model = sweptRangeModel(range, sweep)
  for (const { id, answerCount, answerTotal } of pair.evaluations.runs) {
    if (answerCount < answerTotal) continue
    const { run } = await pair.evaluations.read(id)
    if (!evaluates(run, sweep.checkpoints, model)) continue
    const view = await evaluationView(pair, id)
    if (!view.complete) continue
    return evaluationFinding(view, model)
  }
  return null
}

/**
 * The sweeps that say how well the proxy predicts an evaluated task: one of the character task, the newest when none is named,
 * and the newest that is scored by this very task of the same checkpoints.
 */
export async function proxiesOf(
  pair: ProjectPair,
  run: EvaluationRun,
  sweepId = answeringOfCharacters(pair)?.id
): Promise<Proxies> {
  const sweep = sweepId === undefined ? null : await pair.readSweep(sweepId)
  const task = await sweepOfTask(pair, run)
  const characters = sweep?.scoredBy.kind === 'crc' ? sweep : null
  return {
    characters: characters === null ? null : withoutPromptScores(characters),
    task: task === null ? null : withoutPromptScores(task),
    picked: characters === null ? undefined : await pickedOf(pair, characters)
  }
}

/** What a sweep selects by the limit of its pair; ranges that a check has thrown out are no candidates. */
async function pickedOf(pair: ProjectPair, { id, ranges, post }: SweepDocument): Promise<Proxies['picked']> {
  const { rho } = pair.document.settings
  const rejected = new Set(rejectedRanges(ranges, await pair.readAnswerCheck(id), rho))
  const left = ranges.filter((range) => !rejected.has(range))
  const of = (measure: 'validity' | 'diversity'): number[] => left.map((range) => range[measure])
  const range = left[selectRange(left, of('validity'), of('diversity'), post, rho)]
  return range === undefined ? undefined : { range: { start: range.start, end: range.end }, rho }
}

async function sweepOfTask(pair: ProjectPair, run: EvaluationRun): Promise<SweepDocument | null> {
  const scored = ({ prompts }: Task): string => JSON.stringify(prompts)
  for (const { id, scoredBy } of pair.sweeps) {
    if (scoredBy.kind !== 'task' || scoredBy.task.id !== run.task.id) continue
    const sweep = await pair.readSweep(id)
    const samePair =
      sweep.basePath.fingerprint === run.basePath.fingerprint &&
      sweep.postPath.fingerprint === run.postPath.fingerprint
    if (samePair && sweep.scoredBy.kind === 'task' && scored(sweep.scoredBy.task) === scored(run.task))
      return sweep
  }
  return null
}

/**
 * Measures answers and scores as far as they are stored.
 *
 * @param against as {@link evaluationView}
 * @throws WorkbenchError as `measureEvaluation`
 */
export async function viewEvaluation(
  stored: EvaluationFiles,
  proxies: Proxies,
  against?: string,
  signal?: AbortSignal
): Promise<EvaluationView> {
  const { run, samples, scores, verdicts, pairVerdicts, forms } = stored
  const judging = judgingOf(stored)
  const results = await measureEvaluation(
    {
      run,
      samples,
      scores,
      marks: judgeMarks(run, samples, verdicts),
      pairs: judgedPairs(run, samples, pairVerdicts),
      forms: judgedForms(run, samples, forms)
    },
    proxies,
    against,
    signal
  )
  const answered = isComplete(stored)
  const isMarked = judging.every((one) => one.way !== 'marks' || isJudged(one))
  return {
    run,
    results: isMarked ? results : uncompared(results),
    judging,
    notices: judgingNotices(judging),
    answered,
    complete: answered && judging.every(isJudged)
  }
}

/**
 * Results that say of the judge's marks only how high they are: before the last is given, variants are marked on different parts of
 * their answers, and a difference would be one of parts.
 */
export function uncompared(results: EvaluationResults): EvaluationResults {
  const unjudged = ({
    judge: _,
    ...differences
  }: VariantResult['differences']): VariantResult['differences'] => differences
  const without = (variants: readonly VariantResult[]): VariantResult[] =>
    variants.map((result) => ({ ...result, differences: unjudged(result.differences) }))
  return {
    ...results,
    variants: without(results.variants),
    besideRanges: results.besideRanges.map((beside) => ({
      ...beside,
      differences: unjudged(beside.differences)
    })),
    categories: results.categories.map((category) => ({ ...category, variants: without(category.variants) }))
  }
}

/** Whether every answer is there and every prompt scored. */
export function isComplete({
  run,
  samples,
  scores
}: Pick<EvaluationFiles, 'run' | 'samples' | 'scores'>): boolean {
  const { prompts, settings } = run.task
  return (
    samples.length === run.variants.length * prompts.length * settings.sampleCount &&
    scores.length === prompts.length
  )
}
