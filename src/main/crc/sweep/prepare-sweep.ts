import { createHash } from 'node:crypto'
import type { CrcPrompts, RenderedPrompt, Rendering, SweepDocument, SweptPrompt } from '../../../contract/documents/crc'
import { formatCount, plural } from '../../../contract/words/format'
import {
  briefScoring,
  BY_CHARACTERS,
  type ScoredBy,
  type ScoredByBrief,
  type ScoredTask
} from '../../../contract/documents/scored-by'
import { type MinPDraw, minPDraw, OPEN_SAMPLING, type Sampling } from '../../../contract/model/sampling'
import { comparePrompts } from '../../answers/compare-prompts'
import { pairEndTokens } from '../../checkpoint/generation-config'
import { promptName } from '../../text/prompt-name'
import type { TextModel } from '../../text/text-model'
import type { OtherCheckpoint, RestoredTo } from '../../../contract/model/checkpoint'
import type { ChosenDevice, Precision } from '../../../contract/model/device'
import type { FewShotPrompt } from '../../../contract/model/few-shot'
import { inputError, mismatchError, WorkbenchError } from '../../../contract/model/problem'
import {
  type SamplingBaseline,
  samplingBaselineKey,
  defaultSamplingBaselines,
  WHAT_IF_SAMPLERS
} from '../../../contract/model/sampling-baseline'
import type { Recipe, RestorationRange } from '../../../contract/model/recipe'
import { version } from '../../../../package.json'
import { openSameOther } from '../../checkpoint/other-checkpoint'
import type { PairMember } from '../../checkpoint/pair-member'
import { recentTextModel } from '../../text/recent-text-models'
import { refuseTokensOutside, type WholeModel, type WholeModelTokens } from '../../checkpoint/whole-model-tokens'
import type { TrackedPrompt } from '../../../contract/procedures/engine'
import { drawSplit } from '../selection/draw-split'
import { singleTokens } from '../task/characters'
import { compareCrcTokens, crcTokens } from '../task/compare-tokens'
import type { SweepIdentity } from './earlier-results'
import { renderTask } from '../task/listed-answers'
import { renderPrompts } from '../task/render-prompts'
import { requireStages } from './lineage'
import { listSweptModels } from './swept-models'
import { modelOf, type SweptModel } from '../../../contract/documents/swept-model'
import { weightsKey } from '../../../contract/model/model'
import { elementAt } from '../../../contract/model/look-up'
import { DEFAULT_SEED } from '../../../contract/model/resampling'

/** Models, prompts and settings of a sweep, of the character task (CRC) or another task with listed answers. */
export interface CrcSweepRequest {
  id?: string
  base: string
  post: string
  prompts: CrcPrompts | ScoredTask
  rendering: Rendering
  /** Share of post's validity that the selected range must keep. */
  rho: number
  /** True to score all ranges. */
  ranges: boolean
  /** Checkpoint to which ranges and blends are restored; base if null or omitted. */
  source?: RestoredTo
  /** False omits base as a whole model. */
  wholeBase?: boolean
  recipes: readonly Recipe[]
  /** Other checkpoints to score as whole models; one that cannot be scored is omitted with a notice. */
  checkpoints?: readonly OtherCheckpoint[]
  /** Training stages between base and post, in order. A lineage restores each stage to every earlier one. */
  stages?: readonly OtherCheckpoint[]
  /** True to score baselines from the logits of post and base. */
  baselines?: boolean
  /** True to store scores under other samplers too, if the sampler uses only temperature and min-p. */
  whatIf?: boolean
  /** True to select a range on one half of the prompts, drawn by the seed, and to evaluate it on the other half. */
  split?: boolean
  /** True to score most models on a few prompts only. */
  preview?: boolean
  /** Range that the user looks at; read whenever a preview chooses its next stage. */
  viewedRange?: () => RestorationRange | null
  /** Number of blends from post to base with one strength for all layers; 0 for none. */
  uniformBlendCount: number
  seed?: number
  /** Number of candidates that ranges and each family of baselines pick from in out-of-bag scores; all by default. */
  budget?: number | undefined
  device?: ChosenDevice
  precision?: Precision
  /** Memory limit of the engine process in bytes; half of this machine's memory if null or omitted. */
  memoryBytes?: number | null
}

