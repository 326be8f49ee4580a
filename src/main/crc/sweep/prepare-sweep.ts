import { createHash } from 'node:crypto'
import type { CrcPrompts, Rendering, SweptPrompt } from '../../../contract/documents/crc'
import type { OtherCheckpoint } from '../../../contract/model/checkpoint'
import type { ChosenDevice, Precision } from '../../../contract/model/device'
import { WorkbenchError } from '../../../contract/model/problem'
import type { Recipe } from '../../../contract/model/recipe'
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
import { singleTokens } from '../task/characters'
import { compareCrcTokens, crcTokens } from '../task/compare-tokens'
import type { SweepIdentity } from './earlier-results'
import { promptName, type RenderedPrompts, renderPrompts } from '../task/render-prompts'
import { sweptModels } from './swept-models'
import { modelOf, type SweptModel } from '../../../contract/documents/swept-model'
import { weightsKey } from '../../../contract/model/model'
import { at } from '../../base/look-up'

export interface CrcSweepRequest {
  /** Names the document; a fresh one when left out. */
  id?: string
  base: string
  post: string
  prompts: CrcPrompts
  rendering: Rendering
  rho: number
  /** Whether to score all restoration ranges and select one. */
  ranges: boolean
  /** False leaves base as a whole model out. */
  wholeBase?: boolean
  /** Scored besides post, base and the ranges. */
  recipes: readonly Recipe[]
  /** Scored as wholes beside the pair; one that cannot be is left out with a notice. */
  checkpoints?: readonly OtherCheckpoint[]
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

/** The opened checkpoints of a sweep. */
type Pair = Record<'base' | 'post', PairMember>

/** A sweep that can be computed: what the models really see, and what there is to score. */
export interface PreparedSweep {
  request: CrcSweepRequest
  base: PairMember
  post: PairMember
  layerCount: number
  prompts: SweptPrompt[]
  /** Of each prompt, for each of its answers the sequences of tokens that are it. */
  groups: TrackedPrompt['groups'][]
  models: SweptModel[]
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
  const text = await recentTextModel(post.checkpoint.path)
  const rendered = await renderPrompts(request.prompts, request.rendering, text)
  refuseTokensOutside(post, crcTokens(rendered))
  refuseLongPrompts(rendered, post)
  const compare = (whole: WholeModel): Promise<WholeModelTokens> =>
    compareCrcTokens(whole, post, text, rendered, request.rendering.countLeadingSpace)
  const comparison = await compare({ member: base, name: 'base' })
  const others = await comparableCheckpoints(request.checkpoints ?? [], post, compare)
  const models = sweptModels(
    request,
    layerCount,
    request.wholeBase !== false && comparison.unavailable === null,
    others.checkpoints
  )
  const prompts = rendered.prompts.map((prompt, index) => ({
    ...prompt,
    key: promptKey(prompt.tokens, at(rendered.groups, index, 'prompt'))
  }))
  return {
    request,
    base,
    post,
    layerCount,
    prompts,
    groups: rendered.groups.map(singleTokens),
    models,
    identity: {
      programVersion: version,
      base: base.checkpoint.fingerprint,
      post: post.checkpoint.fingerprint,
      layerCount,
      modelKeys: models.map((model) => weightsKey(modelOf(model, layerCount))),
      prompts: prompts.map(({ key, valid }) => ({ key, validCount: valid.length }))
    },
    baseUnavailable: comparison.unavailable,
    notices: [
      request.device?.notice ?? null,
      ...rendered.notices,
      comparison.unavailable,
      comparison.notice,
      ...others.notices
    ].filter((notice) => notice !== null)
  }
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

function promptKey(tokens: readonly number[], groups: readonly (readonly number[])[]): string {
  return createHash('sha256')
    .update(JSON.stringify([tokens, groups]))
    .digest('hex')
    .slice(0, 32)
}

function refuseLongPrompts(rendered: RenderedPrompts, post: PairMember): void {
  const { contextLength } = post.spec
  for (const [index, prompt] of rendered.prompts.entries()) {
    if (contextLength === null || prompt.tokens.length <= contextLength) continue
    throw new WorkbenchError(
      'bad-input',
      `${promptName(prompt, index)} becomes ${prompt.tokens.length} tokens; post's context window is ${contextLength}.`,
      'Shorten the prompt or the system prompt.'
    )
  }
}
