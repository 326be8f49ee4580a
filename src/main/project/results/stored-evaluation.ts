import { createHash } from 'node:crypto'
import { suitsPair } from '../../../contract/model/demo-pair'
import { isDeepStrictEqual } from 'node:util'
import { rejectedRanges } from '../../../contract/documents/answer-check'
import type { SweepDocument } from '../../../contract/documents/crc'
import {
  type EvaluationResults,
  type EvaluationRun,
  EvaluationVariant,
  type EvaluationView,
  mainMeasures,
  type TaskEntry,
  type VariantResult
} from '../../../contract/documents/evaluation'
import { PAPER_SAMPLING } from '../../../contract/documents/samples'
import { freeTaskId } from '../../../contract/model/free-name'
import type { PairFingerprints } from '../../../contract/documents/pair'
import { type Model, sweptRangeModel } from '../../../contract/model/model'
import type { RestorationRange } from '../../../contract/model/recipe'
import { notFoundError } from '../../../contract/model/problem'
import { taskKindFacts } from '../../../contract/model/task-kinds'
import type { EvaluationFiles } from '../documents/evaluation-files'
import type { ProjectPair } from '../pair/project-pair'
import { defaultCharacterSweep } from './sweep-history'
import { selectRange } from '../../crc/selection/select-range'
import { builtinTasks } from '../../evaluation/builtin-tasks'
import { failuresTask } from '../../evaluation/greedy-failures'
import { judgeScores } from '../../evaluation/judge'
import { judgingOf } from '../../evaluation/judging'
import type { EvaluationFinding } from '../../../contract/documents/verdict'
import { evaluates, evaluationFinding } from '../../../contract/words/evaluation-finding'
import { measuresRefusals, refusalSentence } from '../../../contract/words/safety'
import { isJudged, judgingNotices } from '../../../contract/words/judging-words'
import { judgedForms } from '../../evaluation/judge-forms'
import { judgedPairs } from '../../evaluation/judge-pairs'
import { measureEvaluation } from '../../measures/host'
import type { Proxies } from '../../measures/messages'
import { withoutPromptScores } from '../../measures/proxy-correlation'
import type { Task } from '../../../contract/documents/task'

/**
 * Lists the tasks of the project, then built-in tasks, of which those that suit the pair come first. A task of the
 * project replaces a built-in one with its id.
 */
export async function allTasks(pair: ProjectPair | null): Promise<TaskEntry[]> {
  const location = pair?.project.pairs[0]?.document.location
  const demo = location?.kind === 'demo' ? location.pair : null
  const suits = ({ id }: Task): number => Number(suitsPair(id, demo))
  const builtin = (await builtinTasks()).toSorted((a, b) => suits(b) - suits(a))
  const stored = (await pair?.project.tasks.list()) ?? []
  const others = builtin.filter(({ id }) => !stored.some(({ task }) => task.id === id))
  return [...stored, ...others.map((task): TaskEntry => ({ task, origin: 'builtin' }))]
}

/** Returns a task of the project or a built-in task. @throws WorkbenchError `not-found` with the names of all tasks */
export async function taskOf(pair: ProjectPair | null, id: string, orElse = ''): Promise<Task> {
  const tasks = await allTasks(pair)
  const entry = tasks.find(({ task }) => task.id === id)
  if (entry !== undefined) return entry.task
  throw notFoundError(`There is no task "${id}".`, `Tasks are ${tasks.map(({ task }) => task.id).join(', ')}${orElse}.`)
}

/** Saves the prompts that post failed in an evaluation as a new task. @returns id of the task */
export async function saveFailures(pair: ProjectPair, evaluationId: string): Promise<string> {
  const { samples } = await pair.evaluations.read(evaluationId)
  const view = await evaluationView(pair, evaluationId)
  const { task: evaluated } = view.run
  const tasks = (await allTasks(pair)).map(({ task }) => task)
  const { sampled } = taskKindFacts(evaluated.kind)
  const task = tasks.find(
    ({ id, prompts }) => id === evaluated.id && isDeepStrictEqual(prompts, evaluated.prompts)
  ) ?? {
    ...evaluated,
    settings: { ...evaluated.settings, sampling: PAPER_SAMPLING, sampleCount: sampled.sampleCount }
  }
  const others = tasks.filter(({ chosen }) => chosen?.evaluationId !== evaluationId)
  const id = freeTaskId(
    `${evaluated.id.slice(0, 56)}-failed`,
    others.map((other) => other.id)
  )
  await pair.project.tasks.save(failuresTask({ view, samples }, { id, task }))
  return id
}

/** Returns the newest stored run with equal checkpoints, rendered prompts, variants and settings; null for none. */
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
  return JSON.stringify([models, task, variants.map(withoutKeptIdentity), promptSets, stopTokens, computing])
}

/** Removes the identity of a kept recipe or checkpoint, which has no effect on answers. */
const withoutKeptIdentity = ({ variant, ...entry }: EvaluationVariant): EvaluationVariant =>
  EvaluationVariant.parse({
    ...entry,
    variant: 'kept' in variant ? { ...variant, kept: undefined } : variant
  })

/** Views of each pair that were measured last, by a hash of their inputs. */
const recentViews = new WeakMap<ProjectPair, Map<string, EvaluationView>>()

const MAX_RECENT_VIEWS = 8