export function promptCountOf({ prompts }: Pick<CrcSweepRequest, 'prompts'>): number {
  if (Array.isArray(prompts)) return prompts.length
  const tasks = prompts.keep === undefined ? [prompts.task] : [prompts.task, prompts.keep]
  return tasks.flatMap((task) => task.prompts).filter(({ answers }) => answers !== undefined).length
}

/** Returns the task that scores a sweep, without its prompts. */
export const scoredByOf = ({ prompts }: Pick<CrcSweepRequest, 'prompts'>): ScoredByBrief =>
  Array.isArray(prompts) ? BY_CHARACTERS : briefScoring(prompts)

type Pair = Record<'base' | 'post', PairMember>

/** A sweep ready to compute: its prompts as tokens, and the models to score. */
export interface PreparedSweep {
  request: CrcSweepRequest
  base: PairMember
  post: PairMember
  layerCount: number
  /** Checkpoint to which ranges and blends are restored; null for base. */
  source: RestoredTo
  prompts: SweptPrompt[]
  /** Groups of token sequences of each prompt, one group per answer. */
  groups: TrackedPrompt['groups'][]
  scoredBy: ScoredBy
  holdOutSplit: SweepDocument['holdOutSplit']
  /** Other samplers to score. */
  whatIf: readonly MinPDraw[]
  models: SweptModel[]
  baselines: SamplingBaseline[]
  identity: SweepIdentity
  /** Reason that base cannot be scored as a whole model. */
  baseUnavailable: string | null
  notices: string[]
}

/** Renders the prompts and lists the models. @throws WorkbenchError for the pair, tokenizer, prompts or recipes */
export async function prepareSweep(request: CrcSweepRequest, { base, post }: Pair): Promise<PreparedSweep> {
  const { layerCount } = post.spec
  const source = request.source ?? null
  if (source !== null) refuseOwnLayers(await openSameOther(post, source), post)
  else if (request.ranges) refuseOneCheckpoint(base, post)
  const text = await recentTextModel(post.checkpoint.textFolder)
  const rendered = await renderSweep(request, { base, post }, text)
  refuseLongPrompts(rendered, post)
  const { compare, scoredBy } = rendered
  const comparison = await compare({ member: base, name: 'base' })
  const { stages = [] } = request
  const others = await comparableCheckpoints([...(request.checkpoints ?? []), ...stages], post, compare)
  if (request.stages !== undefined)
    await requireLineage({ base, post }, stages, comparison.unavailable ?? others.left[0])
  const models = listSweptModels(
    request,
    layerCount,
    request.wholeBase !== false && comparison.unavailable === null,
    others.checkpoints
  )
  const canMix = models.some(({ kind }) => kind === 'base') && base.spec.vocabularySize === post.spec.vocabularySize
  const baselines = request.baselines === true ? defaultSamplingBaselines(canMix) : []
  const cutsByMinP = minPDraw(samplingOf(rendered) ?? OPEN_SAMPLING) !== null
  const isTooMuch = whatIfBytes(models.length + baselines.length, rendered.groups, scoredBy) > MAX_WHAT_IF_BYTES
  const whatIf = request.whatIf === true && cutsByMinP && !isTooMuch ? [...WHAT_IF_SAMPLERS] : []
  const prompts = rendered.prompts.map((prompt, index) => ({
    ...prompt,
    key: promptKey(prompt.tokens, elementAt(rendered.groups, index, 'prompt'), samplingOf(rendered), whatIf)
  }))
  return {
    request,
    base,
    post,
    layerCount,
    source,
    prompts,
    groups: rendered.groups,
    scoredBy,
    holdOutSplit: request.split === true ? drawSplit(prompts, request.seed ?? DEFAULT_SEED) : null,
    whatIf,
    models,
    baselines,
    identity: identityOf({ base, post, layerCount, source, models, baselines, scoredBy, prompts }),
    baseUnavailable: comparison.unavailable,
    notices: [
      request.device?.notice ?? null,
      request.whatIf === true && !cutsByMinP ? NO_WHAT_IF : null,
      request.whatIf === true && cutsByMinP && isTooMuch ? TOO_MUCH_WHAT_IF : null,
      ...rendered.notices,
      comparison.unavailable,
      comparison.notice,
      ...others.notices
    ].filter((notice) => notice !== null)
  }
}

