import type { Rendering } from '../../contract/documents/crc'
import {
  EVALUATION_VERSION,
  type EvaluationRun,
  type EvaluationVariant,
  firstFrame,
  frameKey,
  type PromptFrame,
  variantSettingsKey
} from '../../contract/documents/evaluation'
import { fewShotOf, type Task, type TaskSettings } from '../../contract/documents/task'
import { type Computing, ON_CPU } from '../../contract/documents/samples'
import type { Sampling } from '../../contract/model/sampling'
import { elementAt } from '../../contract/model/look-up'
import { multimap } from '../../contract/model/multimap'
import { PROMPTED_ANSWERS, type Prompting, PROMPTINGS } from '../../contract/model/prompting'
import { inputError } from '../../contract/model/problem'
import { chosenNotices } from '../../contract/words/greedy-failure-words'
import { comparePrompts } from '../answers/compare-prompts'
import { newRunHead } from '../samples/new-run'
import { openSampledPair, refuseOtherCheckpoints, type SampledPair } from '../samples/generation'
import { type AnswersRequest, planAnswers, type PlannedAnswers } from '../samples/plan-answers'
import { defaultMemoryBytes } from '../base/engine-memory'
import { renderFewShot, renderSamplePrompts } from '../answers/render-sample-prompts'
import type { TextModel } from '../text/text-model'
import { listSettings } from './listed-answers'
import { type RegenerationPrompt, regenerationText } from './prompted-answers'
import { openEmbeddingModel } from './embedding-model'
import { openPairClassifier } from './pair-classifier'
import { AnswerReader } from '../answers/read-answer'

export interface EvaluationRequest {
  base: string
  post: string
  task: Task
  variants: EvaluationVariant[]
  rendering: Rendering
  computing?: Computing | undefined
  /** Folder of a sentence-embedding model; if omitted, answers are compared by post's hidden states. */
  embeddingModel?: string | undefined
  /** Folder of a classifier of pairs of texts; if omitted, answers are not sorted into classes. */
  classifier?: string | undefined
}

/** Variants with the same sampling and the same text around the prompts, which form one request to the engine. */
export interface EvaluationGroup {
  /** Indices into the run's variants. */
  readonly members: readonly number[]
  readonly sampling: Sampling
  /** Prefix, suffix and system turn around the task's prompts. */
  readonly frame: PromptFrame
  /** Answers in each requested list; 1 without lists. */
  readonly listed: number
  readonly prompting: Prompting | undefined
  /** Text after the earlier answers in prompts of regeneration. */
  readonly suffix: string
}

/** Groups a run's variants by their settings. */
export function evaluationGroups({ task, variants }: Pick<EvaluationRun, 'task' | 'variants'>): EvaluationGroup[] {
  const groups = multimap(
    [...variants.entries()].map(([index, entry]) => [
      variantSettingsKey(entry, task.settings.sampling),
      { index, entry }
    ])
  )
  return [...groups.values()].map((group): EvaluationGroup => {
    const { entry } = elementAt(group, 0, 'variant')
    const { sampling = task.settings.sampling, suffix = '', listed = 1, prompting } = entry
    const members = group.map(({ index }) => index)
    return { members, sampling, frame: firstFrame(entry), listed, prompting, suffix }
  })
}

