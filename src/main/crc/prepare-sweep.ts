import { createHash } from 'node:crypto'
import type { CrcPrompts, Rendering, SweptPrompt } from '../../contract/crc'
import type { ChosenDevice, Precision } from '../../contract/device'
import { WorkbenchError } from '../../contract/problem'
import type { Recipe } from '../../contract/recipe'
import { version } from '../../../package.json'
import type { PairMember } from '../checkpoint/pair'
import { refuseTokensOutside } from '../text/base-tokens'
import { recentTextModel } from '../text/recent-text-models'
import { compareBase, crcTokens } from './base-comparison'
import type { SweepIdentity } from './earlier-results'
import { promptName, type RenderedPrompts, renderPrompts } from './render-prompts'
import { modelKey, type SweptModel, sweptModels } from './swept-models'

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
  /** Number of blends from post to base, one strength for all layers; 0 for none. */
  soupSize: number
  /** Of the bootstrap. */
  seed?: number
  /** The CPU when left out. */
  device?: ChosenDevice
  /** What suits device and family when left out. */
  precision?: Precision
  /** Bound on the engine process; half of this machine's memory when left out. */
  memoryBytes?: number
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
  /** groups[prompt][valid character] = the token ids that add exactly that character */
  groups: number[][][]
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
  const rendered = renderPrompts(request.prompts, request.rendering, text)
  refuseTokensOutside(post, crcTokens(rendered))
  refuseLongPrompts(rendered, post)
  const comparison = await compareBase(base, post, text, rendered, request.rendering.countLeadingSpace)
  const models = sweptModels(
    request,
    layerCount,
    request.wholeBase !== false && comparison.unavailable === null
  )
  const prompts = rendered.prompts.map((prompt, index) => ({
    ...prompt,
    key: promptKey(prompt.tokens, rendered.groups[index] ?? [])
  }))
  return {
    request,
    base,
    post,
    layerCount,
    prompts,
    groups: rendered.groups,
    models,
    identity: {
      programVersion: version,
      base: base.checkpoint.fingerprint,
      post: post.checkpoint.fingerprint,
      layerCount,
      modelKeys: models.map(({ engine }) => modelKey(engine)),
      prompts: prompts.map(({ key, valid }) => ({ key, validCount: valid.length }))
    },
    baseUnavailable: comparison.unavailable,
    notices: [
      request.device?.notice ?? null,
      ...rendered.notices,
      comparison.unavailable,
      comparison.notice
    ].filter((notice) => notice !== null)
  }
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