/** Refuses a lineage with incompatible stages. @param unavailable reason why a stage cannot be scored */
async function requireLineage(
  { base, post }: Pair,
  stages: readonly OtherCheckpoint[],
  unavailable: string | undefined
): Promise<void> {
  const members = await Promise.all(stages.map((stage) => openSameOther(post, stage)))
  requireStages([base, ...members, post])
  if (unavailable === undefined) return
  throw mismatchError(unavailable, 'Leave that stage out of the lineage.')
}

/** Evidence that two checkpoints are the same. */
const EQUAL_FILES = 'their config.json and the sampled parts of their weights are equal'

/** Refuses to restore layers to post itself. */
function refuseOwnLayers(source: PairMember, post: PairMember): void {
  if (source.checkpoint.fingerprint !== post.checkpoint.fingerprint) return
  throw inputError(
    `${source.checkpoint.path} looks like the same checkpoint as post: ${EQUAL_FILES}. ` +
      'Restoring layers to it would change nothing.',
    'Name another checkpoint to restore layers to, or leave it out to restore them to base.'
  )
}

/** Refuses a pair of equal checkpoints: every range would equal post. */
function refuseOneCheckpoint(base: PairMember, post: PairMember): void {
  if (base.checkpoint.fingerprint !== post.checkpoint.fingerprint) return
  throw inputError(
    `Base and post look like the same checkpoint (${base.checkpoint.path}, ${post.checkpoint.path}): ${EQUAL_FILES}. ` +
      'Restoring layers would change nothing.',
    'Name as base the checkpoint that post was trained from.'
  )
}

function identityOf({
  base,
  post,
  models,
  baselines,
  scoredBy,
  prompts,
  ...restoring
}: Omit<
  PreparedSweep,
  'identity' | 'request' | 'groups' | 'holdOutSplit' | 'whatIf' | 'baseUnavailable' | 'notices'
>): SweepIdentity {
  return {
    programVersion: version,
    base: base.checkpoint.fingerprint,
    post: post.checkpoint.fingerprint,
    layerCount: restoring.layerCount,
    modelKeys: [...models.map((model) => weightsKey(modelOf(model, restoring))), ...baselines.map(samplingBaselineKey)],
    baselineCount: baselines.length,
    scoredBy,
    prompts: prompts.map(({ key, valid }) => ({ key, validCount: valid.length }))
  }
}

/** Limit that keeps a sweep with scores under other samplers well below the largest document of a project. */
const MAX_WHAT_IF_BYTES = 64_000_000

const TOO_MUCH_WHAT_IF =
  'What other samplers would do is not kept: of so many models and prompts it would take more than 64 MB.'

/** Estimates the bytes of scores under other samplers. Each number is a float32, and base64 takes 4 bytes for 3. */
export function whatIfBytes(
  modelCount: number,
  groups: readonly TrackedPrompt['groups'][],
  { kind }: Pick<ScoredBy, 'kind'>
): number {
  const numbers = groups.reduce((sum, answers) => sum + (kind === 'crc' ? 2 : answers.length + 1), 0)
  return Math.ceil((modelCount * numbers * WHAT_IF_SAMPLERS.length * 4 * 4) / 3)
}

const NO_WHAT_IF =
  'What other temperatures and min-p would make of this sweep is not kept: its sampler cuts in other ways too.'

/** Sampling of answers; undefined for the models' own distributions. */
export function samplingOf({ scoredBy }: Pick<PreparedSweep, 'scoredBy'>): Sampling | undefined {
  return scoredBy.kind === 'task' ? scoredBy.sampling : undefined
}