/** Builds a run from a task and variants. @throws WorkbenchError naming the prompt, variant, pattern or file */
export async function prepareEvaluation(
  request: EvaluationRequest
): Promise<{ run: EvaluationRun; pair: SampledPair }> {
  const { task, rendering, computing = ON_CPU } = request
  const variants = request.variants.map(withPromptingText)
  requireNames(variants)
  // Compiles the patterns, so that a wrong one is reported now and not after hours.
  new AnswerReader(task)
  const embedding = request.embeddingModel === undefined ? null : await openEmbeddingModel(request.embeddingModel)
  const classifier = request.classifier === undefined ? null : await openPairClassifier(request.classifier)
  const pair = await openSampledPair(request)
  const notices = new Set(chosenNotices(task, variants, pair.post.checkpoint.fingerprint))
  // Planning the answers of every group here reports faults before the run begins, and collects the stop tokens.
  const promptSets: EvaluationRun['promptSets'] = []
  let stopTokens: number[] = []
  for (const group of evaluationGroups({ task, variants })) {
    let set = promptSets.find((existing) => frameKey(existing) === frameKey(group.frame))
    if (set === undefined) {
      const rendered = await renderPromptSet(request, group.frame, pair.text)
      for (const notice of rendered.notices) notices.add(notice)
      set = rendered.set
      promptSets.push(set)
    }
    const planned = await planGroup({ task, variants, promptSets, rendering, computing }, group, pair)
    for (const notice of planned.notices) notices.add(notice)
    stopTokens = [...new Set([...stopTokens, ...planned.planned.generation.stopTokens])]
  }
  const run: EvaluationRun = {
    schemaVersion: EVALUATION_VERSION,
    ...newRunHead(request, pair),
    task,
    variants,
    promptSets,
    stopTokens,
    vocabularySize: pair.post.spec.vocabularySize,
    computing,
    precision: null,
    weights: null,
    external: [],
    embeddingModel: embedding?.reference ?? null,
    classifier: classifier?.reference ?? null,
    judge: null,
    pairJudge: null,
    formJudge: null,
    addressOfOldScores: null,
    notices: [...notices]
  }
  return { run, pair }
}

/** Adds the suffix of a variant's way of prompting. @throws WorkbenchError `bad-input` for settings that exclude it */
function withPromptingText(entry: EvaluationVariant): EvaluationVariant {
  const { variant, prompting, listed, suffix } = entry
  if (prompting === undefined) return entry
  if (listed !== undefined || (variant.kind === 'file' && prompting === 'regeneration')) {
    throw inputError(
      `The variant "${variant.name}" has prompting ${prompting}, ` +
        `which does not go with ${listed === undefined ? 'answers from a file' : '"listed"'}.`,
      'Leave one of them out.'
    )
  }
  return { ...entry, suffix: suffix ?? PROMPTINGS[prompting].suffix }
}

/** Plans how a group's answers are generated. @throws WorkbenchError `mismatch` when a checkpoint has changed */
export async function groupAnswers(
  run: EvaluationRun,
  group: EvaluationGroup,
  pair: SampledPair
): Promise<PlannedAnswers> {
  refuseOtherCheckpoints(run, pair)
  const { planned } = await planGroup(run, group, pair)
  return { ...planned, generation: { ...planned.generation, stopTokens: run.stopTokens } }
}

/**
 * Plans a round of regeneration, in which prompts show earlier answers and ask for another one.
 *
 * @param requests the prompts of the round. The answers that each requests count from 0.
 */
export async function regeneratedAnswers(
  run: EvaluationRun,
  group: EvaluationGroup,
  requests: readonly RegenerationPrompt[],
  pair: SampledPair
): Promise<PlannedAnswers> {
  const taskPrompts = framedPrompts(run.task, group.frame)
  const framedRequests = requests.map(({ prompt, earlier }) => {
    const taskPrompt = elementAt(taskPrompts, prompt, 'prompt')
    return { ...taskPrompt, text: taskPrompt.text + regenerationText(earlier, group.suffix) }
  })
  const { prompts } = await renderSamplePrompts(framedRequests, run.rendering, pair.text)
  const isFewShot = group.members.some(
    (member) => elementAt(run.variants, member, 'variant').variant.kind === 'few-shot'
  )
  const fewShot = isFewShot
    ? await renderFewShot(framedRequests, fewShotOf(run.task, run.rendering), run.rendering, pair.text)
    : undefined
  const sampleCount = Math.max(...requests.map(({ indices }) => indices.length))
  const settings = { ...run.task.settings, sampleCount }
  const { planned } = await planPrompts(run, { group, settings, prompts, fewShot }, pair)
  return { ...planned, generation: { ...planned.generation, stopTokens: run.stopTokens } }
}

