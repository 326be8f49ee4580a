import { createHash } from 'node:crypto'
import type {
  CrcPrompts,
  RenderedPrompt,
  Rendering,
  SweepDocument,
  SweptPrompt
} from '../../../contract/documents/crc'
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
import { WorkbenchError } from '../../../contract/model/problem'
import { type Rival, rivalKey, usualRivals, WHAT_IF_SAMPLERS } from '../../../contract/model/rival'
import type { Recipe, RestorationRange } from '../../../contract/model/recipe'
import { version } from '../../../../package.json'
import { openSameOther } from '../../checkpoint/other-checkpoint'
import type { PairMember } from '../../checkpoint/pair-member'
import { recentTextModel } from '../../text/recent-text-models'
import {
  refuseTokensOutside,
  type WholeModel,
  type WholeModelTokens
} from '../../checkpoint/whole-model-tokens'
import type { TrackedPrompt } from '../../../contract/procedures/engine'
import { drawHalves } from '../selection/draw-halves'
import { singleTokens } from '../task/characters'
import { compareCrcTokens, crcTokens } from '../task/compare-tokens'
import type { SweepIdentity } from './earlier-results'
import { renderTask } from '../task/listed-answers'
import { renderPrompts } from '../task/render-prompts'
import { sweptModels } from './swept-models'
import { modelOf, type SweptModel } from '../../../contract/documents/swept-model'
import { weightsKey } from '../../../contract/model/model'
import { elementAt } from '../../../contract/model/look-up'
import { DEFAULT_SEED } from '../../../contract/model/resampling'

export interface CrcSweepRequest {
  /** Names the document; a fresh one when left out. */
  id?: string
  base: string
  post: string
  /** Of the character task; or a task whose listed answers are scored. */
  prompts: CrcPrompts | ScoredTask
  rendering: Rendering
  rho: number
  /** Whether to score all restoration ranges and select one. */
  ranges: boolean
  /** What ranges and blends of all layers are restored to; base when null or left out. */
  source?: RestoredTo
  /** False leaves base as a whole model out. */
  wholeBase?: boolean
  /** Scored besides post, base and the ranges. */
  recipes: readonly Recipe[]
  /** Scored as wholes beside the pair; one that cannot be is left out with a notice. */
  checkpoints?: readonly OtherCheckpoint[]
  /** Whether rivals are scored from the logits of post and base. */
  rivals?: boolean
  /** Whether scores under other samplers are kept too, where temperature and min-p alone decide. */
  whatIf?: boolean
  /** Whether one half of the prompts, drawn by the seed, decides what is selected, and the other says what that is worth. */
  split?: boolean
  /** Whether ranges and blends that cannot be selected are scored on a few prompts only. */
  preview?: boolean
  /** What a user looks at, asked whenever a preview chooses what it scores next. */
  lookedAt?: () => RestorationRange | null
  /** Number of blends from post to base, one strength for all layers; 0 for none. */
  soupSize: number
  /** Of the bootstrap. */
  seed?: number
  /** The CPU when left out. */
  device?: ChosenDevice
  /** What suits device and family when left out. */
  precision?: Precision
  /** Bound on the engine process; half of this machine's memory when null or left out. */
  memoryBytes?: number | null
}

/** How many prompts a sweep scores. */
export function promptCountOf({ prompts }: Pick<CrcSweepRequest, 'prompts'>): number {
  if (Array.isArray(prompts)) return prompts.length
  return prompts.task.prompts.filter(({ answers }) => answers !== undefined).length
}

/** What a sweep is scored by. */
export const scoredByOf = ({ prompts }: Pick<CrcSweepRequest, 'prompts'>): ScoredByBrief =>
  Array.isArray(prompts) ? BY_CHARACTERS : briefScoring(prompts)

/** The opened checkpoints of a sweep. */
type Pair = Record<'base' | 'post', PairMember>

/** A sweep that can be computed: what the models really see, and what there is to score. */
export interface PreparedSweep {
  request: CrcSweepRequest
  base: PairMember
  post: PairMember
  layerCount: number
  /** What ranges and blends are restored to; null: base. */
  source: RestoredTo
  prompts: SweptPrompt[]
  /** Of each prompt, for each of its answers the sequences of tokens that are it. */
  groups: TrackedPrompt['groups'][]
  scoredBy: ScoredBy
  halves: SweepDocument['halves']
  /** Other samplers that are asked about. */
  whatIf: readonly MinPDraw[]
  models: SweptModel[]
  /** Scored behind the models. */
  rivals: Rival[]
  identity: SweepIdentity
  /** Why base cannot be scored as a whole model. */
  baseUnavailable: string | null
  notices: string[]
}