/** Prompts of a sweep as tokens. */
export interface RenderedSweep {
  scoredBy: ScoredBy
  prompts: readonly RenderedPrompt[]
  groups: TrackedPrompt['groups'][]
  notices: readonly string[]
  /** Decides whether another whole model can be scored on these tokens. */
  compare: (whole: WholeModel) => Promise<WholeModelTokens>
}

/** Renders the prompts of a sweep. @param format few-shot prompt that replaces the chat template for characters */
export async function renderSweep(
  { prompts, rendering }: Pick<CrcSweepRequest, 'prompts' | 'rendering'>,
  pair: Pair,
  text: TextModel,
  format: FewShotPrompt | null = null
): Promise<RenderedSweep> {
  const { post } = pair
  if (Array.isArray(prompts)) {
    const rendered = await renderPrompts(prompts, rendering, text, format)
    refuseTokensOutside(post, crcTokens(rendered))
    return {
      ...rendered,
      scoredBy: BY_CHARACTERS,
      groups: rendered.groups.map(singleTokens),
      compare: (whole) => compareCrcTokens(whole, post, text, rendered, rendering.countLeadingSpace || format !== null)
    }
  }
  const rendered = await renderTask(prompts, rendering, text, await pairEndTokens(pair, text))
  const shared = { prompts: rendered.prompts.map(({ tokens }) => tokens), answers: rendered.groups.flat(3) }
  refuseTokensOutside(post, shared)
  const tokenized = rendered.asked.map((prompt, index) => ({
    ...prompt,
    ...elementAt(rendered.prompts, index, 'prompt')
  }))
  return { ...rendered, scoredBy: prompts, compare: (whole) => comparePrompts(whole, { post, text }, tokenized) }
}

/** Splits checkpoints into those that can be scored and those that are left out, with reasons and notices. */
async function comparableCheckpoints(
  checkpoints: readonly OtherCheckpoint[],
  post: PairMember,
  compare: (whole: WholeModel) => Promise<WholeModelTokens>
): Promise<{ checkpoints: OtherCheckpoint[]; left: string[]; notices: string[] }> {
  const comparable: OtherCheckpoint[] = []
  const left: string[] = []
  const notices: string[] = []
  for (const checkpoint of checkpoints) {
    const name = `"${checkpoint.name}"`
    try {
      const { unavailable, notice } = await compare({ member: await openSameOther(post, checkpoint), name })
      if (unavailable === null) comparable.push(checkpoint)
      else left.push(unavailable)
      if (notice !== null) notices.push(notice)
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      left.push(`${name} is left out. ${error.message}`)
    }
  }
  return { checkpoints: comparable, left, notices: [...left, ...notices] }
}

/** Builds a key that is equal for prompts whose scores can be shared. */
function promptKey(
  tokens: readonly number[],
  groups: TrackedPrompt['groups'],
  sampling: Sampling | undefined,
  whatIf: readonly MinPDraw[]
): string {
  const parts = [tokens, groups, sampling]
  return createHash('sha256')
    .update(JSON.stringify(whatIf.length === 0 ? parts : [...parts, whatIf]))
    .digest('hex')
    .slice(0, 32)
}

/** Refuses prompts that exceed the context window. The last token of an answer is scored without being read. */
export function refuseLongPrompts(
  { prompts, groups }: Pick<RenderedSweep, 'prompts' | 'groups'>,
  post: PairMember
): void {
  const { contextLength } = post.spec
  for (const [index, prompt] of prompts.entries()) {
    const answers = elementAt(groups, index, 'prompt').flat()
    const length = prompt.tokens.length + answers.reduce((most, answer) => Math.max(most, answer.length - 1), 0)
    if (contextLength === null || length <= contextLength) continue
    throw inputError(
      `${promptName(prompt, index)} becomes ${plural(length, 'token')}; ` +
        `post's context window is ${formatCount(contextLength)}.`,
      'Shorten the prompt or the system prompt.'
    )
  }
}