/**
 * Reads an evaluation with its results so far. Measuring many answers takes seconds, and reports and verdicts ask for
 * the same view, so the last views are kept.
 *
 * @param options.sweepId sweep whose scores are compared; by default that of the character task
 * @param options.against reference variant; post or the first by default
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
  const proxies = await proxiesOf(pair, await pair.evaluations.readRun(id), sweepId)
  const inputs = JSON.stringify([id, against, await pair.evaluations.state(id), proxies])
  const inputsHash = createHash('sha256').update(inputs).digest('hex')
  const views = recentViews.get(pair) ?? new Map<string, EvaluationView>()
  recentViews.set(pair, views)
  const recent = views.get(inputsHash)
  if (recent !== undefined) return recent
  const view = await viewEvaluation(await pair.evaluations.read(id), proxies, against, signal)
  views.set(inputsHash, view)
  for (const oldest of [...views.keys()].slice(0, -MAX_RECENT_VIEWS)) views.delete(oldest)
  return view
}

/** Returns the finding of the newest complete evaluation of a range; null if evaluation or sweep are missing. */
export async function findingOfRange(
  pair: ProjectPair,
  sweepId: string,
  range: RestorationRange
): Promise<EvaluationFinding | null> {
  const sweep = pair.sweeps.find(({ id }) => id === sweepId)
  if (sweep === undefined) return null
  const model = sweptRangeModel(range, sweep)
  const view = await newestComplete(pair, (run) => evaluates(run, sweep.checkpoints, model))
  return view && evaluationFinding(view, model)
}

/** Says how often a model refused in its newest complete evaluation of refusals; null without such an evaluation. */
export async function storedRefusals(
  pair: ProjectPair,
  checkpoints: PairFingerprints,
  model: Model
): Promise<string | null> {
  const view = await newestComplete(pair, (run) => measuresRefusals(run, checkpoints, model))
  return view && refusalSentence(view, model)
}

async function newestComplete(
  pair: ProjectPair,
  fits: (run: EvaluationRun) => boolean
): Promise<EvaluationView | null> {
  for (const { id, answerCount, answerTotal } of pair.evaluations.runs) {
    if (answerCount < answerTotal) continue
    if (!fits(await pair.evaluations.readRun(id))) continue
    const view = await evaluationView(pair, id)
    if (isSettled(view)) return view
  }
  return null
}

/** Reports whether all answers are stored, and no unfinished judge can change the main measures. */
const isSettled = ({ answered, complete, judging, run, results }: EvaluationView): boolean =>
  complete ||
  (answered &&
    mainMeasures(run.task.kind, results.variants).quality !== 'judge' &&
    judging.every((one) => one.way !== 'forms' || isJudged(one)))

/**
 * Reads the sweeps whose scores are correlated with the results of an evaluation. One is by the character task, a proxy
 * for other tasks, and one is by the evaluated task.
 */
export async function proxiesOf(
  pair: ProjectPair,
  run: EvaluationRun,
  sweepId = defaultCharacterSweep(pair)?.id
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

/** Returns the range that a sweep selects under the pair's limit, without ranges that the check rejects. */
async function pickedOf(pair: ProjectPair, { id, ranges, post }: SweepDocument): Promise<Proxies['picked']> {
  const { rho } = pair.document.settings
  const rejected = new Set(rejectedRanges(ranges, await pair.readAnswerCheck(id), rho))
  const candidates = ranges.filter((range) => !rejected.has(range))
  const range = selectRange(candidates, post, rho)
  return range === null ? undefined : { range: { start: range.start, end: range.end }, rho }
}

/** Returns the newest full sweep of the same models that was scored by the evaluated task; null for none. */
async function sweepOfTask(pair: ProjectPair, run: EvaluationRun): Promise<SweepDocument | null> {
  const promptsOf = ({ prompts }: Task): string => JSON.stringify(prompts)
  for (const { id, scoredBy } of pair.sweeps) {
    if (scoredBy.kind !== 'task' || scoredBy.task.id !== run.task.id || scoredBy.keep !== undefined) continue
    const sweep = await pair.readSweep(id)
    const samePair =
      sweep.basePath.fingerprint === run.basePath.fingerprint && sweep.postPath.fingerprint === run.postPath.fingerprint
    if (!samePair || sweep.scoredBy.kind !== 'task') continue
    if (promptsOf(sweep.scoredBy.task) === promptsOf(run.task)) return sweep
  }
  return null
}

/** Measures the stored answers and scores. @throws WorkbenchError as `measureEvaluation` */
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
      judgeScores: judgeScores(run, samples, verdicts),
      pairs: judgedPairs(run, samples, pairVerdicts),
      forms: judgedForms(run, samples, forms)
    },
    proxies,
    against,
    signal
  )
  const answered = isComplete(stored)
  const hasJudgeScores = judging.every((one) => one.way !== 'marks' || isJudged(one))
  return {
    run,
    results: hasJudgeScores ? results : withoutJudgeDifferences(results),
    judging,
    notices: judgingNotices(judging),
    answered,
    complete: answered && judging.every(isJudged)
  }
}

/** Removes differences of a judge's scores, which cannot be compared until the judge has scored all answers. */
export function withoutJudgeDifferences(results: EvaluationResults): EvaluationResults {
  const unjudged = <Compared extends Pick<VariantResult, 'differences'>>({
    differences: { judge: _, ...differences },
    ...fields
  }: Compared) => ({ ...fields, differences })
  return {
    ...results,
    variants: results.variants.map(unjudged),
    besideRanges: results.besideRanges.map(unjudged),
    categories: results.categories.map((category) => ({ ...category, variants: category.variants.map(unjudged) }))
  }
}

/** Reports whether all answers are stored and all prompts are scored. */
export function isComplete({ run, samples, scores }: Pick<EvaluationFiles, 'run' | 'samples' | 'scores'>): boolean {
  const { prompts, settings } = run.task
  return (
    samples.length === run.variants.length * prompts.length * settings.sampleCount && scores.length === prompts.length
  )
}