/**
 * Renders the prompts and lists the models.
 *
 * @throws WorkbenchError for whatever the pair, tokenizer, prompts or recipes are at fault for
 */
export async function prepareSweep(request: CrcSweepRequest, { base, post }: Pair): Promise<PreparedSweep> {
  const { layerCount } = post.spec
  const source = request.source ?? null
  if (source !== null) refuseOwnLayers(await openSameOther(post, source), post)
  else if (request.ranges) refuseOneCheckpoint(base, post)
  const text = await recentTextModel(post.checkpoint.path)
  const asked = await renderAsked(request, { base, post }, text)
  refuseLongPrompts(asked, post)
  const { compare, scoredBy } = asked
  const comparison = await compare({ member: base, name: 'base' })
  const others = await comparableCheckpoints(request.checkpoints ?? [], post, compare)
  const models = sweptModels(
    request,
    layerCount,
    request.wholeBase !== false && comparison.unavailable === null,
    others.checkpoints
  )
  const mixes =
    models.some(({ kind }) => kind === 'base') && base.spec.vocabularySize === post.spec.vocabularySize
  const rivals = request.rivals === true ? usualRivals(mixes) : []
  const cutsByMinP = minPDraw(samplingOf(asked) ?? OPEN_SAMPLING) !== null
  const tooMuch = whatIfBytes(models.length + rivals.length, asked.groups, scoredBy) > MAX_WHAT_IF_BYTES
  const whatIf = request.whatIf === true && cutsByMinP && !tooMuch ? [...WHAT_IF_SAMPLERS] : []
  const prompts = asked.prompts.map((prompt, index) => ({
    ...prompt,
    key: promptKey(prompt.tokens, elementAt(asked.groups, index, 'prompt'), samplingOf(asked), whatIf)
  }))
  return {
    request,
    base,
    post,
    layerCount,
    source,
    prompts,
    groups: asked.groups,
    scoredBy,
    halves: request.split === true ? drawHalves(prompts, request.seed ?? DEFAULT_SEED) : null,
    whatIf,
    models,
    rivals,
    identity: identityOf({ base, post, layerCount, source, models, rivals, scoredBy, prompts }),
    baseUnavailable: comparison.unavailable,
    notices: [
      request.device?.notice ?? null,
      request.whatIf === true && !cutsByMinP ? NO_WHAT_IF : null,
      request.whatIf === true && cutsByMinP && tooMuch ? TOO_MUCH_WHAT_IF : null,
      ...asked.notices,
      comparison.unavailable,
      comparison.notice,
      ...others.notices
    ].filter((notice) => notice !== null)
  }
}

/** As {@link refuseOneCheckpoint}, of another checkpoint that layers are to be restored to. */
function refuseOwnLayers(source: PairMember, post: PairMember): void {
  if (source.checkpoint.fingerprint !== post.checkpoint.fingerprint) return
  throw new WorkbenchError(
    'bad-input',
    `${source.checkpoint.path} looks like the same checkpoint as post (their config.json and what is sampled of their weights are equal): restoring layers to it would change nothing.`,
    'Name another checkpoint to restore layers to, or leave it out to restore them to base.'
  )
}

/** Ranges of post's own layers are post itself, and a sweep of them would blame the prompts. */
function refuseOneCheckpoint(base: PairMember, post: PairMember): void {
  if (base.checkpoint.fingerprint !== post.checkpoint.fingerprint) return
  throw new WorkbenchError(
    'bad-input',
    `Base and post look like the same checkpoint (${base.checkpoint.path}, ${post.checkpoint.path}: their config.json and what is sampled of their weights are equal): restoring layers would change nothing.`,
    'Name as base the checkpoint that post was trained from.'
  )
}

function identityOf({
  base,
  post,
  models,
  rivals,
  scoredBy,
  prompts,
  ...restoring
}: Omit<
  PreparedSweep,
  'identity' | 'request' | 'groups' | 'halves' | 'whatIf' | 'baseUnavailable' | 'notices'
>): SweepIdentity {
  return {
    programVersion: version,
    base: base.checkpoint.fingerprint,
    post: post.checkpoint.fingerprint,
    layerCount: restoring.layerCount,
    modelKeys: [...models.map((model) => weightsKey(modelOf(model, restoring))), ...rivals.map(rivalKey)],
    rivalCount: rivals.length,
    scoredBy,
    prompts: prompts.map(({ key, valid }) => ({ key, validCount: valid.length }))
  }
}