type PlannedRun = Pick<EvaluationRun, 'task' | 'variants' | 'promptSets' | 'rendering' | 'computing'>

/** Plans the answers of a group to the rendered prompts of its frame. */
function planGroup(
  run: PlannedRun,
  group: EvaluationGroup,
  pair: SampledPair
): Promise<{ planned: PlannedAnswers; notices: string[] }> {
  const { task, promptSets } = run
  const { frame, listed, prompting } = group
  const { prompts: stored = [], fewShot } = promptSets.find((set) => frameKey(set) === frameKey(frame)) ?? {}
  const prompts = framedPrompts(task, frame).map((prompt, index) => ({
    ...prompt,
    ...elementAt(stored, index, 'prompt'),
    otherTexts: [elementAt(task.prompts, index, 'prompt').text]
  }))
  const settings = listSettings(task.settings, listed)
  const isList = prompting !== undefined && PROMPTINGS[prompting].isList
  const maxTokens = isList ? listSettings(settings, PROMPTED_ANSWERS).maxTokens : settings.maxTokens
  return planPrompts(run, { group, settings: { ...settings, maxTokens }, prompts, fewShot }, pair)
}

function planPrompts(
  { variants, rendering, computing }: PlannedRun,
  {
    group: { members, sampling },
    settings,
    prompts,
    fewShot
  }: { group: EvaluationGroup; settings: TaskSettings } & Pick<AnswersRequest, 'prompts' | 'fewShot'>,
  pair: SampledPair
): Promise<{ planned: PlannedAnswers; notices: string[] }> {
  return planAnswers(
    pair,
    {
      prompts,
      fewShot,
      rendering,
      variants: members.map((index) => elementAt(variants, index, 'variant').variant),
      settings: { ...settings, sampling, ...computing, memoryBytes: defaultMemoryBytes() }
    },
    (whole) => comparePrompts(whole, pair, prompts, fewShot)
  )
}

/** Renders a task's prompts in a frame: by the chat template, and as a few-shot prompt if a variant needs one. */
async function renderPromptSet(
  { task, variants, rendering }: EvaluationRequest,
  frame: PromptFrame,
  text: TextModel
): Promise<{ set: EvaluationRun['promptSets'][number]; notices: string[] }> {
  const prompts = framedPrompts(task, frame)
  const rendered = await renderSamplePrompts(prompts, rendering, text)
  const isFewShot = variants.some(({ variant }) => variant.kind === 'few-shot')
  const { prefix = '', suffix = '', system = null } = frame
  const set = {
    prefix,
    suffix,
    system,
    prompts: rendered.prompts.map(({ rendered: asText, tokens }) => ({ rendered: asText, tokens })),
    ...(isFewShot && { fewShot: await renderFewShot(prompts, fewShotOf(task, rendering), rendering, text) })
  }
  return { set, notices: rendered.notices }
}

/** Returns a task's prompts with the prefix, suffix and system turn of a frame. */
function framedPrompts(task: Task, { prefix = '', suffix = '', system }: PromptFrame): Task['prompts'] {
  return task.prompts.map((prompt) => ({
    ...prompt,
    text: prefix + prompt.text + suffix,
    ...(system === undefined ? {} : { system })
  }))
}

/** Refuses variants without a name or with equal names, because results are shown by name. */
function requireNames(variants: readonly EvaluationVariant[]): void {
  const names = variants.map(({ variant }) => variant.name)
  if (names.includes('')) {
    throw inputError('A variant has no name.', 'Results are shown by name: add one.')
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  throw inputError(`Two variants are named "${twice}".`, 'Name them apart, so that results can be told apart.')
}