/** So that a sweep with what if stays well below what a project's document may have. */
const MAX_WHAT_IF_BYTES = 64_000_000

const TOO_MUCH_WHAT_IF =
  'What other samplers would do is not kept: of so many models and prompts it would take more than 64 MB.'

/** What is kept of other samplers, at most: a float32 in base64 for each of their numbers. */
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

/** How tokens are drawn; undefined: from the models' own distributions. */
export function samplingOf({ scoredBy }: Pick<PreparedSweep, 'scoredBy'>): Sampling | undefined {
  return scoredBy.kind === 'task' ? scoredBy.sampling : undefined
}

/** Prompts as models see them, with what is asked of them and whether a whole model can be. */
interface Asked {
  scoredBy: ScoredBy
  prompts: readonly RenderedPrompt[]
  groups: TrackedPrompt['groups'][]
  notices: readonly string[]
  compare: (whole: WholeModel) => Promise<WholeModelTokens>
}

async function renderAsked(
  { prompts, rendering }: CrcSweepRequest,
  pair: Pair,
  text: TextModel
): Promise<Asked> {
  const { post } = pair
  if (Array.isArray(prompts)) {
    const rendered = await renderPrompts(prompts, rendering, text)
    refuseTokensOutside(post, crcTokens(rendered))
    return {
      ...rendered,
      scoredBy: BY_CHARACTERS,
      groups: rendered.groups.map(singleTokens),
      compare: (whole) => compareCrcTokens(whole, post, text, rendered, rendering.countLeadingSpace)
    }
  }
  const rendered = await renderTask(prompts, rendering, text, await pairEndTokens(pair, text))
  const shared = {
    prompts: rendered.prompts.map(({ tokens }) => tokens),
    answers: rendered.groups.flat(3)
  }
  refuseTokensOutside(post, shared)
  const seen = rendered.asked.map((prompt, index) => ({
    ...prompt,
    ...elementAt(rendered.prompts, index, 'prompt')
  }))
  return { ...rendered, scoredBy: prompts, compare: (whole) => comparePrompts(whole, { post, text }, seen) }
}

/** Those of the checkpoints that can be scored, and why others cannot: a sweep is about the ranges, and goes on without them. */
async function comparableCheckpoints(
  checkpoints: readonly OtherCheckpoint[],
  post: PairMember,
  compare: (whole: WholeModel) => Promise<WholeModelTokens>
): Promise<{ checkpoints: OtherCheckpoint[]; notices: string[] }> {
  const comparable: OtherCheckpoint[] = []
  const notices: string[] = []
  for (const checkpoint of checkpoints) {
    const name = `"${checkpoint.name}"`
    try {
      const { unavailable, notice } = await compare({ member: await openSameOther(post, checkpoint), name })
      if (unavailable === null) comparable.push(checkpoint)
      notices.push(...[unavailable ?? notice ?? []].flat())
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error
      notices.push(`${name} is left out. ${error.message}`)
    }
  }
  return { checkpoints: comparable, notices }
}

function promptKey(
  tokens: readonly number[],
  groups: TrackedPrompt['groups'],
  sampling: Sampling | undefined,
  whatIf: readonly MinPDraw[]
): string {
  return createHash('sha256')
    .update(JSON.stringify([tokens, groups, sampling, ...(whatIf.length === 0 ? [] : [whatIf])]))
    .digest('hex')
    .slice(0, 32)
}

/** A prompt with its longest answer, whose last token nothing follows. */
function refuseLongPrompts({ prompts, groups }: Pick<Asked, 'prompts' | 'groups'>, post: PairMember): void {
  const { contextLength } = post.spec
  for (const [index, prompt] of prompts.entries()) {
    const answers = elementAt(groups, index, 'prompt').flat()
    const length =
      prompt.tokens.length + answers.reduce((most, answer) => Math.max(most, answer.length - 1), 0)
    if (contextLength === null || length <= contextLength) continue
    throw new WorkbenchError(
      'bad-input',
      `${promptName(prompt, index)} becomes ${length} tokens; post's context window is ${contextLength}.`,
      'Shorten the prompt or the system prompt.'
    )
  }
}
